"""Sixty datasets of the genuine server, mirrored: every byte, every value, every state."""

from __future__ import annotations

import gzip
import json
import math
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from lccmirror.sync.report import CycleReport
from tests.real import reference
from tests.real.conftest import SeededServer
from tests.real.environment import RealEnvironment
from tests.real.mirroring import RealMirror
from tests.real.relay import Passed, Relay
from tests.real.truth import TableTruth, Value
from tests.real.wire import Wire

# What a search adds to its result; never a value of the collection's catalog.
SEARCH_OWN = {
    *("db_oid", "db_ra", "db_decl", "db_lcfname", "kdtree_oid", "kdtree_ra", "kdtree_decl"),
    *("dist_arcsec", "in_objectid", "in_ra", "in_decl", "relevance", "extra_info"),
    *("owner", "visibility", "sharedwith", "collection"),
}
MANIFEST = "lczip-manifest.json"


@dataclass(frozen=True)
class Mirrored:
    """The sixty on their server, a mirror after its first cycle, and the relay between."""

    server: SeededServer
    relay: Relay
    mirror: RealMirror
    first: CycleReport
    seconds: float
    tables: Mapping[str, TableTruth]


@pytest.fixture(scope="module")
def mirrored(
    sixty: SeededServer, real_env: RealEnvironment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mirrored]:
    with Relay(sixty.server.port) as relay:
        mirror = RealMirror(
            tmp_path_factory.mktemp("mirror"),
            relay.url,
            mirror='products = ["csv", "lczip", "pickle"]',
        )
        began = time.perf_counter()
        first = mirror.sync()
        seconds = time.perf_counter() - began
        tables = sixty.truth.tables(real_env, [each.setid for each in sixty.made])
        yield Mirrored(sixty, relay, mirror, first, seconds, tables)


def members_of(path: Path) -> dict[str, tuple[int, int]]:
    """Return size and CRC of each light curve in a ZIP, by its member's name."""
    with zipfile.ZipFile(path) as archive:
        return {
            info.filename: (info.file_size, info.CRC)
            for info in archive.infolist()
            if info.filename != MANIFEST
        }


def said_missing(path: Path) -> set[str]:
    """Return the objects whose light curves a ZIP's manifest says are missing."""
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read(MANIFEST))
    ending = "-csvlc.gz missing"
    return {name.removesuffix(ending) for name in manifest if name.endswith(ending)}


def exactly(value: object) -> tuple[str, object]:
    """Return what tells values apart that only compare equal: 1 and 1.0, 0.0 and -0.0."""
    return type(value).__name__, repr(value) if isinstance(value, float) else value


def test_one_cycle_mirrors_all_of_it(mirrored: Mirrored) -> None:
    first = mirrored.first
    print(f"{first.summary()}; {mirrored.seconds:.1f} s")
    assert (first.exit_code, first.mirrored, first.failed) == (0, 60, {})
    assert first.poll.gap is None
    listed = {each.setid for each in mirrored.server.truth.datasets()}
    assert mirrored.mirror.states() == dict.fromkeys(listed, "mirrored")
    assert mirrored.mirror.sql("SELECT DISTINCT values_from FROM datasets") == [("both",)]
    mirrored.mirror.check_sound()


def test_every_file_is_the_servers_own_file(mirrored: Mirrored) -> None:
    truth, mirror = mirrored.server.truth, mirrored.mirror
    compared: dict[str, int] = {}
    for each in mirrored.server.made:
        products = truth.products(each.setid)
        for kind, path in (
            ("csv", products.csv),
            ("pickle", products.pickle),
            ("lczip", products.lczip),
        ):
            ours = mirror.file(each.setid, kind)
            if path is None:
                assert not ours.exists()
            else:
                assert ours.read_bytes() == path.read_bytes(), f"{kind} of {each.setid}"
                compared[kind] = compared.get(kind, 0) + 1
    assert compared == {"csv": 60, "pickle": 60, "lczip": 59}
    for collection in truth.collections:
        ours = mirror.root / "collections" / collection / "lcformat-description.json"
        assert ours.read_bytes() == truth.format_description(collection).read_bytes()


def test_the_json_is_the_document_that_the_server_publishes(mirrored: Mirrored) -> None:
    wire = Wire(mirrored.server.url)
    for each in mirrored.server.made:
        published = wire.get(f"/set/{each.setid}?json=1&page=1").json()
        [kept] = gzip.decompress(mirrored.mirror.file(each.setid, "json").read_bytes()).split(
            b"\n"
        )[:-1]
        assert json.loads(kept) == published


def test_every_value_is_the_one_in_the_servers_database(mirrored: Mirrored) -> None:
    truth, compared, nulls = mirrored.server.truth, 0, 0
    for setid, table in mirrored.tables.items():
        ours = mirrored.mirror.rows(setid)
        assert len(ours) == len(table.rows)
        for found, record in zip(ours, table.records(), strict=True):
            # as the search returned it, and as the catalog has it
            wanted = record | truth.expected(
                str(record["collection"]), str(record["db_oid"]), table.columns
            )
            assert found.keys() == wanted.keys()
            assert {name: exactly(value) for name, value in found.items()} == {
                name: exactly(value) for name, value in wanted.items()
            }
            compared += len(wanted)
            nulls += sum(value is None for value in wanted.values())
    print(f"{compared:,} values compared, {nulls:,} of them NULL")
    assert nulls > 1000


def test_what_the_list_says_is_in_the_catalog(mirrored: Mirrored) -> None:
    found = {
        row[0]: row[1:]
        for row in mirrored.mirror.sql(
            "SELECT setid, created_on, last_updated, nobjects, query_type, visibility, name,"
            " description, citation, json(query_params) FROM datasets"
        )
    }
    for each in mirrored.server.truth.datasets():
        assert each.query_params is not None
        assert found[each.setid][:8] == (
            f"{each.created_on}Z",
            f"{each.last_updated}Z",
            each.nobjects,
            each.query_type,
            each.visibility,
            each.name,
            each.description,
            each.citation,
        )
        assert json.loads(found[each.setid][8]) == json.loads(each.query_params)
    assert {
        (setid, collection)
        for setid, collection in mirrored.mirror.sql(
            "SELECT setid, collection FROM dataset_collections"
        )
    } == {
        (each.setid, collection)
        for each in mirrored.server.truth.datasets()
        for collection in each.queried_collections
    }


def newest_objects(
    mirrored: Mirrored,
) -> dict[tuple[str, str], tuple[Mapping[str, Value], dict[str, Value]]]:
    """Return the last row of each object, and each column's latest value."""
    found: dict[tuple[str, str], tuple[Mapping[str, Value], dict[str, Value]]] = {}
    oldest_first = sorted(
        mirrored.server.truth.datasets(), key=lambda each: (each.created_on, each.setid)
    )
    for each in oldest_first:
        for record in mirrored.tables[each.setid].records():
            key = str(record["collection"]), str(record["db_oid"])
            values = found[key][1] if key in found else {}
            values |= {name: record[name] for name in record.keys() - SEARCH_OWN}
            found[key] = record, values
    return found


def test_objects_have_the_latest_value_of_each_column(mirrored: Mirrored) -> None:
    wanted = newest_objects(mirrored)
    columns = dict(mirrored.mirror.sql("SELECT name, sql_name FROM object_columns"))
    assert columns.keys() == {name for _, known in wanted.values() for name in known}
    # full-text results have a column of that name, which is also the key of the table
    assert columns["objectid"] == "c_objectid"
    names = ", ".join(f'"{name}"' for name in columns.values())
    found = mirrored.mirror.sql(
        f"SELECT collection, objectid, ra, decl, zone, {names} FROM objects"
    )
    assert len(found) == len(wanted) == 20_264
    for collection, objectid, ra, decl, zone, *values in found:
        record, known = wanted[collection, objectid]
        assert (ra, decl) == (record["db_ra"], record["db_decl"])
        assert zone == math.floor((float(record["db_decl"] or 0) + 90) * 6)
        assert [exactly(value) for value in values] == [
            exactly(known.get(name)) for name in columns
        ]


def test_light_curves_are_the_members_of_the_zips(mirrored: Mirrored) -> None:
    truth, wanted, missing = mirrored.server.truth, set(), set()
    for setid, table in mirrored.tables.items():
        path = truth.products(setid).lczip
        if path is None:
            continue
        ours = mirrored.mirror.file(setid, "lczip").relative_to(mirrored.mirror.root)
        members, absent = members_of(path), said_missing(path)
        objects = {(str(row["collection"]), str(row["db_oid"])) for row in table.records()}
        for collection, objectid in objects:
            member = f"{truth.collections[collection]}-{objectid}-csvlc.gz"
            if objectid in absent:
                missing.add((collection, objectid, setid))
                assert member not in members
                assert truth.light_curve(collection, objectid) is None
            else:
                size, crc32 = members.pop(member)
                wanted.add((collection, objectid, setid, str(ours), member, size, crc32))
        assert members == {}
    assert wanted == set(
        mirrored.mirror.sql(
            "SELECT collection, objectid, setid, path, member, size, crc32 FROM lightcurves"
        )
    )
    assert missing == set(
        mirrored.mirror.sql("SELECT collection, objectid, setid FROM missing_lightcurves")
    )
    print(f"{len(wanted):,} light curves, {len(missing)} missing")
    assert len(missing) > 50


def test_each_light_curve_has_one_newest_copy(mirrored: Mirrored) -> None:
    copies = mirrored.mirror.sql(
        "SELECT sum(newest), count(*) FROM lightcurves GROUP BY collection, objectid"
    )
    assert {newest for newest, _ in copies} == {1}
    assert max(count for _, count in copies) > 10


def test_the_server_was_asked_for_no_body_twice(mirrored: Mirrored) -> None:
    mirrored.mirror.check_sound()
    asked: dict[str, list[Passed]] = {}
    for one in mirrored.relay.passed:
        # The server refuses a good key at random, one request in 10,001: then it has sent no
        # body, and is asked once more.
        refused = one.status == 401
        wanted = one.path.startswith(("/set/", "/d/", "/p/", "/c/"))
        if one.method == "GET" and wanted and not refused:
            asked.setdefault(one.target, []).append(one)
    assert [several for several in asked.values() if len(several) > 1] == []
    zips = [target for target in asked if target.startswith("/p/")]
    links = {
        mirrored.mirror.file(each.setid, "lczip").stat().st_ino
        for each in mirrored.server.made
        if mirrored.server.truth.products(each.setid).lczip
    }
    assert len(zips) == len(links)


def test_a_cycle_with_nothing_new_costs_two_requests_without_a_body(
    mirrored: Mirrored,
) -> None:
    before = len(mirrored.relay.passed)
    report = mirrored.mirror.sync()
    print(report.summary())
    assert report.exit_code == 0
    assert (report.requests, report.received_bytes) == (2, 0)
    assert [
        (one.method, one.path, one.status, one.body_bytes)
        for one in mirrored.relay.since(before)
    ] == [("GET", "/api/collections", 304, 0), ("GET", "/api/datasets", 304, 0)]


def test_the_reference_client_downloads_the_same_bytes(
    mirrored: Mirrored, real_env: RealEnvironment, tmp_path: Path
) -> None:
    setids = [each.setid for each in mirrored.server.made]
    folder = reference.download(real_env, mirrored.server.url, tmp_path / "theirs", setids)
    compared = list(compare_folders(mirrored.mirror, folder, setids))
    print(f"{len(compared)} files, {sum(compared):,} bytes")
    assert len(compared) == len(list(folder.iterdir())) == 60 + 60 + 59


def compare_folders(mirror: RealMirror, folder: Path, setids: Iterable[str]) -> Iterator[int]:
    """Compare what is in a folder with a mirror's files; yield each file's size."""
    for setid in setids:
        for kind in ("csv", "pickle", "lczip"):
            ours = mirror.file(setid, kind)
            theirs = folder / ours.name
            assert theirs.exists() == ours.exists()
            if ours.exists():
                assert theirs.read_bytes() == ours.read_bytes()
                yield ours.stat().st_size
