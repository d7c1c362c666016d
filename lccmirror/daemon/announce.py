"""Tell people: never too often, never twice, and never in the way of the work.

What is to be told is written to the catalog first, so that a restart loses nothing. It is
gathered for as long as ``at_most_every`` says since the last message of its kind, and then
brought by a thread of its own; what did not arrive is tried again for some days.
"""

from __future__ import annotations

import hashlib
import json
import logging
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..catalog.announcements import (
    Waiting,
    add_waiting,
    arrived,
    delay,
    drop_others,
    due_for,
    set_told,
    told,
)
from ..catalog.connection import transaction
from ..clock import Now, from_text, to_text
from .by_webhook import DIRECT, Way
from .deliver import deliver
from .news import News, as_plain
from .undelivered import NotDelivered

if TYPE_CHECKING:
    from ..config import Config, NotifyConfig

log = logging.getLogger(__name__)

DELAYS = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=3))
GIVEN_UP_AFTER = timedelta(days=3)
MOST_EVENTS = 100
"""In one message; the rest is counted in ``left_out``."""


@dataclass(frozen=True)
class Delivery:
    """A message for somebody, and the announcements that it is made of."""

    recipient: NotifyConfig
    address: str
    kind: str
    ids: tuple[int, ...]
    tries: int
    content: bytes
    way: Way = DIRECT


@dataclass(frozen=True)
class Delivered:
    """How a delivery went; `error` says why it did not."""

    delivery: Delivery
    error: str | None


class Carrier:
    """A thread that brings messages, one after the other. It is started by the first."""

    def __init__(self, bring: Callable[[NotifyConfig, bytes, Way], None] = deliver) -> None:
        self._bring = bring
        self._waiting: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Delivered] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def send(self, delivery: Delivery) -> None:
        """Take a message; return at once."""
        if self._thread is None:
            # A daemon thread: nobody waits at the exit for a webhook that hangs.
            self._thread = threading.Thread(target=self._work, name="announce", daemon=True)
            self._thread.start()
        self._waiting.put(delivery)

    def done(self) -> list[Delivered]:
        """Return what has been brought, or not, since the last call."""
        found = []
        while not self._done.empty():
            found.append(self._done.get())
        return found

    def close(self, patience_s: float = 0.0) -> None:
        """Bring nothing more; wait so long for what is under way."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(patience_s)

    def _work(self) -> None:
        while (delivery := self._waiting.get()) is not None:
            error: str | None = None
            try:
                self._bring(delivery.recipient, delivery.content, delivery.way)
            except NotDelivered as refused:
                error = str(refused)
            except Exception as surprise:  # noqa: BLE001 -- recorded, without what it says
                # Its words may have the address in them.
                error = type(surprise).__name__
            self._done.put(Delivered(delivery, error))


class Announcer:
    """Tells people what they want to be told, as ``[[notify]]`` says.

    `announce` and `flush` belong to the thread that writes the catalog. Neither waits for
    anybody, and neither fails because somebody cannot be reached: that is logged once.

    Parameters
    ----------
    conn
        The catalog.
    config
        Returns the configuration in force.
    now
        The time.
    carrier
        Brings the messages.
    """

    def __init__(
        self,
        conn: sqlite3.Connection,
        config: Callable[[], Config],
        now: Now,
        carrier: Carrier,
    ) -> None:
        self._conn = conn
        self._config = config
        self._now = now
        self._carrier = carrier
        self._under_way: set[tuple[str, str]] = set()
        # What has been brought, or not, and is not written down yet.
        self._came: deque[Delivered] = deque()
        self._told_at_once: dict[tuple[str, str], datetime] = {}
        self._failing: set[str] = set()

    def announce(self, news: News) -> None:
        """Put an event on the list of everybody who wants to be told of its kind.

        In the caller's transaction, if there is one. It is sent by the next `flush`.
        """
        now = to_text(self._now())
        text = json.dumps(as_plain(news, now), ensure_ascii=False)
        with transaction(self._conn):
            for one in self._config().notify:
                if news.kind in one.events:
                    add_waiting(self._conn, address_of(one), news.kind, now, text)

    def at_once(self, news: News) -> None:
        """Tell of an event that cannot be written down, because the disk is full.

        It is told once, and lost if that fails.
        """
        now = self._now()
        event = as_plain(news, to_text(now))
        for one in self._config().notify:
            key = (address_of(one), news.kind)
            last = self._told_at_once.get(key)
            pause = timedelta(seconds=one.at_most_every_s)
            if news.kind in one.events and not (last and _lately(last, now, pause)):
                self._told_at_once[key] = now
                self._carrier.send(self._message(one, *key, [event]))

    def close(self, patience_s: float) -> None:
        """Bring nothing more; wait so long for what is under way, and write down how it went.

        What is not written down is told once more by the next daemon.
        """
        self._carrier.close(patience_s)
        try:
            self._take_back()
        except sqlite3.Error as error:
            log.debug("what has been told cannot be written down: %s", error)

    def flush(self) -> None:
        """Write down what has arrived, and send what may be sent now."""
        self._take_back()
        recipients = {address_of(one): one for one in self._config().notify}
        now = self._now()
        with transaction(self._conn):
            dropped = drop_others(self._conn, recipients, to_text(now - GIVEN_UP_AFTER))
        if dropped:
            log.warning("%d announcements reached nobody, and are dropped", dropped)
        for address, one in recipients.items():
            # No delay is longer: what lies further ahead was written by a wrong clock.
            until = to_text(now + DELAYS[-1])
            for kind, waiting in due_for(self._conn, address, to_text(now), until).items():
                if (address, kind) in self._under_way or self._too_soon(one, address, kind):
                    continue
                self._under_way.add((address, kind))
                events = [json.loads(each.event) for each in waiting]
                self._carrier.send(self._message(one, address, kind, events, waiting))

    def _too_soon(self, one: NotifyConfig, address: str, kind: str) -> bool:
        last = told(self._conn, _sent(address, kind))
        if last is None:
            return False
        pause = timedelta(seconds=one.at_most_every_s)
        return _lately(from_text(last[1]), self._now(), pause)

    def _message(
        self,
        one: NotifyConfig,
        address: str,
        kind: str,
        events: list[dict[str, Any]],
        waiting: Sequence[Waiting] = (),
    ) -> Delivery:
        config = self._config()
        content = {
            "lccmirror": 1,
            "server": config.server.url,
            "mirror": str(config.mirror.root),
            "kind": kind,
            "events": events[-MOST_EVENTS:],
            "left_out": max(0, len(events) - MOST_EVENTS),
        }
        return Delivery(
            one,
            address,
            kind,
            tuple(each.id for each in waiting),
            max((each.tries for each in waiting), default=0),
            # A whole line, for a shell that reads one.
            json.dumps(content, ensure_ascii=False).encode("utf-8", "replace") + b"\n",
            Way(config.server.proxy, config.server.ca_file),
        )

    def _take_back(self) -> None:
        self._came.extend(self._carrier.done())
        while self._came:
            done = self._came[0]
            if done.delivery.ids:
                self._write_down(done)
                self._under_way.discard((done.delivery.address, done.delivery.kind))
            self._came.popleft()
            self._say(done.delivery, done.error)

    def _write_down(self, done: Delivered) -> None:
        delivery, now = done.delivery, self._now()
        with transaction(self._conn):
            if done.error is None:
                arrived(self._conn, delivery.ids)
                subject = _sent(delivery.address, delivery.kind)
                set_told(self._conn, subject, delivery.kind, to_text(now))
            else:
                pause = DELAYS[min(delivery.tries, len(DELAYS) - 1)]
                delay(self._conn, delivery.ids, to_text(now + pause))

    def _say(self, delivery: Delivery, error: str | None) -> None:
        known = delivery.address in self._failing
        if error is None:
            self._failing.discard(delivery.address)
            if known:
                log.info("announcements arrive again")
            return
        self._failing.add(delivery.address)
        level = logging.DEBUG if known else logging.WARNING
        log.log(level, "an announcement did not arrive: %s; it is tried again", error)


def address_of(one: NotifyConfig) -> str:
    """Return a name for somebody that shows no address, and is the same tomorrow."""
    text = json.dumps([one.command, one.url, str(one.url_file)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _lately(last: datetime, now: datetime, pause: timedelta) -> bool:
    # A clock that was put back must not silence us.
    return timedelta(0) <= now - last < pause


def _sent(address: str, kind: str) -> str:
    return f"sent:{address}:{kind}"
