"""The demo's datasets and their files, in memory.

A `Shelf` holds every dataset as an immutable snapshot and replaces it when something
changes, together with the times at which its files changed. A CSV is made when it is
first asked for, of the dataset as it was created, and never changes.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from . import products
from .backend import Dataset, Row, ServedFile, utc
from .surveys import Survey
from .zips import ZipStore

_TICK = timedelta(microseconds=1)


class UniqueTime:
    """A clock whose readings are never equal, so that datasets always have an order."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = datetime.min
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Return the time in UTC, at least a microsecond after the last answer."""
        with self._lock:
            self._last = max(utc(self._clock()), self._last + _TICK)
            return self._last


@dataclass
class _Entry:
    now: Dataset
    created: Dataset
    rendered: set[int]
    csv_changed: datetime
    pickle_changed: datetime
    csv: bytes | None = None


class Shelf:
    """All datasets, with their files.

    Parameters
    ----------
    surveys
        By database collection ID.
    now
        A clock whose readings differ.
    """

    def __init__(
        self, surveys: Mapping[str, Survey], now: Callable[[], datetime], random: Random
    ) -> None:
        self.now = now
        self.zips = ZipStore(surveys)
        self._random = random
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.RLock()

    def new_setid(self) -> str:
        """Return an unused setid: 11 characters, as ``secrets.token_urlsafe(8)`` makes."""
        with self._lock:
            while True:
                raw = self._random.randbytes(8)
                setid = base64.urlsafe_b64encode(raw).decode().rstrip("=")
                if setid not in self._entries:
                    return setid

    def put(self, dataset: Dataset, csv: bytes | None = None) -> None:
        """Add a dataset whose table is complete; `csv` in place of the one it would get."""
        when = self.now()
        with self._lock:
            self._entries[dataset.setid] = _Entry(dataset, dataset, {1}, when, when, csv)
            self.zips.add(dataset, when)

    def get(self, setid: str) -> Dataset | None:
        """Return a dataset, or None."""
        with self._lock:
            entry = self._entries.get(setid)
            return entry.now if entry else None

    def all(self) -> list[Dataset]:
        """Return all datasets in every state, the latest `last_updated` first."""
        with self._lock:
            datasets = [entry.now for entry in self._entries.values()]
        return sorted(datasets, key=lambda d: d.last_updated, reverse=True)

    def change(self, setid: str, **changes: object) -> Dataset:
        """Replace fields of a dataset; its times and its pickle change with them."""
        with self._lock:
            # two readings: the list's time and the dataset's own are never equal
            last_updated, updated = self.now(), self.now()
            self._entries[setid].pickle_changed = updated
            times: dict[str, object] = {"last_updated": last_updated, "updated": updated}
            return self.amend(setid, **(times | changes))

    def amend(self, setid: str, **changes: object) -> Dataset:
        """Replace fields of a dataset without touching its times."""
        with self._lock:
            entry = self._entries[setid]
            entry.now = entry.now.with_changes(**changes)
            return entry.now

    def remove(self, setid: str) -> None:
        """Remove a dataset and its files."""
        with self._lock:
            del self._entries[setid]

    def page(self, setid: str, number: int) -> Sequence[Row] | None:
        """Return a page's rows; None, once, if it has to be rendered first."""
        with self._lock:
            entry = self._entries[setid]
            if number > entry.now.npages:
                return ()
            if number not in entry.rendered:
                entry.rendered.add(number)
                return None
            return entry.now.page(number)

    def render_around(self, setid: str, number: int) -> None:
        """Render the pages that the server renders after page `number` was asked for."""
        with self._lock:
            entry = self._entries.get(setid)
            if entry is None:
                return
            last = entry.now.npages
            if number == 1:
                pages = range(2, 5)
            elif number == last:
                pages = range(number - 4, number - 1)
            else:
                pages = range(number - 3, number + 3)
            entry.rendered |= {p for p in pages if 1 <= p <= last}

    def csv(self, setid: str) -> ServedFile:
        """Return a dataset's CSV."""
        with self._lock:
            entry = self._entries[setid]
            if entry.csv is None:
                entry.csv = products.dataset_csv(entry.created)
            return ServedFile(entry.csv, entry.csv_changed)

    def rewrite_csv(self, setid: str) -> None:
        """Let a dataset's CSV be of now; its bytes stay."""
        with self._lock:
            self._entries[setid].csv_changed = self.now()

    def pickle(self, setid: str) -> ServedFile:
        """Return what stands in for a dataset's pickle."""
        with self._lock:
            entry = self._entries[setid]
            return ServedFile(products.dataset_pickle(entry.now), entry.pickle_changed)

    def zip(self, setid: str) -> ServedFile | None:
        """Return a dataset's ZIP as far as it is written, or None if it has none."""
        dataset = self.get(setid)
        return self.zips.get(setid) if dataset and dataset.has_lczip else None
