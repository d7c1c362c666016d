"""Commands in a page, run again: what they print replaces what stands below them.

A page has blocks fenced with ``console``. A line that begins with ``$ `` is a command, lines
that begin with ``> `` continue it, and what follows is its output, as it was on a terminal.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

COLUMNS: Final = 100
_LINES: Final = 40
_BLOCK = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
_END_OF_LINE = re.compile(r"[ \t]*\r*\n")


def recorded(page: str, run: Callable[[str], str]) -> str:
    """Return a page with the outputs that its commands have now.

    Parameters
    ----------
    page
        Markdown.
    run
        Runs a command and returns its output.
    """
    return _BLOCK.sub(lambda block: _block(block[1], run), page)


def _block(text: str, run: Callable[[str], str]) -> str:
    made = ""
    for shown in _commands(text):
        command = shown.removeprefix("$ ").replace("\n> ", "\n")
        output = run(command)
        made += f"{shown}\n{output}"
    return made


def _commands(text: str) -> list[str]:
    found: list[str] = []
    goes_on = False
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append(line)
        elif goes_on and line.startswith("> "):
            found[-1] += f"\n{line}"
        goes_on = line.startswith("$ ") or (goes_on and line.startswith("> "))
    return found


class Terminal:
    """A terminal of fixed size, without colour, in a folder: one command after the other.

    Parameters
    ----------
    folder
        Where the commands run. It is shown as `HOME`'s ``~``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._status = 0

    def __call__(self, command: str) -> str:
        """Run a command in ``sh`` and return what the terminal showed."""
        controller, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", _LINES, COLUMNS, 0, 0))
        try:
            with subprocess.Popen(
                # `$?` is that of the command before, as in one shell.
                ["/bin/sh", "-c", f"(exit {self._status})\n{command}"],
                cwd=self._folder,
                env=self._environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=terminal,
                stderr=terminal,
            ) as process:
                os.close(terminal)
                shown = _read_all(controller)
            self._status = process.returncode
        finally:
            os.close(controller)
        text = shown.decode("utf-8").replace(str(self._folder), "~")
        return _END_OF_LINE.sub("\n", text)

    def _environment(self, outer: Mapping[str, str]) -> dict[str, str]:
        here = str(Path(sys.executable).parent)
        return {
            "PATH": os.pathsep.join([here, outer.get("PATH", os.defpath)]),
            "HOME": str(self._folder),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "xterm",
            "NO_COLOR": "1",
            "COLUMNS": str(COLUMNS),
            "LINES": str(_LINES),
        }


def _read_all(controller: int) -> bytes:
    shown = b""
    while True:
        try:
            piece = os.read(controller, 65536)
        except OSError:
            # What Linux says when the last process has closed the terminal.
            return shown
        if not piece:
            return shown
        shown += piece
