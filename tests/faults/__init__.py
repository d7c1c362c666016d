"""The fault campaign: break everything on purpose, start again, and compare with the server.

A *family* knows one way of breaking things and makes *cases* of it; `campaign` runs them,
`check` judges what is left. See ``docs/faults.md``.
"""
