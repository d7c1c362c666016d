"""Catalogs of objects at given places."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lccmirror.catalog.connection import CATALOG_NAME, close_writer, open_writer, transaction
from lccmirror.catalog.objects import zone_of
from lccmirror.query.functions import add_functions
from lccmirror.query.guard import Deadline, Guard
from lccmirror.query.readonly import ReadOnlyCatalog

from .catalog import add_collection, fresh_catalog

Place = tuple[float | None, float | None]


def put_objects(
    conn: sqlite3.Connection, places: Iterable[Place], collection: str = "field_a"
) -> None:
    """Put an object at each place: ``o-0``, ``o-1`` …"""
    conn.executemany(
        "INSERT INTO objects (collection, objectid, ra, decl, zone) VALUES (?, ?, ?, ?, ?)",
        (
            (collection, f"o-{number}", ra, decl, zone_of(decl))
            for number, (ra, decl) in enumerate(places)
        ),
    )


@contextmanager
def sky_in_memory(places: Iterable[Place] = ()) -> Iterator[ReadOnlyCatalog]:
    """Open a catalog in memory the way a reader sees one; it can be written, too."""
    with closing(fresh_catalog()) as conn:
        add_collection(conn, "field_a")
        put_objects(conn, places)
        add_functions(conn)
        yield ReadOnlyCatalog(Path(":memory:"), conn, Guard(), Deadline(None, time.monotonic))


def make_sky(root: Path, collections: dict[str, Iterable[Place]]) -> Path:
    """Make a mirror's catalog in the folder `root`; return its path."""
    root.mkdir(parents=True, exist_ok=True)
    conn = open_writer(root / CATALOG_NAME)
    try:
        with transaction(conn):
            for collection, places in collections.items():
                add_collection(conn, collection)
                put_objects(conn, places, collection)
    finally:
        close_writer(conn)
    return root / CATALOG_NAME
