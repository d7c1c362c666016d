"""A mirror whose catalog is lost, and what is compared when it has been made anew."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

from lccmirror.catalog.connection import CATALOG_NAME
from tests.support.site import Site

# What no file tells: times of ours, and ETags.
TIMES = {"first_seen", "last_seen", "mirrored_at", "fetched_at", "verified_at", "since", "etag"}
DERIVED = (
    *("collections", "columns", "datasets", "dataset_collections", "dataset_columns"),
    *("dataset_rows", "objects", "object_columns", "files", "lightcurves"),
    *("missing_lightcurves", "object_info", "object_periods", "counts"),
    *("datasets_text", "collections_text", "columns_text", "objects_text"),
)
HISTORY = (
    *("searches", "search_runs", "search_run_sets", "search_changes", "search_members"),
    *("gaps", "lightcurve_attempts", "work", "jobs", "announced"),
)


def read(site: Site, table: str, *, but: frozenset[str] = frozenset()) -> list[Any]:
    """Return the rows of a table, without some columns and in an order of their own."""
    names = [name for (name,) in site.sql("SELECT name FROM pragma_table_info(?)", table)]
    chosen = sorted(name for name in names if name not in but and name != "id")
    quoted = ", ".join(f'"{name}"' for name in chosen)
    return [chosen, *sorted(site.sql(f"SELECT {quoted} FROM {table}"), key=repr)]


def everything(site: Site, *but: str) -> dict[str, list[Any]]:
    """Return all rows that are made of files, but what no file tells."""
    found = {one: read(site, one, but=frozenset({*TIMES, *but})) for one in DERIVED}
    for rows in (found["datasets"], found["datasets_text"]):
        name = "query_params" if "query_params" in rows[0] else "query"
        place = rows[0].index(name)
        rows[1:] = [[*row[:place], _normal(row[place]), *row[place + 1 :]] for row in rows[1:]]
    return found


def _normal(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text


def without(rows: list[Any], name: str) -> None:
    """Take a column away, and put the rows in order without it."""
    place = rows[0].index(name)
    rows[:] = [[*row[:place], *row[place + 1 :]] for row in rows]
    rows[1:] = sorted(rows[1:], key=repr)


def lose(site: Site) -> None:
    """Remove the catalog."""
    (site.root / CATALOG_NAME).unlink(missing_ok=True)


def lose_backups(site: Site) -> None:
    """Remove all backups."""
    shutil.rmtree(site.root / "backups")


def empty(site: Site) -> None:
    """Leave a catalog of no bytes."""
    (site.root / CATALOG_NAME).write_bytes(b"")


def damage(site: Site) -> None:
    """Leave nothing of the catalog but its first page."""
    path = site.root / CATALOG_NAME
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


def scribble(site: Site) -> None:
    """Put what is no database in the catalog's place."""
    (site.root / CATALOG_NAME).write_bytes(b"no database" * 1000)


LOSSES: dict[str, Callable[[Site], None]] = {
    "gone": lose,
    "empty": empty,
    "damaged": damage,
    "no database": scribble,
}


def make_several(site: Site) -> list[str]:
    """Make datasets of each kind: shared rows, shared ZIP, replaced versions, two surveys."""
    made = [
        site.server.make_dataset(columns=("sdssr",)),
        site.server.make_dataset(columns=("sdssr",)),
        site.server.make_dataset(filters="(ndet gt 6)", columns=("ndet", "remarks")),
    ]
    site.sync()
    site.clock.forward(1000)
    site.server.remake_zip(made[0])
    for setid in made[:2]:
        site.server.change_visibility(setid, "public")
    site.sync()
    assert site.sql("SELECT 1 FROM files WHERE state = 'superseded'")
    assert site.sql("SELECT 1 FROM datasets WHERE same_as IS NOT NULL")
    return made


def bodies(site: Site) -> list[str]:
    """Return the products of which a body was asked for since the last job began."""
    asked = site.requests()
    return [
        one
        for one in asked
        if one.startswith("GET") and any(part in one for part in ("/d/", "/p/", "/l/", "/set/"))
    ]
