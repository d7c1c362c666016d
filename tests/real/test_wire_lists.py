"""What WIRE.md states of the lists of collections and datasets."""

from __future__ import annotations

import gzip
import hashlib
import re
from datetime import datetime
from typing import Any

import pytest

from tests.real.clones import clone_dataset
from tests.real.conftest import ServerMaker
from tests.real.searches import Extras, columnsearch
from tests.real.seed import Seeded, Seeder, wait_until_complete
from tests.real.server import RealServer
from tests.real.wire import Wire

ONE_ROW = columnsearch("(ndet gt 0)", Extras(limit=1))


@pytest.fixture
def server(make_server: ServerMaker) -> RealServer:
    return make_server()


def listed(wire: Wire, nsets: int | str = -1) -> list[dict[str, Any]]:
    answer = wire.get(f"/api/datasets?nsets={nsets}")
    assert answer.status == 200
    return answer.json()["result"] or []


def listed_ids(wire: Wire, nsets: int | str = -1) -> list[str]:
    return [item["setid"] for item in listed(wire, nsets)]


def made(server: RealServer, count: int, visibility: str = "public") -> list[str]:
    sets: list[Seeded] = Seeder(server.url).make_small(count, visibility)
    wait_until_complete(server.basedir, sets)
    return [each.setid for each in sets]


def test_collections_come_as_parallel_lists(real_server: RealServer) -> None:
    result = Wire(real_server.url).get("/api/collections").json()["result"]
    assert {"available_columns", "available_indexed_columns", "available_fts_columns"} <= set(
        result
    )
    assert "available_index_columns" not in result  # the documented name
    collections = result["collections"]
    assert collections["collection_id"] == ["synth-alpha", "synth-beta"]
    assert collections["db_collection_id"] == ["synth_alpha", "synth_beta"]
    assert collections["lcformatdesc"][1] == "/c/synth-beta/lcformat-description.json"
    assert {len(values) for values in collections.values()} == {2}
    assert collections["minra"][1] < 0.01
    assert collections["maxra"][1] > 359.99
    # the server's local time, unlike all others
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", collections["last_updated"][0]
    )


def test_an_empty_list_is_called_a_failure(server: RealServer) -> None:
    wire = Wire(server.url)
    for nsets in (25, -1):
        answer = wire.get(f"/api/datasets?nsets={nsets}")
        assert answer.status == 200
        assert answer.json()["status"] == "failed"
        assert answer.json()["result"] is None
    made(server, 1)
    assert len(listed(wire)) == 1
    assert wire.get("/api/datasets?nsets=0").json()["status"] == "failed"


def test_the_list_is_newest_first_and_its_times_have_no_zone(server: RealServer) -> None:
    ids = made(server, 4)
    items = listed(Wire(server.url))
    assert [item["setid"] for item in items] == ids[::-1]
    times = [item["last_updated"] for item in items]
    assert times == sorted(times, reverse=True)
    assert all(datetime.fromisoformat(time).tzinfo is None for time in times)
    assert items[0]["dataset_csv"] == f"/d/dataset-{ids[-1]}.csv"
    assert items[0]["lczip_fpath"] == f"/p/lightcurves-{ids[-1]}.zip"
    assert isinstance(items[0]["query_params"], str)


def test_the_newest_are_taken_before_those_we_may_not_see_are_dropped(
    server: RealServer,
) -> None:
    wire = Wire(server.url).with_new_key()
    public = made(server, 2)
    made(server, 3, "unlisted")
    hidden = wire.get("/api/datasets?nsets=3").json()
    assert hidden["status"] == "ok"
    assert hidden["result"] == []
    assert hidden["message"] == "found 3 datasets in total"
    assert listed_ids(wire, 4) == [public[1]]
    assert listed_ids(wire, 8) == public[::-1]
    # less than asked for: now it is certain that this was all
    assert wire.get("/api/datasets?nsets=8").json()["message"] == "found 5 datasets in total"


def test_an_unchanged_list_does_not_prove_that_nothing_is_new(server: RealServer) -> None:
    wire = Wire(server.url).with_new_key()
    made(server, 2, "unlisted")
    etag = wire.get("/api/datasets?nsets=2").etag
    made(server, 1, "public")
    made(server, 2, "unlisted")
    again = wire.get("/api/datasets?nsets=2", {"If-None-Match": etag})
    assert again.status == 304


def test_the_etag_of_the_list_depends_on_who_asks(server: RealServer) -> None:
    seeder = Seeder(server.url)
    wait_until_complete(server.basedir, [seeder.make(ONE_ROW)])
    other = seeder.wire.with_new_key()
    etags = {wire.get("/api/datasets").etag for wire in (seeder.wire, other)}
    assert len(etags) == 2
    assert [item["owned"] for item in listed(seeder.wire)] == [True]
    assert [item["owned"] for item in listed(other)] == [False]
    for wire in (seeder.wire, other):
        etag = wire.get("/api/datasets").etag
        assert wire.get("/api/datasets", {"If-None-Match": etag}).status == 304


@pytest.mark.parametrize("packed", ["identity", "gzip"])
def test_the_etag_of_json_is_the_hash_of_what_is_sent_unpacked(
    real_server: RealServer, packed: str
) -> None:
    wire = Wire(real_server.url)
    answer = wire.get("/api/collections", {"Accept-Encoding": packed})
    body = gzip.decompress(answer.body) if packed == "gzip" else answer.body
    assert answer.etag == f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()}"'
    # Of a static file it is another one.
    static = wire.get("/c/synth-beta/lcformat-description.json")
    assert static.etag == f'"{hashlib.sha512(static.body).hexdigest()}"'


def test_lists_answer_no_head(real_server: RealServer) -> None:
    wire = Wire(real_server.url)
    assert wire.head("/api/datasets").status == wire.head("/api/collections").status == 405


def test_the_list_has_no_cap(server: RealServer) -> None:
    [first] = made(server, 1)
    clone_dataset(server.basedir, first, 1100)
    wire = Wire(server.url)
    assert len(listed(wire, 5000)) == 1101
    assert len(listed(wire, -1)) == 1101
    assert len(listed(wire, "abc")) == 25


def test_a_change_of_visibility_moves_a_dataset_to_the_top_or_away(
    server: RealServer,
) -> None:
    seeder = Seeder(server.url)
    other = seeder.wire.with_new_key()
    sets = seeder.make_small(3)
    wait_until_complete(server.basedir, sets)
    oldest, middle, newest = (each.setid for each in sets)
    seeder.change_visibility(oldest, "unlisted")
    assert listed_ids(other) == [newest, middle]
    assert other.get(f"/set/{oldest}?json=1").status == 200
    assert other.get(f"/d/dataset-{oldest}.csv").status == 200
    seeder.change_visibility(oldest, "private")
    table, file = other.get(f"/set/{oldest}?json=1"), other.get(f"/d/dataset-{oldest}.csv")
    assert table.status == file.status == 401
    assert table.json()["status"] == "failed"
    assert file.headers.get_content_type() == "text/html"
    seeder.change_visibility(oldest, "public")
    assert listed_ids(other) == [oldest, newest, middle]


def test_a_search_makes_an_unlisted_dataset_unless_told_otherwise(server: RealServer) -> None:
    seeder = Seeder(server.url)
    form = [field for field in ONE_ROW.form if field[0] != "visibility"]
    answer = seeder.wire.post("/api/columnsearch", form)
    assert answer.documents()[-1]["result"]["visibility"] == "unlisted"
