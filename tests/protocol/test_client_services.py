"""The JSON services, in both dialects."""

from __future__ import annotations

import copy
import json
import threading
from typing import Any

import pytest

from lccmirror import errors
from lccmirror.server import Column
from tests.support.clients import client_for
from tests.support.scripted import (
    Answer,
    Received,
    ScriptedServer,
    html_answer,
    json_answer,
    key_refusal,
)

COLLECTIONS = {
    "collection_id": ["synth-alpha", "synth-beta"],
    "db_collection_id": ["synth_alpha", "synth_beta"],
    "columnlist": ["ra,sdssr", "ra"],
    "indexedcols": ["ra,sdssr", "ra"],
    "ftsindexedcols": ["remarks", ""],
    "name": ["Alpha", "Beta"],
    "description": ["<p>alpha</p>", "beta"],
    "nobjects": [200, 60],
    "datarelease": [1, 1],
    "minra": [285.0, 0.1],
    "maxra": [294.9, 359.9],
    "mindecl": [41.0, -32.9],
    "maxdecl": [48.9, -27.0],
    "lcformatdesc": ["/c/synth-alpha/lcformat-description.json", None],
    "columnjson": [
        {"sdssr": {"title": "r", "dtype": "<f8", "format": "%.3f", "description": "mag"}},
        {"ra": {"title": "RA", "dtype": "f8", "format": "%.5f", "desc": "degrees"}},
    ],
}
RUNNING = {
    **COLLECTIONS,
    "collection_visibility": ["public", "public"],
    "last_updated": ["2026-11-22 18:38:07.401330", "2026-11-22 18:38:07.5"],
    "citation": ["Fernando et al.", None],
    "project": ["test", "test"],
    "lcmagcols": ["aep_000,aep_001", "aep_000"],
}
ITEM = {
    "setid": "N1tZWPOZyxk",
    "created_on": "2026-11-23T02:28:28.605687",
    "last_updated": "2026-11-23T02:28:29.634154",
    "nobjects": 11,
    "queried_collections": "synth_alpha, synth_beta",
    "query_type": "sqlite_column_search",
    "query_params": '{"conditions": "Fernando"}',
    "dataset_csv": "/d/dataset-N1tZWPOZyxk.csv",
    "dataset_fpath": "/d/dataset-N1tZWPOZyxk.pkl.gz",
    "lczip_fpath": None,
    "dataset_visibility": "public",
    "owned": True,
}


def collections_answer(lists: dict[str, Any], dialect: str, **more: Any) -> Answer:
    key = "available_index_columns" if dialect == "documented" else "available_indexed_columns"
    result = {"available_columns": ["ra"], key: ["ra"], "collections": lists}
    return json_answer({"status": "ok", "message": "found 2", "result": result}, **more)


@pytest.mark.parametrize(
    ("dialect", "lists"), [("documented", COLLECTIONS), ("running", RUNNING)]
)
def test_collections_are_read_in_both_dialects(dialect: str, lists: dict[str, Any]) -> None:
    with (
        ScriptedServer(
            [collections_answer(lists, dialect, headers=[("ETag", '"e"')])]
        ) as server,
        client_for(server) as client,
    ):
        answer = client.collections()
    assert (answer.dialect, answer.etag, answer.not_modified) == (dialect, '"e"', False)
    alpha, beta = answer.collections
    assert (alpha.collection, alpha.collection_id) == ("synth_alpha", "synth-alpha")
    assert alpha.columns == (
        Column("ra", "", "", "", ""),
        Column("sdssr", "r", "mag", "<f8", "%.3f"),
    )
    assert alpha.indexed == {"ra", "sdssr"}
    assert beta.fts_indexed == frozenset()
    assert beta.columns[0].description == "degrees"
    assert beta.maxra == 359.9
    assert alpha.lcmagcols == (("aep_000", "aep_001") if dialect == "running" else ())


def test_lists_of_unequal_length_are_refused_by_name() -> None:
    lists = copy.deepcopy(RUNNING)
    lists["nobjects"] = [200]
    with (
        ScriptedServer([collections_answer(lists, "running")]) as server,
        client_for(server) as client,
        pytest.raises(errors.ProtocolError, match="nobjects"),
    ):
        client.collections()


@pytest.mark.parametrize("key", ["columnlist", "indexedcols", "ftsindexedcols", "lcmagcols"])
def test_columns_without_end_are_refused(key: str) -> None:
    names = ",".join(f"c{number}" for number in range(90_000))
    lists = {"db_collection_id": list("abcdef"), "collection_id": list("abcdef")}
    with (
        ScriptedServer([collections_answer({**lists, key: [names] * 6}, "running")]) as server,
        client_for(server) as client,
        pytest.raises(errors.ProtocolError, match="columns"),
    ):
        client.collections()


def test_a_text_of_a_million_commas_is_no_list_of_names() -> None:
    lists: dict[str, Any] = copy.deepcopy(RUNNING)
    lists["indexedcols"][0] = "a," * 1_000_000
    with (
        ScriptedServer([collections_answer(lists, "running")]) as server,
        client_for(server) as client,
    ):
        alpha, _ = client.collections().collections
        assert alpha.indexed == frozenset()


def test_nothing_new_costs_a_304() -> None:
    with (
        ScriptedServer([Answer(304), Answer(304)]) as server,
        client_for(server) as client,
        client.datasets(nsets=50, etag='"d"') as datasets,
    ):
        collections = client.collections(etag='"c"')
        assert list(datasets.items()) == []
    assert (collections.not_modified, collections.etag) == (True, '"c"')
    assert (datasets.not_modified, datasets.etag) == (True, '"d"')
    assert client.stats.not_modified == 2
    assert client.stats.bytes_received == 0
    assert [one.headers["if-none-match"] for one in server.requests] == ['"d"', '"c"']
    assert server.requests[0].query == {"nsets": "50"}


def test_the_list_of_datasets() -> None:
    answer = {"status": "ok", "result": [ITEM], "message": "found 3 datasets in total"}
    with (
        ScriptedServer([json_answer(answer)]) as server,
        client_for(server) as client,
        client.datasets() as datasets,
    ):
        (item,) = datasets.items()
        assert list(datasets.items()) == [item]
    assert datasets.nfound == 3
    assert item.setid == "N1tZWPOZyxk"
    assert item.queried_collections == ("synth_alpha", "synth_beta")
    assert item.query_params == '{"conditions": "Fernando"}'
    assert (item.csv_path, item.lczip_path) == ("/d/dataset-N1tZWPOZyxk.csv", None)
    assert (item.visibility, item.owned, item.name) == ("public", True, None)


@pytest.mark.parametrize(
    "bad", [{}, None, 7, {"setid": "../x"}, {"setid": None}, {"setid": "a" * 300}, ["setid"]]
)
def test_an_item_that_makes_no_sense_does_not_end_the_list(bad: object) -> None:
    answer = {"message": "found 2 datasets in total", "result": [bad, ITEM], "status": "ok"}
    with (
        ScriptedServer([json_answer(answer)]) as server,
        client_for(server) as client,
        client.datasets() as datasets,
    ):
        assert [one.setid for one in datasets.items()] == ["N1tZWPOZyxk"]
        assert len(datasets.problems) == 1


def test_a_message_without_count_gives_no_count() -> None:
    with (
        ScriptedServer([json_answer({"status": "ok", "result": []})]) as server,
        client_for(server) as client,
        client.datasets() as datasets,
    ):
        assert datasets.nfound is None
        assert list(datasets.items()) == []


def dataset(page: int = 1, npages: int = 2, **changes: Any) -> dict[str, Any]:
    rows = [["a", 1.5], ["b", None], ["c", 2.0]]
    content = {
        "setid": "damaged-by-null",
        "status": "complete",
        "name": "a set",
        "desc": "of things",
        "created": "2026-11-23T02:28:28.605687",
        "columns": ["db_oid", "sdssr"],
        "coldesc": {"sdssr": {"title": "r", "desc": "mag", "dtype": "f8", "format": "%.3f"}},
        "collections": ["synth_alpha"],
        "npages": npages,
        "rows_per_page": 2,
        "page_slices": [[0, 2], [2, 4]],
        "total_nmatches": 5,
        "actual_nrows": 3,
        "lczipfpath": "/p/lightcurves-damaged-by-null.zip",
        "rows": rows[2 * (page - 1) : 2 * page],
        "currpage": page,
        "future": {"key": [1, 2]},
    }
    content.update(changes)
    return content


def test_a_page_of_a_dataset() -> None:
    with (
        ScriptedServer([json_answer(dataset())]) as server,
        client_for(server) as client,
        client.dataset("N1tZWPOZyxk") as answer,
    ):
        header = answer.header
        assert list(answer.rows()) == [["a", 1.5], ["b", None]]
        assert json.load(answer.body) == dataset()
    assert header.setid == "N1tZWPOZyxk"
    assert header.columns == ("db_oid", "sdssr")
    assert header.coldesc["sdssr"].description == "mag"
    assert (header.has_lczip, header.owned) == (True, None)
    assert [header.rows_due(page) for page in (1, 2, 3)] == [2, 1, 0]
    assert answer.result_has_all_rows is False
    assert server.requests[0].target == "/set/N1tZWPOZyxk?json=1&page=1"


def test_the_running_server_sends_every_row_with_every_page() -> None:
    everything = [{"db_oid": one, "sdssr": None} for one in "abc"]
    with (
        ScriptedServer([json_answer(dataset(result=everything))]) as server,
        client_for(server) as client,
        client.dataset("abc", strformat=True) as answer,
    ):
        assert answer.result_has_all_rows is True
    assert server.requests[0].query == {"json": "1", "page": "1", "strformat": "1"}


def test_a_page_that_is_not_rendered_yet_is_asked_for_again() -> None:
    with (
        ScriptedServer([json_answer(dataset(2, rows=[])), json_answer(dataset(2))]) as server,
        client_for(server) as client,
        client.dataset("abc", page=2) as answer,
    ):
        assert list(answer.rows()) == [["c", 2.0]]


def test_a_page_that_is_never_rendered_is_an_error_in_the_end() -> None:
    with (
        ScriptedServer(lambda _: json_answer(dataset(2, rows=[]))) as server,
        client_for(server) as client,
        pytest.raises(errors.PageNotReady),
    ):
        client.dataset("abc", page=2)


@pytest.mark.parametrize(
    ("page", "changes"),
    [
        (3, {"rows": []}),
        (1, {"rows": [], "actual_nrows": 0}),
        (1, {"rows": [], "actual_nrows": None, "status": "in progress"}),
    ],
)
def test_a_page_without_rows_can_be_true(page: int, changes: dict[str, Any]) -> None:
    with (
        ScriptedServer([json_answer(dataset(page, **changes))]) as server,
        client_for(server) as client,
        client.dataset("abc", page=page) as answer,
    ):
        assert list(answer.rows()) == []


@pytest.mark.parametrize(
    "content", [{"status": "ok", "result": None}, {"status": "complete"}, {"rows": []}]
)
def test_json_that_is_no_dataset_is_refused(content: dict[str, Any]) -> None:
    with (
        ScriptedServer([json_answer(content)]) as server,
        client_for(server) as client,
        pytest.raises(errors.ProtocolError),
    ):
        client.dataset("abc")


def test_a_row_that_is_none_is_refused_while_reading() -> None:
    with (
        ScriptedServer([json_answer(dataset(rows=[["a", 1], "b"]))]) as server,
        client_for(server) as client,
        client.dataset("abc") as answer,
        pytest.raises(errors.ProtocolError),
    ):
        list(answer.rows())


@pytest.mark.parametrize("setid", ["", "../x", "a/b", "a\0b", "x" * 300, "a?b"])
def test_a_setid_that_is_none_is_not_asked_for(setid: str) -> None:
    with (
        ScriptedServer() as server,
        client_for(server) as client,
        pytest.raises(errors.FormatError),
    ):
        client.dataset(setid)


def test_object_information_may_hold_nan() -> None:
    body = b'{"status": "ok pf-ok sc-ok", "result": {"objectinfo": {"ra": NaN, "n": "NaN"}}}'
    with (
        ScriptedServer([Answer(200, body, [("Content-Type", "application/json")])]) as server,
        client_for(server) as client,
    ):
        told = client.object_info("SYA 1&x", "synth_alpha")
    assert told == {"objectinfo": {"ra": None, "n": "NaN"}}
    assert server.requests[0].path == "/api/object"
    assert server.requests[0].query == {"objectid": "SYA 1&x", "collection": "synth_alpha"}


def test_object_information_is_looked_for_in_both_documented_places() -> None:
    found = json_answer({"status": "ok", "result": {"objectinfo": {}}})
    with (
        ScriptedServer([html_answer("<html>", 404), found]) as server,
        client_for(server) as client,
    ):
        assert client.object_info("a", "b") == {"objectinfo": {}}
    assert server.paths() == ["/api/object", "/object"]


def test_an_object_that_is_not_known_is_not_found_in_the_first_places_words() -> None:
    no = json_answer({"status": "failed", "message": "could not find a"}, 404)
    with (
        ScriptedServer([no, html_answer("<html>page</html>")]) as server,
        client_for(server) as client,
        pytest.raises(errors.NotFound, match="could not find a"),
    ):
        client.object_info("a", "b")


def test_a_key_is_checked_in_the_running_dialect() -> None:
    good = {"status": "ok", "result": None, "message": ["API key verified. Expires: soon."]}
    with ScriptedServer([json_answer(good)]) as server, client_for(server) as client:
        status = client.verify_key()
    assert (status.dialect, status.message) == ("running", "API key verified. Expires: soon.")
    request = server.requests[0]
    assert (request.method, request.target, request.key) == (
        "POST",
        "/api/verify",
        "account-key",
    )


def test_a_key_is_checked_in_the_documented_dialect() -> None:
    good = {"status": "ok", "result": {"expires": "2036-01-01T00:00:00Z"}, "message": "ok"}
    with (
        ScriptedServer([html_answer("<html>", 404), json_answer(good)]) as server,
        client_for(server) as client,
    ):
        status = client.verify_key()
    assert status.dialect == "documented"
    assert status.expires is not None
    assert status.expires.year == 2036
    request = server.requests[1]
    assert (request.method, request.path, request.key) == ("POST", "/api/auth", "account-key")
    assert request.query == {"key": "account-key"}


def test_a_key_that_is_not_good_is_told_and_not_renewed() -> None:
    with (
        ScriptedServer([key_refusal()]) as server,
        client_for(server) as client,
        pytest.raises(errors.KeyRefused),
    ):
        client.verify_key()


def test_a_closed_client_has_no_connections_left() -> None:
    seen = threading.Event()

    def script(_: Received) -> Answer:
        seen.set()
        return json_answer({"status": "ok", "result": []})

    with ScriptedServer(script) as server:
        with client_for(server) as client:
            client.datasets().close()
        with pytest.raises(RuntimeError, match="closed"):
            client.datasets()
    assert seen.is_set()
