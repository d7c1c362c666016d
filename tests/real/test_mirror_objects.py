"""Objects whose catalog changes on the genuine server between two datasets."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.real.conftest import ServerMaker
from tests.real.mirroring import RealMirror
from tests.real.searches import everything_in
from tests.real.seed import Seeder, wait_until_complete
from tests.real.truth import Truth

COLLECTION = "synth_beta"


def change_catalog(basedir: Path, objectid: str, **values: object) -> None:
    """Change an object's values in the server's catalog, as a new data release would."""
    names = ", ".join(f'"{name}" = ?' for name in values)
    path = basedir / "synth-beta" / "catalog-objectinfo.sqlite"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            f"UPDATE object_catalog SET {names} WHERE objectid = ?",
            [*values.values(), objectid],
        )


def objects_of(mirror: RealMirror) -> list[tuple[Any, ...]]:
    """Return the objects, with the columns that the test's datasets have."""
    return mirror.sql("SELECT objectid, sdssr, varflag, starname FROM objects ORDER BY 1")


def test_the_latest_dataset_that_has_a_column_decides_in_any_order_of_ingest(
    make_server: ServerMaker, tmp_path: Path
) -> None:
    server = make_server()
    seeder = Seeder(server.url)
    then = Truth(server.basedir).catalogs[COLLECTION]
    lost, moved = [
        objectid
        for objectid, item in then.items()
        if item["sdssr"] is not None and item["varflag"] is not None
    ][:2]
    old = seeder.make(everything_in(COLLECTION, ("sdssr", "varflag", "starname")))
    wait_until_complete(server.basedir, [old])
    change_catalog(server.basedir, lost, sdssr=None, varflag=97, starname="changed later")
    change_catalog(server.basedir, moved, sdssr=1 / 3, varflag=98, starname="that, too")
    new = seeder.make(everything_in(COLLECTION, ("sdssr", "starname")))
    wait_until_complete(server.basedir, [new])

    in_order = RealMirror(tmp_path / "a", server.url)
    assert in_order.sync().mirrored == 2
    backwards = RealMirror(tmp_path / "b", server.url, select=f'deny = ["{old.setid}"]')
    assert backwards.sync().mirrored == 1
    backwards = RealMirror(tmp_path / "b", server.url)
    assert backwards.sync().mirrored == 1

    # a NULL of the newer one counts; a column that it has not, does not
    now = {
        objectid: (item["sdssr"], item["varflag"], item["starname"])
        for objectid, item in then.items()
    }
    now[lost] = (None, then[lost]["varflag"], "changed later")
    now[moved] = (1 / 3, then[moved]["varflag"], "that, too")
    for mirror in (in_order, backwards):
        assert {row[0]: row[1:] for row in objects_of(mirror)} == now
        mirror.check_sound()
