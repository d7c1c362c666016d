"""Everything that is said to people in a case: no control character, and no key, is in it."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from typing import Self

from lccmirror.cli.failures import say_error
from lccmirror.cli.jobs import tell
from lccmirror.cli.settings import Settings
from lccmirror.daemon.logs import TerminalFormatter
from lccmirror.errors import LccMirrorError
from lccmirror.sync.progress import Silent
from lccmirror.sync.report import CycleReport

_QUIET = ("lccmirror",)


class Said(Silent):
    """Listens to the log and to what the commands print."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._handler = logging.StreamHandler(self._stream())
        self._handler.setFormatter(TerminalFormatter())

    def _stream(self) -> io.StringIO:
        said = self

        class Lines(io.StringIO):
            def write(self, text: str) -> int:
                line = text.removesuffix("\n")
                # A line end within a record would be a line of the log that nobody has written.
                said.line(line if "Traceback" in line else line.replace("\n", "\v"))
                return len(text)

        return Lines()

    def __enter__(self) -> Self:
        logger = logging.getLogger("lccmirror")
        self._before = logger.level, logger.propagate
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(self._handler)
        return self

    def __exit__(self, *error: object) -> None:
        logger = logging.getLogger("lccmirror")
        logger.removeHandler(self._handler)
        logger.setLevel(self._before[0])
        logger.propagate = self._before[1]

    def line(self, text: str) -> None:
        """Note what was said."""
        if text:
            self.lines.append(text)

    def error(self, error: LccMirrorError) -> None:
        """Note how a command says an error."""
        with self._listening():
            say_error(error, Settings())

    def report(self, report: CycleReport) -> None:
        """Note how a command says what a cycle did."""
        with self._listening():
            tell(report.told(), Settings())

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        heard = io.StringIO()
        with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard):
            yield
        self.line(heard.getvalue().removesuffix("\n"))

    def raw(self) -> list[str]:
        """Return the lines with characters that no terminal should get."""
        return [
            text
            for text in self.lines
            if not all(line.isprintable() for line in text.split("\n"))
        ]
