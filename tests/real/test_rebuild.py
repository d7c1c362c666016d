"""The catalog of a mirror of the genuine server, lost and made anew from the files alone."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lccmirror.sync.jobs import Surroundings
from lccmirror.sync.progress import Silent
from lccmirror.sync.rebuild import Rebuilt, rebuild_catalog
from tests.real.conftest import SeededServer
from tests.real.mirroring import RealMirror
from tests.real.relay import Relay, bodies
from tests.support.all_tables import all_tables, changed_by_rebuilding, definitions

# Of `datasets`, what no file tells: our own times; and as what the list last showed it.
UNTOLD = {"first_seen", "last_seen", "mirrored_at", "last_updated"}
# Times of ours, and what only an answer of the server has.
UNTOLD_OF_FILES = {"fetched_at", "verified_at", "etag", "note"}


@dataclass(frozen=True)
class Site:
    """A mirror of the sixty, and the relay through which it came."""

    mirror: RealMirror
    relay: Relay

    def table(self, name: str, but: set[str] | None = None) -> list[dict[str, Any]]:
        """Return the rows of a table, each by the names of its columns."""
        names = [
            one
            for (one,) in self.mirror.sql("SELECT name FROM pragma_table_info(?)", name)
            if one not in (but or set())
        ]
        quoted = ", ".join(f'"{one}"' for one in names)
        rows = self.mirror.sql(f"SELECT {quoted} FROM {name}")
        found = [dict(zip(names, row, strict=True)) for row in rows]
        for row in found:
            if row.get("query_params") is not None:
                row["query_params"] = json.loads(row["query_params"])
            if row.get("words") is not None:
                # In the order in which the columns came to `objects`.
                row["words"] = sorted(row["words"].split())
        return sorted(found, key=lambda row: json.dumps(row, sort_keys=True))

    def rows(self) -> list[tuple[Any, ...]]:
        """Return the rows of each dataset's table, whichever dataset holds them."""
        return self.mirror.sql(
            "SELECT d.setid, r.row, r.collection, r.objectid, r.ra, r.decl, r.data"
            " FROM datasets AS d JOIN dataset_rows AS r"
            " ON r.setid = coalesce(d.same_as, d.setid) ORDER BY 1, 2"
        )

    def rebuild(self) -> Rebuilt:
        """Lose the catalog, and make it anew."""
        (self.mirror.root / "catalog.sqlite").unlink()
        return rebuild_catalog(self.mirror.config, Surroundings(Silent(), threading.Event()))


@pytest.fixture
def site(sixty: SeededServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("rebuilt")
    with Relay(sixty.server.port) as relay:
        mirror = RealMirror(folder, relay.url, mirror='products = ["csv", "lczip", "pickle"]')
        assert mirror.sync().mirrored == 60
        yield Site(mirror, relay)
    shutil.rmtree(folder)


def everything(site: Site) -> dict[str, list[dict[str, Any]]]:
    """Return all that the files tell, whatever the order in which it came."""
    return {
        # Which of equal datasets holds the rows is by chance; see `Site.rows`.
        "datasets": site.table("datasets", UNTOLD | {"same_as"}),
        "objects": site.table("objects"),
        "lightcurves": site.table("lightcurves"),
        "missing_lightcurves": site.table("missing_lightcurves", {"since"}),
        "dataset_columns": site.table("dataset_columns"),
        "dataset_collections": site.table("dataset_collections"),
        "files": site.table("files", UNTOLD_OF_FILES),
        "objects_text": site.table("objects_text", {"id"}),
        "counts": site.table("counts"),
    }


def test_from_the_files_alone(site: Site) -> None:
    before = everything(site)
    rows = site.rows()
    shutil.rmtree(site.mirror.root / "backups")
    asked = len(site.relay.passed)
    rebuilt = site.rebuild()
    assert len(site.relay.passed) == asked
    assert (rebuilt.exit_code, rebuilt.source, rebuilt.datasets) == (0, None, 60)
    assert site.rows() == rows
    after = everything(site)
    for name in before:
        assert len(after[name]) == len(before[name]), name
        for ours, theirs in zip(after[name], before[name], strict=True):
            assert ours == theirs, name
    print({name: len(found) for name, found in after.items()}, len(rows), "rows")
    report = site.mirror.sync()
    assert report.exit_code == 0
    fetched = {path: n for path, n in bodies(site.relay.since(asked)).items() if n}
    assert {path for path in fetched if not path.startswith("/api/")} == set()
    assert set(site.mirror.states().values()) == {"mirrored"}
    site.mirror.check_sound()


def test_with_the_backup_every_table_is_as_it_was(site: Site) -> None:
    catalog = site.mirror.root / "catalog.sqlite"
    before, defined = all_tables(catalog), definitions(catalog)
    assert len(before["datasets"]) == 60
    rebuilt = site.rebuild()
    assert rebuilt.exit_code == 0
    assert rebuilt.source is not None
    assert definitions(catalog) == defined
    assert changed_by_rebuilding(before, all_tables(catalog)) == {}
    asked = len(site.relay.passed)
    assert site.mirror.sync().exit_code == 0
    fetched = {path: n for path, n in bodies(site.relay.since(asked)).items() if n}
    assert {path for path in fetched if not path.startswith("/api/")} == set()
    site.mirror.check_sound()
