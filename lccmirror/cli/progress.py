"""A cycle on the terminal: one bar for the whole, one line for each file in flight."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from ..names import printable
from ..sync.progress import Progress, Silent
from .settings import Settings, is_terminal

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import ProgressColumn, TaskID

_LABEL_WIDTH = 48
# From so many columns on there is room for the bar, and for the rate.
_ROOM_FOR_BAR = 72
_ROOM_FOR_RATE = 84
_BAR_WIDTH = 20
# "999.9 MB of 999.9 GB", "-:--:--", "999.9 MB/s", and a blank before each.
_AMOUNT_WIDTH, _TIME_WIDTH, _RATE_WIDTH = 21, 8, 11


@contextlib.contextmanager
def progress_display(settings: Settings, stream: TextIO | None = None) -> Iterator[Progress]:
    """Show progress while the block runs, if there is a terminal to show it on.

    Parameters
    ----------
    settings
        ``--quiet`` shows nothing; colours as elsewhere.
    stream
        Where to; standard error if None, so that standard output stays data.
    """
    target = sys.stderr if stream is None else stream
    if settings.quiet:
        yield Silent()
    elif not is_terminal(target):
        yield NotesOnly(target)
    else:
        from rich.console import Console

        color = settings.color(target)
        console = Console(file=target, no_color=not color, highlight=False, soft_wrap=True)
        if console.is_dumb_terminal:
            # rich draws no bars there, but ends them with an empty line.
            yield NotesOnly(target)
            return
        with TerminalProgress(console) as shown:
            yield shown


class NotesOnly(Silent):
    """A `Progress` for logs and pipes: what a person should read, and no bars."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def note(self, text: str) -> None:
        """Write it as a line."""
        self._stream.write(printable(text) + "\n")
        self._stream.flush()


class TerminalProgress:
    """A `Progress` on a terminal. Enter it to begin showing.

    Parameters
    ----------
    console
        Where to show it.
    """

    def __init__(self, console: Console) -> None:
        from rich.progress import Progress as Bars

        self._console = console
        self._bars: Bars = Bars(*_columns(console.width), console=console, transient=True)
        self._lock = threading.Lock()
        self._files: dict[str, TaskID] = {}
        self._items = 0
        self._done = 0
        self._failed = 0
        self._bytes = 0
        self._bytes_planned: int | None = None
        self._all = self._bars.add_task(
            "datasets", total=None, start=False, visible=False, amount=""
        )

    def __enter__(self) -> TerminalProgress:
        self._bars.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._bars.stop()

    def refresh(self) -> None:
        """Draw now, without waiting for the next tick."""
        self._bars.refresh()

    def plan(self, items: int, total_bytes: int | None) -> None:
        """Show the overall bar: of bytes when they are known."""
        with self._lock:
            self._items += items
            self._bytes_planned = total_bytes
            if self._items:
                self._bars.start_task(self._all)
                self._bars.update(self._all, visible=True)
                self._tell_overall()

    def begin(self, key: str, label: str, total: int | None) -> None:
        """Add the file's line."""
        with self._lock:
            self._drop(key)
            self._files[key] = self._bars.add_task(
                "  " + printable(label, _LABEL_WIDTH), total=total, amount=_amount(0, total)
            )

    def advance(self, key: str, n: int) -> None:
        """Move the file's bar and the overall one."""
        with self._lock:
            task = self._files.get(key)
            if task is not None:
                self._advance(task, n)
            self._bytes += n
            self._bars.advance(self._all, n)
            self._tell_overall()

    def end(self, key: str, *, ok: bool) -> None:
        """Remove the file's line."""
        with self._lock:
            self._drop(key)

    def item_done(self, label: str, *, ok: bool) -> None:
        """Count a dataset."""
        with self._lock:
            self._done += 1
            self._failed += not ok
            self._tell_overall()

    def note(self, text: str) -> None:
        """Write a line above the bars."""
        self._console.print(printable(text), markup=False)

    def _drop(self, key: str) -> None:
        task = self._files.pop(key, None)
        if task is not None:
            self._bars.remove_task(task)

    def _advance(self, task_id: TaskID, n: int) -> None:
        task = next(task for task in self._bars.tasks if task.id == task_id)
        total = None if task.total is None else int(task.total)
        self._bars.update(task_id, advance=n, amount=_amount(int(task.completed) + n, total))

    def _tell_overall(self) -> None:
        total: float | None = self._bytes_planned
        if total is None and self._done:
            # The list does not tell sizes, and asking makes the server hash every file: so
            # what is still to come is taken to be like what has come.
            total = max(self._bytes, 1) * self._items / self._done
        failed = f", {self._failed} failed" if self._failed else ""
        self._bars.update(
            self._all,
            total=total,
            description=f"{self._done}/{self._items} datasets{failed}",
            amount=_amount(self._bytes, self._bytes_planned),
        )


def _columns(width: int) -> list[ProgressColumn]:
    """Return what fits beside each other on a terminal: a line that wraps stays behind."""
    from rich.progress import TextColumn, TimeRemainingColumn
    from rich.table import Column

    from .progress_columns import BarOfSomething, KnownSpeed

    beside = _AMOUNT_WIDTH + _TIME_WIDTH
    bar, rate = width >= _ROOM_FOR_BAR, width >= _ROOM_FOR_RATE
    beside += (1 + _BAR_WIDTH if bar else 0) + (_RATE_WIDTH if rate else 0)
    label = Column(
        no_wrap=True,
        max_width=max(1, min(2 + _LABEL_WIDTH, width - beside)),
        overflow="ellipsis",
    )
    # Labels come from a server: never read as markup.
    columns: list[ProgressColumn] = [
        TextColumn("{task.description}", markup=False, table_column=label)
    ]
    columns += [BarOfSomething(bar_width=_BAR_WIDTH)] if bar else []
    columns.append(TextColumn("{task.fields[amount]}"))
    columns += [KnownSpeed()] if rate else []
    return [*columns, TimeRemainingColumn(compact=True)]


def _amount(done: int, total: int | None) -> str:
    """Say how many bytes have come, and of how many if that is known."""
    from rich.filesize import decimal

    if total is None:
        return decimal(done) if done else ""
    return f"{decimal(done)} of {decimal(total)}"
