"""The daemon's log: lines for the journal, for a terminal, or JSON for collectors.

Only our own loggers are listened to: what the libraries below say line by line about
requests, with their addresses, is never written.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal, TextIO

from ..names import printable

Style = Literal["journal", "terminal", "json"]

_LISTENED = ("lccmirror", "apscheduler")
# syslog's: debug 7, info 6, warning 4, error 3, critical 2.
_PRIORITIES = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
    (logging.DEBUG, 7),
)


def priority(level: int) -> int:
    """Return syslog's priority of a level of `logging`."""
    return next((number for least, number in _PRIORITIES if level >= least), 7)


class JournalFormatter(logging.Formatter):
    """``<4>message``: the journal has time, host and process itself."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, or one for each line of a traceback."""
        lines = _lines(self, record)
        return "\n".join(f"<{priority(record.levelno)}>{line}" for line in lines)


class TerminalFormatter(logging.Formatter):
    """``2026-11-23 04:05:06 warning: message``, in this machine's time."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with a traceback below it."""
        at = datetime.fromtimestamp(record.created).astimezone()
        first, *rest = _lines(self, record)
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        return "\n".join([f"{at:%Y-%m-%d %H:%M:%S} {level}{first}", *rest])


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``time``, ``level``, ``logger``, ``message``, ``error``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        first, *rest = _lines(self, record)
        at = datetime.fromtimestamp(record.created, UTC)
        said = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": first,
        }
        if rest:
            said["error"] = "\n".join(rest)
        return json.dumps(said)


def _lines(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    """Return the message as one line, and a traceback's lines; control characters escaped."""
    lines = [printable(record.getMessage())]
    if record.exc_info:
        trace = formatter.formatException(record.exc_info)
        lines += [printable(line) for line in trace.splitlines()]
    return lines


_FORMATTERS = {
    "journal": JournalFormatter,
    "terminal": TerminalFormatter,
    "json": JsonFormatter,
}


def last_line(style: Style, message: str) -> str:
    """Return a line like those of the log, for when no lock of `logging` may be waited for."""
    record = logging.LogRecord("lccmirror", logging.WARNING, "", 0, message, None, None)
    return _FORMATTERS[style]().format(record)


@contextlib.contextmanager
def logging_to(stream: TextIO, style: Style, *, debug: bool = False) -> Iterator[None]:
    """Write the log to `stream` while the block runs."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_FORMATTERS[style]())
    before = []
    for name in _LISTENED:
        logger = logging.getLogger(name)
        before.append((logger, logger.level, logger.propagate))
        ours = name == "lccmirror"
        logger.setLevel(logging.DEBUG if ours and debug else _least(ours))
        logger.propagate = False
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger, level, propagate in before:
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagate


def _least(ours: bool) -> int:
    return logging.INFO if ours else logging.WARNING
