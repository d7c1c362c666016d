"""What WIRE.md states of a dataset's two published tables, and of what each one loses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.real.conftest import SeededServer, ServerMaker
from tests.real.environment import RealEnvironment
from tests.real.searches import everything_in
from tests.real.seed import Seeder, wait_until_complete
from tests.real.truth import TableTruth, Value
from tests.real.waiting import wait_for
from tests.real.wire import Wire

# every object of synth_alpha and of synth_beta with every column: see searches.sixty
FULL = (1, 2)


@pytest.fixture
def wire(sixty: SeededServer) -> Wire:
    return Wire(sixty.url).with_new_key()


@pytest.fixture(params=FULL)
def full(
    request: pytest.FixtureRequest, sixty: SeededServer, real_env: RealEnvironment
) -> TableTruth:
    setid = sixty.made[request.param].setid
    return sixty.truth.tables(real_env, [setid])[setid]


def published_json(wire: Wire, setid: str, query: str = "") -> Any:
    answer = wire.get(f"/set/{setid}?json=1{query}")
    assert answer.status == 200
    return answer.json()


def as_json_damages_it(value: Value) -> Any:
    text = json.dumps(value).replace("nan", "null").replace("NaN", "null")
    return json.loads(text)


def as_csv_damages_it(value: Value, how: str) -> str:
    if value is None and "f" in how:
        return "nan"
    if value is None and "i" in how:
        return "-9999"
    return (how % value).replace("|", "; ")


def test_the_json_loses_nan_in_texts_and_nothing_else(wire: Wire, full: TableTruth) -> None:
    document = published_json(wire, full.setid)
    assert document["rows"] == [[as_json_damages_it(v) for v in row] for row in full.rows]
    texts = [v for row in full.rows for v in row if isinstance(v, str)]
    assert "one\nand" in texts
    assert as_json_damages_it("one\nand") == "one\nulld"
    # the last of these is not damage: there is no NaN among the numbers, NULL is null
    for row, published in zip(full.rows, document["rows"], strict=True):
        assert [v is None for v in row] == [v is None for v in published]


def test_the_csv_loses_pipes_nulls_and_digits_and_quotes_nothing(
    wire: Wire, full: TableTruth
) -> None:
    answer = wire.get(f"/d/dataset-{full.setid}.csv")
    assert answer.headers.get_content_type() == "text/csv"
    head, _, body = answer.body.decode().partition("\n# }\n")
    header = json.loads("\n".join(line[2:] for line in (head + "\n# }").split("\n")))
    assert tuple(header["columns"]) == full.columns
    formats = [header["coldesc"][name]["format"] for name in full.columns]
    lines = ("|".join(map(as_csv_damages_it, row, formats)) + "\n" for row in full.rows)
    assert body == "".join(lines)
    assert body.count("\n") > len(full.rows)  # raw newlines in texts


def test_the_csv_header_leaks_paths_and_has_no_rows(
    wire: Wire, sixty: SeededServer, full: TableTruth
) -> None:
    csv = wire.get(f"/d/dataset-{full.setid}.csv").body.decode()
    head = csv.partition("\n# }\n")[0] + "\n# }"
    header = json.loads("\n".join(line[2:] for line in head.split("\n")))
    assert header["dataset_csv"] == str(sixty.truth.products(full.setid).csv)
    assert header["actual_nrows"] == len(full.rows)
    assert not {"rows", "result", "status", "currpage", "owned"} & set(header)


def test_formatted_rows_are_those_of_the_csv_with_the_jsons_damage(
    wire: Wire, full: TableTruth
) -> None:
    document = published_json(wire, full.setid, "&strformat=1")
    formats = [document["coldesc"][name]["format"] for name in full.columns]
    assert document["rows"] == [
        [
            as_json_damages_it(as_csv_damages_it(v, how))
            for v, how in zip(row, formats, strict=True)
        ]
        for row in full.rows
    ]


def test_the_json_has_no_envelope_and_its_own_names(wire: Wire, full: TableTruth) -> None:
    document = published_json(wire, full.setid)
    assert document["status"] == "complete"
    assert document["setid"] == full.setid
    assert {"message", "created_on", "nobjects", "description"}.isdisjoint(document)
    assert {"created", "updated", "desc", "actual_nrows", "total_nmatches"} <= set(document)
    assert document["lczipfpath"] == f"/p/lightcurves-{full.setid}.zip"
    assert len(document["result"]) == len(full.rows)
    assert all(set(row) == set(full.columns) for row in document["result"])


def test_an_unknown_dataset_is_a_404_with_an_envelope(wire: Wire) -> None:
    answer = wire.get("/set/AAAAAAAAAAA?json=1")
    assert answer.status == 404
    assert answer.json()["status"] == "failed"


def test_pages_start_empty_carry_everything_and_never_end(make_server: ServerMaker) -> None:
    server = make_server(dataset_rows_per_page=10)
    seeder = Seeder(server.url)
    made = seeder.make(everything_in("synth_beta", ("sdssr",)))
    wait_until_complete(server.basedir, [made])
    wire = seeder.wire
    # Page 1 is rendered with the dataset; page 4 by the first request for it, which does
    # not wait for its own work. (Page 1 has not been asked for: it would render 2 to 4.)
    early = published_json(wire, made.setid, "&page=4")
    assert early["status"] == "complete"
    assert early["rows"] == []
    assert early["page_slices"][3] == [30, 40]

    def rendered() -> list[Any] | None:
        rows = published_json(wire, made.setid, "&page=4")["rows"]
        return rows or None

    rows = wait_for("page 4 to be rendered", rendered, deadline_s=20)
    first = published_json(wire, made.setid)
    assert first["npages"] == 7
    assert first["rows_per_page"] == 10
    assert len(first["rows"]) == 10
    assert len(first["result"]) == first["actual_nrows"] == 64
    columns = first["columns"]
    assert [[row[name] for name in columns] for row in first["result"][30:40]] == rows
    assert first["page_slices"][6] == [60, 70]  # past the end
    beyond = published_json(wire, made.setid, "&page=99")
    assert (beyond["rows"], beyond["currpage"], len(beyond["result"])) == ([], 99, 64)


def test_twenty_thousand_rows_are_in_every_page(wire: Wire, sixty: SeededServer) -> None:
    setid = sixty.made[0].setid
    document = published_json(wire, setid)
    assert len(document["rows"]) == document["rows_per_page"] == 500
    assert len(document["result"]) == document["actual_nrows"] == 20_000
    assert document["lczipfpath"] is None
