"""Whether a package that comes with lccmirror has a hole that is known.

`python -m tests.audit` compares what is installed, and what `pyproject.toml` allows, with the
dated list in ``advisories.toml``; it needs no network, and `make check` runs it. `make audit`
asks the advisory databases and brings the list up to date.
"""
