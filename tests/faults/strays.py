"""Changes to a mirror that `lccmirror.durable` did not make: none may be.

Python itself tells of every file that is opened, renamed, linked, removed and so on (its
audit events), whatever function was used. What it does not tell of (writes to a file that
is open already) is told by `operations`.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from lccmirror import durable
from tests.faults.commits import PART
from tests.faults.operations import PUT, WRITING, Operation, Watch

# Events, and which of their arguments are paths.
_EVENTS = {
    "os.rename": (0, 1),
    "os.link": (1,),
    "os.symlink": (1,),
    "os.remove": (0,),
    "os.mkdir": (0,),
    "os.rmdir": (0,),
    "os.truncate": (0,),
    "os.chmod": (0,),
    "os.chown": (0,),
    "os.utime": (0,),
    "os.setxattr": (0,),
    "os.removexattr": (0,),
    "shutil.move": (1,),
    "shutil.copyfile": (1,),
    "shutil.copytree": (1,),
    "shutil.rmtree": (0,),
}
# The lock holds nothing but a number for people; SQLite looks after the catalog itself.
_OTHERWISE = ("lock", "catalog.sqlite")


class Known:
    """Whether a thread is inside a function of `lccmirror.durable`, or a file it opened."""

    def __init__(self) -> None:
        self._inside = threading.local()

    def __bool__(self) -> bool:
        return bool(getattr(self._inside, "depth", 0))

    def __enter__(self) -> None:
        self._inside.depth = getattr(self._inside, "depth", 0) + 1

    def __exit__(self, *error: object) -> None:
        self._inside.depth -= 1


def watch_durable(known: Known) -> None:
    """Note when a function of `lccmirror.durable` runs; before anything imports them."""

    def noted(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            with known:
                return function(*arguments, **named)

        return call

    early = {name for name in sys.modules if name.startswith("lccmirror.")}
    assert early == {durable.__name__}, f"what these imported of it would pass by: {early}"
    for name, function in inspect.getmembers(durable, inspect.isfunction):
        if not name.startswith("_") and function.__module__ == durable.__name__:
            setattr(durable, name, noted(function))


class Strays:
    """The changes below the folders of a `Watch` that no function of `durable` made."""

    def __init__(self, watch: Watch, known: Known) -> None:
        self.found: list[str] = []
        self._watch = watch
        self._known = known

    def listen(self) -> None:
        """Begin to listen; there is no end of it but the end of the process."""
        sys.addaudithook(self._look)

    def add(self, note: str) -> None:
        """Note a stray."""
        self.found.append(note)

    def told(self, operation: Operation) -> None:
        """Look at an operation that was told; one within an open file's is known."""
        if operation.kind != "commit" and not self._known and operation.name != PUT:
            self._judge(operation.name, operation.to or operation.path)

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._watch.listener is None:
            return
        if event == "open":
            path, mode, flags = arguments
            if not isinstance(flags, int) or not flags & WRITING or isinstance(path, int):
                return
            # `os.open` has no mode; with one, no write would be told of.
            if mode is not None or not self._known:
                self._judge(f"open {mode}", path)
        elif event == "sqlite3.connect":
            self._database(arguments[0])
        elif event in _EVENTS and not self._known:
            for which in _EVENTS[event]:
                if not isinstance(arguments[which], int):
                    self._judge(event, arguments[which])

    def _judge(self, what: str, path: Any) -> None:
        path = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 -- a link is not followed
        root = next((one for one in self._watch.roots if path.startswith(one)), None)
        if root is not None and path.removeprefix(root + "/") not in _OTHERWISE:
            self.add(f"{what} {path}")

    def _database(self, database: Any) -> None:
        address, _, options = os.fsdecode(database).partition("?")
        path = address.removeprefix("file://").removeprefix("file:")
        written = "mode=ro" not in options
        if path.startswith("/") and written and not self._known and not path.endswith(PART):
            self._judge("sqlite3.connect", path)
