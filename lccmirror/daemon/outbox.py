"""The way back to somebody who asked: events wait here until the socket takes them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from ..sync.progress import Progress
from .protocol import Advance, Begin, End, Event, ItemDone, Note, Plan

MOST_WAITING = 5_000


class Outbox:
    """Events for one client, put by the writer and taken by the connection's thread.

    Putting never blocks. Bytes that advance one file are added up while they wait; a client
    that reads so slowly that `MOST_WAITING` events pile up all the same is given up.
    """

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self._changed = threading.Condition()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether nobody reads it any more."""
        return self._closed

    def put(self, event: Event) -> None:
        """Add an event; nothing happens if nobody reads any more."""
        with self._changed:
            if self._closed:
                return
            last = self._events[-1] if self._events else None
            if (
                isinstance(event, Advance)
                and isinstance(last, Advance)
                and last.key == event.key
            ):
                self._events[-1] = Advance(event.key, last.n + event.n)
            elif len(self._events) >= MOST_WAITING:
                self._closed = True
                self._events.clear()
            else:
                self._events.append(event)
            self._changed.notify()

    def take(self, timeout: float) -> Event | None:
        """Wait for the next event and take it; None if none came in time, or it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._closed, timeout)
            return self._events.popleft() if self._events else None

    def close(self) -> None:
        """Nobody reads it any more."""
        with self._changed:
            self._closed = True
            self._events.clear()
            self._changed.notify()


class Relay:
    """A `Progress` that passes everything on to whoever asked for the work.

    Parameters
    ----------
    outboxes
        Of who asked.
    beat
        Called at each sign of progress.
    moved
        Called when an item is done, in the writer's thread.
    """

    def __init__(
        self,
        outboxes: tuple[Outbox, ...],
        beat: Callable[[], None],
        moved: Callable[[], None],
    ) -> None:
        self._outboxes = outboxes
        self._beat = beat
        self._moved = moved

    def _pass(self, event: Event) -> None:
        self._beat()
        for outbox in self._outboxes:
            outbox.put(event)

    def plan(self, items: int, total_bytes: int | None) -> None:
        """Pass it on."""
        self._pass(Plan(items, total_bytes))

    def begin(self, key: str, label: str, total: int | None) -> None:
        """Pass it on."""
        self._pass(Begin(key, label, total))

    def advance(self, key: str, n: int) -> None:
        """Pass it on."""
        self._pass(Advance(key, n))

    def end(self, key: str, *, ok: bool) -> None:
        """Pass it on."""
        self._pass(End(key, ok))

    def item_done(self, label: str, *, ok: bool) -> None:
        """Pass it on."""
        self._pass(ItemDone(label, ok))
        self._moved()

    def note(self, text: str) -> None:
        """Pass it on."""
        self._pass(Note(text))


def replay(event: Event, progress: Progress) -> None:
    """Show an event that came over the socket."""
    match event:
        case Plan(items, total_bytes):
            progress.plan(items, total_bytes)
        case Begin(key, label, total):
            progress.begin(key, label, total)
        case Advance(key, n):
            progress.advance(key, n)
        case End(key, ok):
            progress.end(key, ok=ok)
        case ItemDone(label, ok):
            progress.item_done(label, ok=ok)
        case Note(text):
            progress.note(text)
        case _:
            pass
