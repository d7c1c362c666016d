"""What is wrong for some time: told when it begins, once a day, and when it is over.

Kept in the catalog, so that a restart is no reason to tell it again.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from dataclasses import replace
from datetime import timedelta

from ..catalog.connection import transaction
from ..catalog.jobs import Trouble, end_trouble, put_trouble, trouble
from ..clock import Now, from_text, to_text

log = logging.getLogger(__name__)

_REMINDER = timedelta(days=1)


class Troubles:
    """What is wrong now.

    Parameters
    ----------
    conn
        The catalog; a full or failing disk loses no line, only its memory after a restart.
    now
        The time.
    """

    def __init__(self, conn: sqlite3.Connection, now: Now) -> None:
        self._conn = conn
        self._now = now
        self._known: dict[str, Trouble | None] = {}

    def on(self, key: str) -> bool:
        """Whether there is trouble under `key`."""
        return self._get(key) is not None

    def begin(self, key: str, message: str) -> None:
        """There is trouble: tell it if it is new, or if it was last told a day ago."""
        now = self._now()
        known = self._get(key)
        if known is None:
            log.warning("%s", message)
            self._put(Trouble(key, to_text(now), to_text(now), message))
        elif not timedelta(0) <= now - from_text(known.told) < _REMINDER:
            # What was told in the future was told by a clock that was wrong.
            log.warning("still, since %sZ: %s", known.since[:19], message)
            self._put(replace(known, told=to_text(now), message=message))
        else:
            log.debug("%s", message)

    def over(self, key: str, message: str) -> bool:
        """There is no trouble under `key`: tell that if there was; return whether."""
        known = self._get(key)
        if known is None:
            return False
        lasted = self._now() - from_text(known.since)
        log.info("%s, after %s", message, span_in_words(lasted))
        self._known[key] = None
        with contextlib.suppress(sqlite3.Error), transaction(self._conn):
            end_trouble(self._conn, key)
        return True

    def _get(self, key: str) -> Trouble | None:
        if key not in self._known:
            try:
                self._known[key] = trouble(self._conn, key)
            except sqlite3.Error:
                # The catalog may be what the trouble is about: it is told all the same.
                return None
        return self._known[key]

    def _put(self, one: Trouble) -> None:
        self._known[one.key] = one
        with contextlib.suppress(sqlite3.Error), transaction(self._conn):
            put_trouble(self._conn, one)


def span_in_words(span: timedelta) -> str:
    """Say how long something lasted, as people would: in minutes, hours or days."""
    # Not less than none, whatever was done to the clock.
    minutes = max(0, round(span.total_seconds() / 60))
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{span.days} days"
