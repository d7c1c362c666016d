"""Errors that nobody foresaw: told with their traceback, the same one once a day."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from ..clock import Now

log = logging.getLogger(__name__)

_AGAIN_AFTER = timedelta(days=1)
_MOST = 100


class Surprises:
    """Writes them down. What a job meets every minute does not fill the log.

    Parameters
    ----------
    now
        The time.
    """

    def __init__(self, now: Now) -> None:
        self._now = now
        self._told: dict[tuple[str, str, str], datetime] = {}

    def tell(self, message: str, error: Exception) -> None:
        """Log an error with its traceback, but for one from the same place lately."""
        now, kind = self._now(), (message, type(error).__qualname__, _place(error))
        last = self._told.get(kind)
        if last is not None and timedelta(0) <= now - last < _AGAIN_AFTER:
            log.debug("%s, once more", message, exc_info=error)
            return
        if len(self._told) >= _MOST:
            self._told.clear()
        self._told[kind] = now
        log.error("%s", message, exc_info=error)


def _place(error: Exception) -> str:
    """Return the line of code that raised it."""
    innermost = error.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    if innermost is None:
        return ""
    return f"{innermost.tb_frame.f_code.co_filename}:{innermost.tb_lineno}"
