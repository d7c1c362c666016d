"""What happens to the API keys, for the log and for those who watch."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..names import printable
from .events import Event, KeyTold

if TYPE_CHECKING:
    from ..server import KeyEvent

log = logging.getLogger(__name__)


@dataclass
class KeyLog:
    """Called with each event of the keys, in whatever thread met it.

    A renewal is routine. That one fails is told once, until one has worked again; what only
    the account's owner can mend is told each time, which the key ring limits itself.
    """

    observers: tuple[Callable[[Event], None], ...] = ()

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._failing = False

    def __call__(self, event: KeyEvent) -> None:
        """Write it down, and pass it on."""
        message = printable(event.message)
        with self._lock:
            told_before = self._failing
            self._failing = event.kind == "renewal_failed"
        if event.kind == "renewed" or (event.kind == "renewal_failed" and told_before):
            log.debug("%s", message)
        else:
            log.warning("%s", message)
        for observer in self.observers:
            try:
                observer(KeyTold(event.kind, event.message))
            except Exception:
                log.exception("an observer of the keys failed")
