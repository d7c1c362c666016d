"""The demo server's four searches, and how their streams end."""

from __future__ import annotations

import gzip
import json
import zlib
from base64 import b64decode
from collections.abc import Iterator

import pytest

from lccmirror.demo import DemoServer, Fate, populate
from lccmirror.demo.searches import separation_arcsec
from tests.support.rawhttp import RawClient, Reply, raw_client

EVERYTHING = {"filters": "(ndet gt 0)"}


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(objects=45, points=(5, 9), lczip_max_nrows=90) as server:
        yield server


@pytest.fixture
def client(server: DemoServer) -> Iterator[RawClient]:
    with raw_client(server.url, with_key=True) as client:
        yield client


def statuses(reply: Reply) -> list[str]:
    return [line["status"] for line in reply.lines()]


def rows_of(server: DemoServer, reply: Reply) -> list[dict[str, object]]:
    last = reply.lines()[-1]
    assert last["status"] == "ok", last
    return [dict(row) for row in server.truth(last["result"]["setid"])]


def test_a_search_tells_its_stages_a_line_each(server: DemoServer, client: RawClient) -> None:
    reply = client.search("columnsearch", EVERYTHING | {"columns[]": ["sdssr", "jmag"]})
    assert reply.headers["Transfer-Encoding"] == "chunked"
    assert statuses(reply) == ["queued", "running", "running", "running", "ok"]
    assert reply.body.endswith(b"\n")
    last = reply.lines()[-1]["result"]
    assert last["actual_nrows"] == last["total_nmatches"] == 90
    assert last["seturl"] == f"{server.url}/set/{last['setid']}"
    assert reply.lines()[3]["result"]["lczip"] == f"/p/lightcurves-{last['setid']}.zip"


def test_a_stream_is_compressed_line_by_line(client: RawClient) -> None:
    reply = client.ask(
        "POST", "/api/columnsearch", form=EVERYTHING, headers={"Accept-Encoding": "gzip"}
    )
    assert gzip.decompress(reply.body).count(b"\n") == 5
    # the first line can be read from the first chunk alone
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert b"\n" in reader.decompress(reply.body[:-20])


def test_a_search_needs_a_key(client: RawClient) -> None:
    client.key = None
    reply = client.search("columnsearch", EVERYTHING)
    assert reply.status == 403
    assert client.get("/api/columnsearch").status == 405


def test_a_cone_over_ra_zero_finds_both_sides() -> None:
    with (
        DemoServer(objects=150, points=(5, 9)) as server,
        raw_client(server.url, with_key=True) as client,
    ):
        form = {"coords": "00:00:00 -30:00:00 60"}
        rows = rows_of(server, client.search("conesearch", form))
        expected = {
            o.objectid
            for survey in server.surveys
            for o in survey.objects
            if separation_arcsec(0.0, -30.0, o.ra, o.decl) <= 3600.0
        }
    assert {row["db_oid"] for row in rows} == expected
    right_ascensions = [float(str(row["db_ra"])) for row in rows]
    assert min(right_ascensions) < 2.0
    assert max(right_ascensions) > 358.0


@pytest.mark.parametrize(
    ("filters", "test"),
    [
        ("(sdssr lt 12.5)", lambda v: v["sdssr"] is not None and v["sdssr"] < 12.5),
        ("(sdssr ge 14) and (ndet ne 6)", lambda v: (v["sdssr"] or 0) >= 14 and v["ndet"] != 6),
        ("(objtype eq 'EA')", lambda v: v["objtype"] == "EA"),
        ("(starname ct 'banana')", lambda v: "banana" in (v["starname"] or "")),
        ("(propermotion is null)", lambda v: v["propermotion"] is None),
    ],
)
def test_filters_in_words(
    server: DemoServer, client: RawClient, filters: str, test: object
) -> None:
    assert callable(test)
    rows = rows_of(server, client.search("columnsearch", {"filters": filters}))
    objects = [o for survey in server.surveys for o in survey.objects if test(o.values)]
    assert objects
    assert {row["db_oid"] for row in rows} == {o.objectid for o in objects}


@pytest.mark.parametrize(
    "filters",
    [
        "(sdssr < 12.5)",
        "(sdssr > 0)",
        "(nonsense gt 0)",
        "(remarks eq 'Blazhko effect')",
        "",
        "(sdssr gt",
    ],
)
def test_a_filter_that_is_refused_looks_like_no_match(client: RawClient, filters: str) -> None:
    reply = client.search("columnsearch", {"filters": filters})
    assert statuses(reply) == ["queued", "failed"]
    assert reply.lines()[-1]["result"]["actual_nrows"] == 0
    assert reply.body.endswith(b"}")
    setid = reply.lines()[0]["result"]["setid"]
    assert client.get(f"/set/{setid}?json=1").status == 404


def test_full_text(server: DemoServer, client: RawClient) -> None:
    rows = rows_of(server, client.search("ftsquery", {"ftstext": "starname:Fernando"}))
    assert rows
    assert {row["starname"] for row in rows} == {"Fernando-42"}
    assert {"relevance", "extra_info"} <= set(rows[0])
    assert statuses(client.search("ftsquery", {"ftstext": '"unfinished'}))[-1] == "failed"
    assert statuses(client.search("ftsquery", {"ftstext": "ab"})) == ["failed"]


def test_a_cross_match_keeps_the_names_and_drops_zeros(
    server: DemoServer, client: RawClient
) -> None:
    one, two = server.surveys[0].objects[:2]
    lines = "\n".join(
        (
            "# objectid ra decl",
            f"x {one.ra:.5f} {one.decl:.5f}",
            f"x {two.ra:.5f} {two.decl:.5f}",
            "zero 0.0 -30.0",
        )
    )
    rows = rows_of(server, client.search("xmatch", {"xmq": lines, "xmd": "3"}))
    assert [(r["in_objectid"], r["db_oid"]) for r in rows] == [
        ("x", one.objectid),
        ("x_2", two.objectid),
    ]
    missing = client.search("xmatch", {"xmd": "3"})
    assert missing.status == 400
    assert missing.json()["status"] == "failed"


def test_sorting_sampling_and_limits(server: DemoServer, client: RawClient) -> None:
    form = EVERYTHING | {"sortspec": '[["jmag", "desc"]]', "limitspec": "-7"}
    reply = client.search("columnsearch", form)
    rows = rows_of(server, reply)
    result = reply.lines()[-1]["result"]
    assert (result["total_nmatches"], result["actual_nrows"]) == (90, 7)
    magnitudes = [float(str(row["jmag"])) for row in rows]
    assert magnitudes == sorted(magnitudes, reverse=True)
    sampled = client.search("columnsearch", EVERYTHING | {"samplespec": "12"})
    assert len(rows_of(server, sampled)) == 12


def test_columns_that_not_all_have_are_dropped(server: DemoServer, client: RawClient) -> None:
    columns = ["kmag", "parallax", "sdssr", "nonsense"]
    rows = rows_of(server, client.search("columnsearch", EVERYTHING | {"columns[]": columns}))
    assert {"kmag", "parallax", "sdssr", "nonsense"} & set(rows[0]) == {"sdssr"}


@pytest.mark.parametrize(
    ("form", "stages"),
    [
        ({"collections[]": "demo-field-a"}, ["queued"]),
        ({"sortspec": '[[["sdssr", "asc"]]]'}, ["queued"]),
        ({"sortspec": '[["nonsense", "asc"]]'}, ["queued", "running"]),
    ],
)
def test_a_crash_ends_the_stream_without_a_word(
    client: RawClient, form: dict[str, str], stages: list[str]
) -> None:
    reply = client.search("columnsearch", EVERYTHING | form)
    assert reply.status == 200
    assert statuses(reply) == stages
    assert reply.body.endswith(b"\n")


def test_bad_coordinates_are_answered_with_two_objects_glued(client: RawClient) -> None:
    reply = client.search("conesearch", {"coords": "-10 20"})
    assert reply.body.count(b"}{") == 1
    assert int(reply.headers["Content-Length"]) == len(reply.body)


def test_more_rows_than_a_zip_may_have(server: DemoServer) -> None:
    with (
        DemoServer(objects=45, points=(5, 9), lczip_max_nrows=50) as small,
        raw_client(small.url, with_key=True) as client,
    ):
        reply = client.search("columnsearch", EVERYTHING)
        assert statuses(reply) == ["queued", "running", "background"]
        setid = reply.lines()[0]["result"]["setid"]
        before = client.get(f"/set/{setid}?json=1").json()
        assert (before["status"], before["lczipfpath"]) == ("in progress", None)
        assert client.get("/api/datasets").json()["status"] == "failed"
        assert small.advance()
        after = client.get(f"/set/{setid}?json=1").json()
        assert (after["status"], after["lczipfpath"]) == ("complete", None)
        assert not small.advance()


def test_a_query_timeout_leaves_a_set_that_nobody_owns(
    server: DemoServer, client: RawClient
) -> None:
    server.next_search(Fate.QUERY_TIMEOUT)
    reply = client.search("columnsearch", EVERYTHING)
    assert statuses(reply) == ["queued", "background"]
    assert reply.body.endswith(b"}")
    setid = reply.lines()[0]["result"]["setid"]
    seen = []
    while server.advance():
        answer = client.get(f"/set/{setid}?json=1").json()
        seen.append((answer["status"], answer["lczipfpath"] is not None))
    assert seen == [
        ("in progress", False),
        ("in progress", True),
        ("in progress", True),
        ("complete", True),
    ]
    assert answer["owned"] is False


def test_a_query_timeout_without_a_match_leaves_nothing(
    server: DemoServer, client: RawClient
) -> None:
    server.next_search(Fate.QUERY_TIMEOUT)
    reply = client.search("conesearch", {"coords": "120.0 10.0"})
    assert statuses(reply) == ["queued", "background"]
    assert not server.advance()
    setid = reply.lines()[0]["result"]["setid"]
    assert client.get(f"/set/{setid}?json=1").status == 404


def test_the_documented_stream_counts_objects_and_ends_every_line() -> None:
    with (
        DemoServer(dialect="documented", objects=10, points=(5, 9)) as server,
        raw_client(server.url, with_key=True) as client,
    ):
        reply = client.search("columnsearch", EVERYTHING)
        assert reply.lines()[1]["result"]["nobjects"] == 20
        assert reply.lines()[-1]["result"]["nobjects"] == 20
        assert "total_nmatches" not in reply.lines()[-1]["result"]
        bad = client.search("conesearch", {"coords": "x"})
        assert statuses(bad) == ["failed", "failed"]
        none = client.search("conesearch", {"coords": "120.0 10.0"})
        assert none.lines()[-1]["result"]["nobjects"] == 0
        assert none.body.endswith(b"\n")


def test_a_multipart_form_is_read_and_parameters_in_the_url_are_not(client: RawClient) -> None:
    boundary = "xyz"
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="filters"\r\n\r\n'
    content = f"{part}(ndet gt 0)\r\n--{boundary}--\r\n".encode()
    reply = client.ask_raw(
        "POST", "/api/columnsearch", content, f"multipart/form-data; boundary={boundary}"
    )
    assert statuses(reply)[-1] == "ok"
    ignored = client.search("columnsearch?filters=(ndet+gt+0)", {})
    assert statuses(ignored)[-1] == "failed"


def test_object_information_has_pictures(server: DemoServer, client: RawClient) -> None:
    variable = next(o for o in server.surveys[0].objects if o.star.kind == "RRab")
    query = f"objectid={variable.objectid}&collection=demo_field_a"
    known = client.get(f"/api/object?{query}").json()["result"]
    assert known["objectinfo"]["ra"] == variable.ra
    for picture in ("finderchart", "magseries"):
        assert b64decode(known[picture]).startswith(b"\x89PNG")
    assert known["gls"]["nbestperiods"][0] == variable.star.period_d
    assert client.get("/api/object?objectid=x&collection=demo_field_a").status == 404


def test_the_demo_begins_with_a_dozen_sets_of_all_four_searches() -> None:
    with DemoServer(points=(20, 30)) as server:
        setids = populate(server)
        assert len(setids) == 12
        assert len({server.dataset(s).searchtype for s in setids}) == 4
        assert all(server.truth(s) for s in setids)
        assert {d.setid for d in server.datasets()} == set(setids)
        assert json.loads(json.dumps(server.truth(setids[0]))) == server.truth(setids[0])
