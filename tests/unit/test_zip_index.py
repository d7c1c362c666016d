"""Whose the members of a light-curve ZIP are, however they are named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest

from lccmirror.catalog.files import FileRow, put_file
from lccmirror.formats.lczip import ZipMember, ZipReport
from lccmirror.sync.ingest import fits
from lccmirror.sync.zip_index import index_zip
from tests.support.catalog import (
    NOW,
    add_collection,
    add_dataset,
    column,
    fresh_catalog,
    put_rows,
)

PATH = "datasets/se/setid/lightcurves-setid.zip"
OBJECTS = [("k_one", "a"), ("k_one", "b-1"), ("k_two", "c")]


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    conn = fresh_catalog()
    add_collection(conn, "k_one")
    add_collection(conn, "k_two")
    add_dataset(conn, "setid")
    put_file(conn, FileRow(PATH, "setid", "lczip", 1, "0", None, None, NOW))
    yield conn
    conn.close()


def put(
    conn: sqlite3.Connection,
    objects: Sequence[tuple[str, str]] = OBJECTS,
    file: Callable[[str], str] = "V0-{}-lc.gz".format,
) -> None:
    put_rows(
        conn,
        "setid",
        [column("db_lcfname", "U60")],
        [(c, o, 1.0, 2.0, f"/l/{c.replace('_', '-')}/{file(o)}") for c, o in objects],
    )


def report(members: Iterable[str], missing: Sequence[str] = ()) -> ZipReport:
    made = tuple(ZipMember(name, 10, 20, 0) for name in members)
    return ZipReport(made, (), tuple(missing), (), ())


def indexed(conn: sqlite3.Connection) -> dict[tuple[str, str], str]:
    return {
        (collection, objectid): member
        for collection, objectid, member in conn.execute(
            "SELECT collection, objectid, member FROM lightcurves"
        )
    }


def missing(conn: sqlite3.Connection) -> list[tuple[str, str]]:
    return conn.execute("SELECT objectid, reason FROM missing_lightcurves").fetchall()


NAMES: dict[str, Callable[[str, str], str]] = {
    "as the server does": lambda c, o: f"{c.replace('_', '-')}-{o}-csvlc.gz",
    "by the object alone": lambda c, o: f"{o}-csvlc.gz",
    "as in the link": lambda c, o: f"{c.replace('_', '-')}-V0-{o}-lc.gz",
    "by the file of the link": lambda c, o: f"V0-{o}-lc.gz",
}


@pytest.mark.parametrize("how", sorted(NAMES))
def test_members_are_known_by_any_name_of_the_light_curve(
    conn: sqlite3.Connection, how: str
) -> None:
    put(conn)
    names = {key: NAMES[how](*key) for key in OBJECTS}
    assert index_zip(conn, "setid", PATH, report(names.values()), NOW) == []
    assert indexed(conn) == names
    assert missing(conn) == []


def test_names_of_several_kinds_in_one_zip(conn: sqlite3.Connection) -> None:
    put(conn)
    names = dict(zip(OBJECTS, ["k-one-a-csvlc.gz", "V0-b-1-lc.gz", "c-csvlc.gz"], strict=True))
    assert index_zip(conn, "setid", PATH, report(names.values()), NOW) == []
    assert indexed(conn) == names


def test_a_name_that_two_light_curves_may_have_is_neithers(conn: sqlite3.Connection) -> None:
    put(conn, [("k_one", "a"), ("k_two", "a"), ("k_two", "c")])
    (problem,) = index_zip(
        conn, "setid", PATH, report(["k-one-a-csvlc.gz", "a-csvlc.gz", "c-csvlc.gz"]), NOW
    )
    assert "nobody's (a-csvlc.gz" in problem
    assert indexed(conn) == {
        ("k_one", "a"): "k-one-a-csvlc.gz",
        ("k_two", "c"): "c-csvlc.gz",
    }
    assert missing(conn) == []


def test_members_of_unknown_names_are_a_problem_and_nothing_is_missing(
    conn: sqlite3.Connection,
) -> None:
    put(conn)
    (problem,) = index_zip(conn, "setid", PATH, report(["1.gz", "2.gz", "3.gz"]), NOW)
    assert "3 light curves" in problem
    assert "3 members" in problem
    assert indexed(conn) == {}
    assert missing(conn) == []


def test_what_cannot_be_among_them_is_missing(conn: sqlite3.Connection) -> None:
    put(conn)
    absent, extra = index_zip(conn, "setid", PATH, report(["1.gz", "c-csvlc.gz"]), NOW)
    assert "2 light curves" in absent
    assert "1 members" in extra
    assert [objectid for objectid, _ in missing(conn)] == ["a", "b-1"]


@pytest.mark.parametrize("said", ["a-csvlc.gz", "V0-a-lc.gz"])
def test_what_the_manifest_says_is_missing_by_any_name(
    conn: sqlite3.Connection, said: str
) -> None:
    put(conn)
    names = ["k-one-b-1-csvlc.gz", "k-two-c-csvlc.gz"]
    assert index_zip(conn, "setid", PATH, report(names, [said]), NOW) == []
    ((objectid, reason),) = missing(conn)
    assert (objectid, "says the ZIP's manifest" in reason) == ("a", True)


def manifest(*names: str) -> ZipReport:
    return ZipReport((), names, (), (), ())


def test_a_zip_fits_by_a_manifest_of_exactly_the_objects(conn: sqlite3.Connection) -> None:
    put(conn)
    exactly = ("a-csvlc.gz", "b-1-csvlc.gz missing", "c-csvlc.gz")
    assert fits(conn, "setid", manifest(*exactly))
    assert not fits(conn, "setid", manifest(*exactly[:2]))
    assert not fits(conn, "setid", manifest(*exactly, "d-csvlc.gz"))
    assert not fits(conn, "setid", manifest(*exactly[:2], "d-csvlc.gz"))
    assert not fits(conn, "setid", ZipReport((), None, (), (), ()))
