"""What WIRE.md states of the searches: their streams' end states, and what becomes of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.real.conftest import BasedirMaker, ServerMaker
from tests.real.searches import (
    Extras,
    Search,
    columnsearch,
    conesearch,
    everything_in,
    ftsquery,
    xmatch,
)
from tests.real.seed import Seeder, is_complete, wait_until_complete
from tests.real.server import RealServer
from tests.real.truth import Truth
from tests.real.waiting import wait_for
from tests.real.wire import Answer, Wire

ONLY_A = Extras(collections=("synth_alpha",))
TOO_SHORT_S = 0.0001


@pytest.fixture
def wire(real_server: RealServer) -> Wire:
    return Wire(real_server.url).with_new_key()


def sent(wire: Wire, search: Search) -> Answer:
    return wire.post(f"/api/{search.service}", search.form)


def states(answer: Answer) -> list[str]:
    return [document["status"] for document in answer.documents()]


def unique(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


def test_a_search_streams_its_states_and_ends_with_ok(wire: Wire) -> None:
    answer = sent(wire, conesearch(290.0, 45.0, 60.0))
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert states(answer) == ["queued", "running", "running", "running", "ok"]
    assert answer.body.endswith(b"}\n")
    first, *_, last = answer.documents()
    assert first["result"]["setid"] == last["result"]["setid"]
    assert {"actual_nrows", "npages", "rows_per_page", "seturl"} <= set(last["result"])
    assert "nobjects" not in last["result"]
    assert last["time"].endswith("Z")
    assert last["result"]["seturl"] == f"{wire.url}/set/{last['result']['setid']}"


def test_a_set_that_is_too_large_for_a_zip_goes_on_in_the_background(
    make_server: ServerMaker,
) -> None:
    server = make_server(lczip_max_nrows=10)
    seeder = Seeder(server.url)
    answer = sent(seeder.wire, everything_in("synth_beta"))
    assert unique(states(answer)) == ["queued", "running", "background"]
    assert answer.body.endswith(b"}\n")
    setid = answer.documents()[-1]["result"]["setid"]
    wait_for("completion", lambda: is_complete(server.basedir, setid), deadline_s=60)
    document = seeder.wire.get(f"/set/{setid}?json=1").json()
    assert document["status"] == "complete"
    assert document["lczipfpath"] is None
    assert seeder.wire.get(f"/p/lightcurves-{setid}.zip").status == 404
    [item] = seeder.wire.get("/api/datasets").json()["result"]
    assert item["lczip_fpath"] is None


def test_a_zip_that_takes_too_long_is_finished_in_the_background(
    make_server: ServerMaker,
) -> None:
    server = make_server(lczip_timeout_sec=TOO_SHORT_S)
    seeder = Seeder(server.url)
    answer = sent(seeder.wire, everything_in("synth_alpha"))
    assert unique(states(answer)) == ["queued", "running", "background"]
    assert answer.body.endswith(b"}")
    setid = answer.documents()[-1]["result"]["setid"]
    wait_for("completion", lambda: is_complete(server.basedir, setid), deadline_s=60)
    document = seeder.wire.get(f"/set/{setid}?json=1").json()
    assert document["lczipfpath"] == f"/p/lightcurves-{setid}.zip"


def test_a_set_that_a_kill_left_in_progress_stays_so_unlisted_with_its_table(
    make_server: ServerMaker, make_basedir: BasedirMaker
) -> None:
    server = make_server(make_basedir(large=True))
    seeder = Seeder(server.url)
    url = server.url
    made = seeder.make(everything_in("synth_large", ("sdssr",)))
    server.kill()
    [row] = Truth(server.basedir).datasets(status=None)
    assert (row.setid, row.status, row.nobjects) == (made.setid, "in progress", 20_000)
    assert server.start().url == url
    document = seeder.wire.get(f"/set/{made.setid}?json=1").json()
    assert document["status"] == "in progress"
    assert document["lczipfpath"] is None
    assert len(document["result"]) == 20_000
    csv = seeder.wire.get(f"/d/dataset-{made.setid}.csv").body
    assert csv.partition(b"\n# }\n")[2].count(b"\n") >= 20_000
    assert seeder.wire.get("/api/datasets").json()["status"] == "failed"


def in_background(wire: Wire, search: Search) -> Answer:
    """Search until the time was too short: the query may be done before the server looks."""
    for _ in range(5):
        answer = sent(wire, search)
        if states(answer) == ["queued", "background"]:
            return answer
    raise AssertionError(f"never put into the background: {states(answer)}")


def test_a_query_that_takes_too_long_makes_a_set_that_its_maker_does_not_own(
    make_server: ServerMaker,
) -> None:
    server = make_server(query_timeout_sec=TOO_SHORT_S)
    seeder = Seeder(server.url)
    answer = in_background(seeder.wire, everything_in("synth_beta"))
    assert answer.body.endswith(b"}")
    setid = answer.documents()[-1]["result"]["setid"]
    wait_for("completion", lambda: is_complete(server.basedir, setid), deadline_s=60)
    assert seeder.wire.get(f"/set/{setid}?json=1").json()["owned"] is False


def test_a_background_query_that_finds_nothing_stays_unknown(make_server: ServerMaker) -> None:
    seeder = Seeder(make_server(query_timeout_sec=TOO_SHORT_S).url)
    answer = in_background(seeder.wire, columnsearch("(ndet lt 0)"))
    setid = answer.documents()[-1]["result"]["setid"]
    assert seeder.wire.get(f"/set/{setid}?json=1").status == 404


@pytest.mark.parametrize(
    "search",
    [
        columnsearch("(ndet lt 0)"),
        columnsearch("(nosuchcolumn gt 0)"),
        # these operators are escaped for HTML before they are parsed
        columnsearch("(sdssr < 13)"),
        columnsearch("(sdssr >= 12)"),
        ftsquery("zzzznothing"),
        ftsquery('"unbalanced'),
        xmatch([("far", 180.0, 80.0)]),
    ],
    ids=["nothing", "unknown column", "less", "at least", "no text", "syntax", "no match"],
)
def test_no_match_and_a_mistake_look_the_same(wire: Wire, search: Search) -> None:
    answer = sent(wire, search)
    assert answer.status == 200
    assert states(answer) == ["queued", "failed"]
    assert answer.body.endswith(b"}")
    result = answer.documents()[-1]["result"]
    assert result["actual_nrows"] == 0
    # a busy server has been seen to say 401, with `"message": null`, the first time
    page = f"/set/{result['setid']}?json=1"
    wait_for("404", lambda: wire.get(page).status == 404, deadline_s=10)


@pytest.mark.parametrize(
    "filters",
    [
        "(sdssr lt 13)",
        "(ndet eq 120)",
        "(ndet = 120)",
        "(varflag ne 2)",
        "(sdssr between 10 and 12)",
        "(sdssr gt 10) and (sdssr le 14)",
        "(varflag is null)",
        "(starname ct 'Fernando')",
    ],
)
def test_these_conditions_work(wire: Wire, filters: str) -> None:
    assert states(sent(wire, columnsearch(filters)))[-1] == "ok"


def test_bad_coordinates_are_answered_by_two_documents_glued_together(wire: Wire) -> None:
    answer = wire.post("/api/conesearch", [("coords", "nonsense"), ("visibility", "public")])
    assert answer.status == 200
    assert states(answer) == ["failed", "failed"]
    assert b"}{" in answer.body
    assert "Content-Length" in answer.headers
    assert [document["result"] for document in answer.documents()] == [None, None]


def test_a_cross_match_of_nothing_is_a_bad_request(wire: Wire) -> None:
    answer = wire.post("/api/xmatch", [("xmd", "3")])
    assert answer.status == 400
    assert answer.json()["status"] == "failed"


def test_a_collection_by_another_name_than_its_database_id_ends_the_stream_at_queued(
    wire: Wire,
) -> None:
    for name in ("synth-beta", "nosuch"):
        answer = sent(wire, everything_in(name))
        assert answer.status == 200
        assert states(answer) == ["queued"]


def test_an_unknown_sort_column_ends_the_stream_at_running(wire: Wire) -> None:
    search = columnsearch("(ndet gt 0)", replace(ONLY_A, sort=(("nosuch", "asc"),)))
    assert unique(states(sent(wire, search))) == ["queued", "running"]


def test_sample_sort_and_limit_shape_the_table(wire: Wire, real_server: RealServer) -> None:
    extras = replace(
        ONLY_A,
        columns=("jmag",),
        filters="(kmag gt 0)",
        sort=(("kmag", "desc"),),
        limit=5,
        sample=20,
    )
    made = Seeder(real_server.url).make(columnsearch("(ndet gt 0)", extras))
    wait_until_complete(real_server.basedir, [made])
    document = wire.get(f"/set/{made.setid}?json=1").json()
    assert document["actual_nrows"] == 5
    assert document["total_nmatches"] > 20
    assert "kmag" in document["columns"]  # added, because the order needs it
    values = [row[document["columns"].index("kmag")] for row in document["rows"]]
    assert values == sorted(values, reverse=True)


def test_only_columns_of_all_collections_are_given(wire: Wire) -> None:
    search = columnsearch("(ndet gt 0)", Extras(columns=("fieldname", "sdssr"), limit=2))
    setid = sent(wire, search).documents()[-1]["result"]["setid"]
    columns = wire.get(f"/set/{setid}?json=1").json()["columns"]
    assert "sdssr" in columns
    assert "fieldname" not in columns


def test_a_position_of_exactly_zero_is_dropped_from_a_cross_match(wire: Wire) -> None:
    near = [("zero", 0.0, -30.0), ("other", 359.995, -29.999)]
    answer = sent(wire, xmatch(near, 29.0))
    setid = answer.documents()[-1]["result"]["setid"]
    document = wire.get(f"/set/{setid}?json=1").json()
    names = {row[document["columns"].index("in_objectid")] for row in document["rows"]}
    assert names == {"other"}


def test_search_arguments_are_damaged_in_the_set_and_whole_in_the_list(
    wire: Wire, real_server: RealServer
) -> None:
    made = Seeder(real_server.url).make(ftsquery("Fernando"))
    wait_until_complete(real_server.basedir, [made])
    args = wire.get(f"/set/{made.setid}?json=1").json()["searchargs"]
    assert args["ftsquerystr"] == "Fernulldo"
    items = wire.get("/api/datasets?nsets=-1").json()["result"]
    [item] = [each for each in items if each["setid"] == made.setid]
    assert json.loads(item["query_params"])["ftsquerystr"] == "Fernando"
