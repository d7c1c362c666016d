"""What a mirror must hold, as simple as it can be said, and the questions put to a real one.

`Model` notes what the server has published and what has been mirrored; `look` compares a
mirror with it at any moment, also when the last command failed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lccmirror.sync import layout
from tests.faults.worked_out import differences, objects_of_rows
from tests.support.site import Site

KINDS = ("csv", "lczip")
STATES = frozenset(
    ("listed", "waiting", "mirrored", "partial", "failed", "skipped", "private", "pruned")
)


@dataclass
class Published:
    """All versions of a dataset that there were, the newest last.

    Attributes
    ----------
    products
        SHA-256 by kind.
    rows
        Of the table, by the SHA-256 of its CSV.
    since
        By kind, which version is the oldest that the mirror may still call its newest.
    """

    products: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, list[Any]] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)

    def may_be(self, kind: str) -> set[str]:
        """Return the versions that the mirror may have under the file's own name."""
        return set(self.products.get(kind, [])[self.since.get(kind, 0) :])

    @property
    def is_settled(self) -> bool:
        """Whether the mirror can only have the newest version."""
        return all(
            self.since.get(kind) == len(versions) - 1
            for kind, versions in self.products.items()
        )


@dataclass
class Model:
    """What was published, and what a mirror has shown to hold.

    Attributes
    ----------
    published
        By setid; also what the server has removed.
    visible
        What anybody may see now.
    shown
        What a mirror was shown to its end: it must know these for ever.
    versions
        SHA-256 of all that it held; only pruning may take one.
    harmed
        Datasets with a file that was damaged, and not yet repaired.
    written_anew
        SHA-256 of damaged JSON: the server writes it for each who asks, and has it in other
        words once a collection is hidden.
    members
        Of the saved search, as of its last good run.
    cycles
        Commands that must have left a line in the log.
    """

    published: dict[str, Published] = field(default_factory=dict)
    visible: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)
    harmed: set[str] = field(default_factory=set)
    written_anew: set[str] = field(default_factory=set)
    members: list[tuple[str, str]] | None = None
    cycles: int = 0

    def publish(self, site: Site, setid: str) -> None:
        """Note what the server has by that name now."""
        one = self.published.setdefault(setid, Published())
        dataset = site.server.dataset(setid)
        for kind in KINDS if dataset.has_lczip else KINDS[:1]:
            sha256 = hashlib.sha256(site.server.product(setid, kind)).hexdigest()
            versions = one.products.setdefault(kind, [])
            if not versions or versions[-1] != sha256:
                versions.append(sha256)
        one.rows[one.products["csv"][-1]] = json.loads(json.dumps(site.server.truth(setid)))
        (self.visible.add if dataset.visibility == "public" else self.visible.discard)(setid)

    def all_is_here(self) -> None:
        """A command has ended well: all that can be seen is mirrored in its newest version."""
        self.shown |= self.visible
        for setid in self.visible:
            one = self.published[setid]
            one.since = {kind: len(versions) - 1 for kind, versions in one.products.items()}


def look(model: Model, site: Site) -> Iterator[str]:
    """Yield whatever in the mirror contradicts the model or itself."""
    if not (site.root / "catalog.sqlite").exists():
        if model.shown:
            yield "the catalog is gone"
        return
    for question in (_states, _files, _rows, _derived, _search, _log):
        yield from question(model, site)


def _states(model: Model, site: Site) -> Iterator[str]:
    known = site.states()
    for setid in model.shown - known.keys():
        yield f"{setid} was shown to the mirror, and is not in the catalog"
    for setid, state in known.items():
        if state not in STATES:
            yield f"{setid} is in the state {state}"
    waiting = {setid for (setid,) in site.sql("SELECT setid FROM work")}
    for setid, state in known.items():
        if state in ("listed", "failed", "waiting") and setid not in waiting:
            yield f"{setid} is {state}, and nothing will be done for it"
    for row in site.sql("PRAGMA foreign_key_check"):
        yield f"foreign keys: {row}"


def _files(model: Model, site: Site) -> Iterator[str]:
    held = set()
    between = set(_between(site))
    for path, setid, kind, size, sha256, state in site.sql(
        "SELECT path, setid, kind, size, sha256, state FROM files"
    ):
        held.add(sha256)
        if setid in model.harmed or path in between:
            continue
        file = site.root / path
        if state not in ("ok", "superseded"):
            yield f"{path} is {state}, and nobody has touched it"
        elif not file.is_file() or file.stat().st_size != size:
            yield f"{path} is not there, or has another size"
        elif hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
            yield f"{path} has other bytes"
        elif kind not in KINDS or state != "ok" or setid not in model.published:
            continue
        elif sha256 not in model.published[setid].may_be(kind):
            yield f"{path} is no version that the server had, or an old one"
    for sha256 in model.versions - held - model.written_anew:
        yield f"a version that was held is gone ({sha256[:12]})"


def _between(site: Site) -> Iterator[str | None]:
    """Yield what a kill left between its rename and its commit; the next run takes it back."""
    for note in (site.root / layout.INCOMING).glob("*.part.json"):
        part = note.with_suffix("")
        if not part.exists():
            yield layout.destination(part.name)


def _rows(model: Model, site: Site) -> Iterator[str]:
    for setid, same_as, csv in site.sql(
        "SELECT setid, same_as, f.sha256 FROM datasets JOIN files AS f USING (setid) "
        "WHERE f.kind = 'csv' AND f.state = 'ok'"
    ):
        if setid not in model.published or setid in model.harmed:
            continue
        rows = [
            json.loads(data)
            for (data,) in site.sql(
                "SELECT data FROM dataset_rows WHERE setid = ? ORDER BY row", same_as or setid
            )
        ]
        if rows != model.published[setid].rows.get(csv):
            yield f"the rows of {setid} are not those of its CSV"


def _derived(model: Model, site: Site) -> Iterator[str]:
    for name in ("dataset_rows", "objects", "lightcurves"):
        counted = site.sql(f"SELECT count(*) FROM {name}")
        if counted != site.sql("SELECT n FROM counts WHERE name = ?", name):
            yield f"{name} has {counted} rows, and counts says otherwise"
    found = set(site.sql("SELECT collection, objectid FROM objects"))
    for key in found ^ objects_of_rows(site).keys():
        yield f"{key} is only in one of objects and dataset_rows"
    yield from differences(site)


def _search(model: Model, site: Site) -> Iterator[str]:
    if model.members is not None:
        found = site.sql("SELECT collection, objectid FROM latest_bright ORDER BY 1, 2")
        if found != model.members:
            yield f"the search shows {found} instead of {model.members}"


def _log(model: Model, site: Site) -> Iterator[str]:
    ((entries,),) = site.sql("SELECT count(*) FROM sync_log")
    if entries < model.cycles:
        yield f"sync_log has {entries} entries after {model.cycles} commands"
