"""Datasets of the demo server: the JSON, its pages and damages, the CSV, the list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lccmirror.demo import DemoServer
from tests.support.clocks import ManualClock
from tests.support.rawhttp import RawClient, raw_client

NASTY = ("Fernando-42", "banana|split", None, "None", "two\nlines", "# no comment", "naïve 星")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def server(clock: ManualClock) -> Iterator[DemoServer]:
    with DemoServer(objects=30, points=(5, 9), rows_per_page=10, clock=clock) as server:
        yield server


@pytest.fixture
def client(server: DemoServer) -> Iterator[RawClient]:
    with raw_client(server.url) as client:
        yield client


def page(client: RawClient, setid: str, number: int | str) -> dict[str, Any]:
    answer = client.get(f"/set/{setid}?json=1&page={number}")
    assert answer.status == 200
    return dict(answer.json())


def test_the_json_has_every_row_of_every_page(server: DemoServer, client: RawClient) -> None:
    setid = server.make_dataset("columnsearch", columns=["sdssr", "varflag"])
    answer = page(client, setid, 1)
    assert answer["actual_nrows"] == 60
    assert answer["npages"] == 6
    assert answer["page_slices"][-1] == [50, 60]
    assert answer["result"] == server.truth(setid)
    assert len(answer["rows"]) == 10
    assert answer["session_token"] == "redacted"
    assert "lcformatdescs" not in answer


def test_a_jump_to_a_page_finds_it_empty_once(server: DemoServer, client: RawClient) -> None:
    setid = server.make_dataset("columnsearch")
    first, second = page(client, setid, 6), page(client, setid, 6)
    assert (first["rows"], first["status"], first["currpage"]) == ([], "complete", 6)
    assert len(second["rows"]) == 10


def test_walking_page_by_page_meets_no_empty_page(
    server: DemoServer, client: RawClient
) -> None:
    setid = server.make_dataset("columnsearch")
    rows = [row for number in range(1, 7) for row in page(client, setid, number)["rows"]]
    at = server.dataset(setid).columns.index("db_ra")
    assert [row[at] for row in rows] == [row["db_ra"] for row in server.truth(setid)]


def test_a_page_beyond_the_end_is_empty(server: DemoServer, client: RawClient) -> None:
    setid = server.make_dataset("columnsearch")
    answer = page(client, setid, 99)
    assert (answer["rows"], answer["currpage"]) == ([], 99)
    assert page(client, setid, -2)["currpage"] == 2
    assert page(client, setid, "x")["currpage"] == 1


def test_nan_in_a_text_becomes_null_in_the_json_only(
    server: DemoServer, client: RawClient
) -> None:
    setid = server.make_table(
        {"name": "U20", "remark_nan": "U20"}, [[text, "one\nand"] for text in NASTY]
    )
    answer = page(client, setid, 1)
    assert answer["columns"] == ["name", "remark_null"]
    assert [row[0] for row in answer["rows"]][:2] == ["Fernulldo-42", "banulla|split"]
    # even across an escape: the n of "\n" and the a and n behind it
    assert answer["rows"][0][1] == "one\nulld"
    assert b"Fernando-42" in server.product(setid, "csv")


def test_the_csv_blurs_what_is_missing(server: DemoServer) -> None:
    setid = server.make_table(
        {"ra": "<f8", "n": "i8", "name": "U20"},
        [[None, None, None], [1.23456789, -9999, "None"], [2.0, 3, "a|b"]],
    )
    lines = server.product(setid, "csv").decode().split("\n")
    end = lines.index("# }")
    header = json.loads("\n".join(line[2:] for line in lines[: end + 1]))
    assert lines[end + 1 :] == ["nan|-9999|None", "1.23457|-9999|None", "2.00000|3|a; b", ""]
    assert header["columns"] == ["ra", "n", "name"]
    assert header["dataset_csv"].startswith("/srv/")
    assert not {"status", "rows", "result", "currpage", "owned"} & set(header)


def test_strformat_rows_are_those_of_the_csv(server: DemoServer, client: RawClient) -> None:
    setid = server.make_table({"ra": "<f8", "name": "U9"}, [[1.23456789, "a|b"], [None, None]])
    answer = client.get(f"/set/{setid}?json=1&strformat=1").json()
    assert answer["rows"] == [["1.23457", "a; b"], ["null", "None"]]
    assert answer["result"][0]["ra"] == 1.23456789


def test_only_json_equal_to_one_gives_json(server: DemoServer, client: RawClient) -> None:
    setid = server.make_dataset("columnsearch")
    assert client.get(f"/set/{setid}?json=true").headers["Content-Type"].startswith("text/html")
    missing = client.get("/set/xxxxxxxxxxx?json=1")
    assert missing.status == 404
    assert missing.json()["status"] == "failed"


def test_the_list_is_newest_change_first(
    server: DemoServer, client: RawClient, clock: ManualClock
) -> None:
    setids = [server.make_dataset("columnsearch") for _ in range(3)]
    clock.forward(5)
    server.change_visibility(setids[0], "unlisted")
    server.change_visibility(setids[0], "public")
    listed = client.get("/api/datasets").json()["result"]
    assert [item["setid"] for item in listed] == [setids[0], setids[2], setids[1]]
    times = [item["last_updated"] for item in listed]
    assert times == sorted(set(times), reverse=True)
    assert listed[0]["last_updated"] != page(client, setids[0], 1)["updated"]
    assert isinstance(json.loads(listed[0]["query_params"]), dict)


def test_the_window_is_cut_before_what_is_hidden_is_dropped(
    server: DemoServer, client: RawClient
) -> None:
    public = server.make_dataset("columnsearch")
    for _ in range(3):
        server.make_dataset("columnsearch", visibility="unlisted")
    short = client.get("/api/datasets?nsets=3").json()
    assert (short["status"], short["result"]) == ("ok", [])
    assert short["message"] == "found 3 datasets in total"
    longer = client.get("/api/datasets?nsets=-1").json()["result"]
    assert [item["setid"] for item in longer] == [public]


def test_odd_window_sizes(server: DemoServer, client: RawClient) -> None:
    for _ in range(27):
        server.make_table({"a": "i8"}, [[1]])

    def count(nsets: str) -> int:
        return len(client.get(f"/api/datasets?nsets={nsets}").json()["result"] or ())

    assert [count(n) for n in ("abc", "2.5", "-1", "26", "0")] == [25, 25, 27, 26, 0]
    assert client.get("/api/datasets?nsets=0").json()["status"] == "failed"


def test_the_list_filter_is_a_full_text_query(server: DemoServer, client: RawClient) -> None:
    server.make_dataset("columnsearch")
    cone = server.make_dataset("conesearch", coords="0.0 -30.0 60")
    found = client.get("/api/datasets?filter=query_type:sqlite_kdtree_conesearch").json()
    assert [item["setid"] for item in found["result"]] == [cone]
    assert client.get("/api/datasets?filter=%22").status == 500


def test_the_list_is_not_modified_until_something_is(
    server: DemoServer, client: RawClient
) -> None:
    server.make_dataset("columnsearch")
    client.take_key()
    tag = client.get("/api/datasets").headers["Etag"]
    assert client.get("/api/datasets", If_None_Match=tag).status == 304
    assert client.get("/api/datasets", If_None_Match=tag, Accept_Encoding="gzip").status == 304
    server.make_dataset("columnsearch")
    assert client.get("/api/datasets", If_None_Match=tag).status == 200


def test_visibility_is_changed_by_the_maker_alone(
    server: DemoServer, client: RawClient
) -> None:
    client.take_key()
    form = {"filters": "(ndet gt 0)", "visibility": "public"}
    setid = client.search("columnsearch", form).lines()[-1]["result"]["setid"]
    change = {"action": "change_visibility", "update": '{"new_visibility": "private"}'}
    with raw_client(server.url, with_key=True) as other:
        assert other.post(f"/set/{setid}", **change).json()["status"] == "failed"
        assert client.post(f"/set/{setid}", **change).json()["status"] == "ok"
        refused = other.get(f"/set/{setid}?json=1")
        assert refused.status == 401
        assert refused.json()["message"] == "You don't have access to this dataset."
    assert page(client, setid, 1)["owned"] is True


def test_an_account_sees_its_own_private_sets(server: DemoServer, client: RawClient) -> None:
    setid = server.make_table({"a": "i8"}, [[1]], visibility="private", owner=5)
    assert client.get(f"/set/{setid}?json=1").status == 401
    client.key = server.account_key(5)
    assert page(client, setid, 1)["owned"] is True
    assert [d["setid"] for d in client.get("/api/datasets").json()["result"]] == [setid]


def test_collections_are_parallel_lists(server: DemoServer, client: RawClient) -> None:
    result = client.get("/api/collections").json()["result"]
    lists = result["collections"]
    assert {len(values) for values in lists.values()} == {2}
    assert lists["db_collection_id"] == ["demo_field_a", "demo_field_b"]
    assert lists["collection_id"] == ["demo-field-a", "demo-field-b"]
    assert "available_indexed_columns" in result
    assert lists["minra"][1] < 3 < 357 < lists["maxra"][1]
    assert " " in lists["last_updated"][0]
    assert client.get(lists["lcformatdesc"][0]).status == 200


def test_the_documented_dialect_shows_only_what_is_documented() -> None:
    with (
        DemoServer(dialect="documented", objects=30, points=(5, 9), rows_per_page=10) as server,
        raw_client(server.url) as client,
    ):
        setid = server.make_dataset("columnsearch")
        for _ in range(1000):
            server.make_table({"a": "i8"}, [[1]])
        answer = page(client, setid, 1)
        assert "result" not in answer
        assert "owned" not in answer
        listed = client.get("/api/datasets?nsets=5000").json()["result"]
        assert len(listed) == 1000
        assert listed[0]["dataset_csv"].startswith(server.url)
        assert "dataset_visibility" not in listed[0]
        result = client.get("/api/collections").json()["result"]
        assert "available_index_columns" in result
        assert "lcmagcols" not in result["collections"]
        oid = server.surveys[0].objects[0].objectid
        query = f"objectid={oid}&collection=demo_field_a"
        one, other = client.get(f"/object?{query}"), client.get(f"/api/object?{query}")
        assert one.json() == other.json()
