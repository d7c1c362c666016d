"""The demo's datasets and their files, in memory.

A `Shelf` holds every dataset as an immutable snapshot and replaces it when something
changes, together with the times at which its files changed. CSV and ZIP are made when
first asked for and kept; the CSV is that of the dataset as it was created.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from . import products
from .backend import Dataset, Row, ServedFile, utc
from .lightcurves import light_curve_file
from .surveys import Survey

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
class Entry:
    """A dataset with what is known of its files (inside of `Shelf` only)."""

    now: Dataset
    created: Dataset
    rendered: set[int]
    table_changed: datetime
    pickle_changed: datetime
    zip_key: tuple[tuple[str, str], ...]
    zip_shown: float = 1.0  # the part of the ZIP that is on the disk
    csv: bytes | None = None


@dataclass
class ZipFile:
    """A ZIP that one or more datasets share."""

    members: tuple[tuple[str, str], ...]
    stamp: datetime
    changed: datetime
    content: bytes | None = None


@dataclass
class Shelf:
    """All datasets, with their files.

    Parameters
    ----------
    surveys
        By database collection ID.
    now
        A clock whose readings differ.
    """

    surveys: dict[str, Survey]
    now: UniqueTime
    random: Random
    _entries: dict[str, Entry] = field(default_factory=dict)
    _zips: dict[tuple[tuple[str, str], ...], ZipFile] = field(default_factory=dict)
    _curves: dict[tuple[str, str], bytes | None] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def new_setid(self) -> str:
        """Return an unused setid: 11 characters, as ``secrets.token_urlsafe(8)`` makes."""
        with self._lock:
            while True:
                raw = self.random.randbytes(8)
                setid = base64.urlsafe_b64encode(raw).decode().rstrip("=")
                if setid not in self._entries:
                    return setid

    def put(self, dataset: Dataset) -> None:
        """Add a dataset whose table is complete."""
        when = self.now()
        key = self._zip_members(dataset)
        entry = Entry(dataset, dataset, {1}, when, when, tuple(sorted(key)))
        with self._lock:
            self._entries[dataset.setid] = entry
            self._zips.setdefault(
                entry.zip_key, ZipFile(key, when.replace(microsecond=0), when)
            )

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
            entry = self._entries[setid]
            # two readings: the list's time and the dataset's own are never equal
            last_updated = self.now()
            entry.pickle_changed = self.now()
            entry.now = entry.now.with_changes(
                **{"last_updated": last_updated, "updated": entry.pickle_changed, **changes}
            )
            return entry.now

    def amend(self, setid: str, **changes: object) -> Dataset:
        """Replace fields of a dataset without touching its times."""
        with self._lock:
            entry = self._entries[setid]
            entry.now = entry.now.with_changes(**changes)
            return entry.now

    def show_zip(self, setid: str, part: float) -> None:
        """Let only the first `part` (0 to 1) of a dataset's ZIP be on the disk."""
        with self._lock:
            self._entries[setid].zip_shown = part

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
            return ServedFile(entry.csv, entry.table_changed)

    def pickle(self, setid: str) -> ServedFile:
        """Return what stands in for a dataset's pickle."""
        with self._lock:
            entry = self._entries[setid]
            return ServedFile(products.dataset_pickle(entry.now), entry.pickle_changed)

    def zip(self, setid: str) -> ServedFile | None:
        """Return a dataset's ZIP as far as it is written, or None if it has none."""
        with self._lock:
            entry = self._entries[setid]
            if not entry.now.has_lczip:
                return None
            shared = self._zips[entry.zip_key]
            if shared.content is None:
                shared.content = products.light_curve_zip(
                    (
                        (
                            self.surveys[coll].collection_id,
                            f"{oid}-csvlc.gz",
                            self.curve(coll, oid),
                        )
                        for coll, oid in shared.members
                    ),
                    shared.stamp,
                )
            content = shared.content
        shown = (
            content
            if entry.zip_shown >= 1.0
            else content[: int(len(content) * entry.zip_shown)]
        )
        return ServedFile(shown, shared.changed)

    def remake_zip(self, setid: str) -> None:
        """Write a dataset's ZIP again: other bytes, the same light curves."""
        with self._lock:
            shared = self._zips[self._entries[setid].zip_key]
            shared.changed = self.now()
            shared.stamp += timedelta(seconds=2)  # a ZIP counts in steps of two seconds
            shared.content = None

    def curve(self, collection: str, objectid: str) -> bytes | None:
        """Return a light-curve file, or None if there is none."""
        with self._lock:
            key = (collection, objectid)
            if key not in self._curves:
                survey = self.surveys.get(collection)
                target = survey.find(objectid) if survey else None
                self._curves[key] = (
                    light_curve_file(survey, target)
                    if survey and target and target.convertible
                    else None
                )
            return self._curves[key]

    def _zip_members(self, dataset: Dataset) -> tuple[tuple[str, str], ...]:
        at = {name: i for i, name in enumerate(dataset.columns)}
        if "db_oid" not in at or "collection" not in at:
            return ()
        return tuple((str(r[at["collection"]]), str(r[at["db_oid"]])) for r in dataset.rows)
