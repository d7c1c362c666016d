"""Saved searches: repeated on a schedule, mirrored, and compared with the last time.

A replay is a state machine in the catalog. Whoever runs it (the daemon, a command) asks
`due_searches` what is due, `begin`s it, and calls `advance` when the time comes that the
last call returned, until that is None. A search's question is translated in `requests`,
checked in `check`, sent in `send`, watched in `watch`, and its answer compared in `result`.
"""

from __future__ import annotations

from .replay import Run, advance, begin, unfinished
from .run import RunReport, report_of, run_search, run_searches, take_up
from .schedule import DueSearch, due_searches, next_due, register

__all__ = [
    "DueSearch",
    "Run",
    "RunReport",
    "advance",
    "begin",
    "due_searches",
    "next_due",
    "register",
    "report_of",
    "run_search",
    "run_searches",
    "take_up",
    "unfinished",
]
