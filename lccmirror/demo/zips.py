"""The light curves and the ZIPs of light curves that the demo serves.

Both are made when first asked for, and kept. Datasets with the same light curves share
one ZIP, whose members are in the order of the dataset that was first: on the real server
the later ones are symbolic links to it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from .backend import Dataset, ServedFile
from .lightcurves import light_curve_file
from .products import light_curve_zip
from .surveys import Survey

Members = tuple[tuple[str, str], ...]  # (collection, objectid), one a row


@dataclass
class _Zip:
    first: str  # the setid that it was made for
    members: Members
    stamp: datetime
    changed: datetime
    content: bytes | Path | None = None
    shown: float = 1.0


class ZipStore:
    """Light curves by object, and ZIPs by dataset.

    Parameters
    ----------
    surveys
        By database collection ID.
    """

    def __init__(self, surveys: Mapping[str, Survey]) -> None:
        self._surveys = surveys
        self._curves: dict[tuple[str, str], bytes | None] = {}
        self._by_curves: dict[Members, _Zip] = {}
        self._by_setid: dict[str, _Zip] = {}
        self._lock = threading.RLock()

    def add(self, dataset: Dataset, when: datetime) -> None:
        """Take note of a dataset: its ZIP is made at `when`, or shared."""
        members = zip_members(dataset)
        fresh = _Zip(dataset.setid, members, when.replace(microsecond=0), when)
        with self._lock:
            shared = self._by_curves.setdefault(tuple(sorted(members)), fresh)
            self._by_setid[dataset.setid] = shared

    def get(self, setid: str) -> ServedFile:
        """Return a dataset's ZIP as far as it is on the disk."""
        with self._lock:
            found = self._by_setid[setid]
            if found.content is None:
                found.content = self._make(found)
            content = found.content
            if found.shown < 1.0 and isinstance(content, bytes):
                content = content[: int(len(content) * found.shown)]
            return ServedFile(content, found.changed)

    def show(self, setid: str, part: float, when: datetime) -> None:
        """Let only the first `part` (0 to 1) of the ZIP be on the disk.

        A ZIP that was there already, under another dataset's name, is whole at once.
        """
        with self._lock:
            found = self._by_setid[setid]
            if found.first == setid:
                found.shown, found.changed = part, when

    def remake(self, setid: str, when: datetime) -> None:
        """Write the ZIP again: other bytes, the same light curves."""
        with self._lock:
            found = self._by_setid[setid]
            found.changed = when
            found.stamp += timedelta(seconds=2)  # a ZIP counts in steps of two seconds
            found.content = None

    def replace(self, setid: str, content: bytes | Path, when: datetime) -> None:
        """Serve `content` as this dataset's ZIP, whatever it is."""
        with self._lock:
            self._by_setid[setid] = _Zip(setid, (), when, when, content)

    def curve(self, collection: str, objectid: str) -> bytes | None:
        """Return a light-curve file, or None if there is none."""
        with self._lock:
            key = (collection, objectid)
            if key not in self._curves:
                survey = self._surveys.get(collection)
                target = survey.find(objectid) if survey else None
                self._curves[key] = (
                    light_curve_file(survey, target)
                    if survey and target and target.convertible
                    else None
                )
            return self._curves[key]

    def _make(self, wanted: _Zip) -> bytes:
        return light_curve_zip(
            (
                (
                    self._surveys[collection].collection_id,
                    f"{objectid}-csvlc.gz",
                    self.curve(collection, objectid),
                )
                for collection, objectid in wanted.members
            ),
            wanted.stamp,
        )


def zip_members(dataset: Dataset) -> Members:
    """Return whose light curves belong to a dataset; none without the columns for it."""
    at = {name: i for i, name in enumerate(dataset.columns)}
    if "db_oid" not in at or "collection" not in at:
        return ()
    return tuple((str(r[at["collection"]]), str(r[at["db_oid"]])) for r in dataset.rows)
