"""The cookbook's questions, asked in every way a person may ask them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import pytest

from lccmirror.browse.app import datasette_for
from lccmirror.browse.metadata import DATABASE, metadata
from lccmirror.catalog.connection import open_writer
from lccmirror.clock import from_text, utc_now
from lccmirror.demo.populate import populate
from lccmirror.query import open_readonly, run_query
from lccmirror.query.cookbook import Question, Value, cookbook, values_for
from lccmirror.query.parquet_export import Watch, export_parquet
from tests.support.searches import SearchSite

QUESTIONS = cookbook()
PORTABLE = [question for question in QUESTIONS if question.sqlite is None]
# What a mirror of this site has nothing of.
EMPTY = {"not_here", "same_star_twice"}

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchSite]:
    with SearchSite(tmp_path_factory.mktemp("site"), objects=40) as made:
        # The misbehaving server is the demonstration's, and behaves unless told otherwise.
        populate(made.server)
        made.sync()
        made.run()
        yield made


@pytest.fixture(scope="module")
def daemon(site: SearchSite) -> Iterator[sqlite3.Connection]:
    """Hold the catalog as a living daemon does: in WAL mode, writing."""
    with contextlib.closing(open_writer(site.root / "catalog.sqlite")) as conn:
        conn.execute("INSERT OR REPLACE INTO mirror VALUES ('written', 'now')")
        yield conn


@pytest.fixture(scope="module")
def catalog(site: SearchSite, daemon: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    uri = f"{(site.root / 'catalog.sqlite').as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as conn:
        yield conn


def expected(question: Question, catalog: sqlite3.Connection) -> Rows:
    return catalog.execute(question.sql, values_for(question, catalog)).fetchall()


def by_name(question: Question) -> str:
    return question.name


def same(ours: Sequence[tuple[Any, ...]], theirs: Sequence[Sequence[Any]]) -> bool:
    """Tell whether answers are the same; DuckDB and SQLite have sines of their own."""

    def equal(one: Any, other: Any) -> bool:
        if isinstance(one, float) and isinstance(other, float):
            return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-7)
        if isinstance(other, Decimal):
            # A sum of integers, which DuckDB makes of 128 bits.
            return isinstance(one, int) and one == other
        if isinstance(other, datetime):
            return isinstance(one, str) and from_text(one) == other.astimezone(UTC)
        return type(one) is type(other) and bool(one == other)

    return len(ours) == len(theirs) and all(
        len(one) == len(other) and all(map(equal, one, other))
        for one, other in zip(ours, theirs, strict=True)
    )


# --- the book -----------------------------------------------------------------------------


def test_there_are_twenty_questions_with_names_of_their_own() -> None:
    assert len(QUESTIONS) == len({question.name for question in QUESTIONS}) == 20
    assert all(question.title.endswith("?") and question.text for question in QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS, ids=by_name)
def test_every_parameter_has_a_value_here(
    question: Question, catalog: sqlite3.Connection
) -> None:
    values = values_for(question, catalog)
    assert set(values) == set(question.parameters)
    assert None not in values.values()


@pytest.mark.parametrize("question", QUESTIONS, ids=by_name)
def test_every_question_has_an_answer_here(
    question: Question, catalog: sqlite3.Connection
) -> None:
    assert bool(expected(question, catalog)) == (question.name not in EMPTY)


def test_stars_in_two_collections_are_found(
    tmp_path: Path, site: SearchSite, catalog: sqlite3.Connection
) -> None:
    """On a copy in which there are some, one of them on the other side of 0h."""
    [question] = [question for question in QUESTIONS if question.name == "same_star_twice"]
    with contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        catalog.backup(copy)
        copy.executemany(
            "INSERT INTO objects (collection, objectid, ra, decl, zone) VALUES (?, ?, ?, ?, ?)",
            [
                ("a", "one", 359.99995, -30.0, 360),
                ("b", "same", 0.0002, -30.0, 360),
                ("b", "too far", 0.002, -30.0, 360),
                ("a", "below", 10.0, 9.99995, 599),
                ("b", "above", 10.0, 10.00005, 600),
            ],
        )
        found = copy.execute(question.sql, values_for(question, copy)).fetchall()
    assert [(row[1], row[3], round(row[4], 2)) for row in found] == [
        ("below", "above", 0.36),
        ("one", "same", 0.78),
    ]


def test_only_what_is_no_text_is_a_parameter() -> None:
    question = Question("n", "t?", "t", """SELECT ':no', ":no", ':no''x', :yes, a.b::yes""")
    assert question.parameters == ("yes",)
    assert question.statement({"yes": "it's"}).startswith(
        """SELECT ':no', ":no", ':no''x', 'it''s'"""
    )


def test_a_form_takes_what_is_left_empty_from_the_defaults() -> None:
    question = Question("n", "t?", "t", "SELECT :n + 0.5 > 2, typeof(:n), :s")
    form = question.form({"n": 7, "s": "a'b"})
    with contextlib.closing(sqlite3.connect(":memory:")) as conn:
        assert conn.execute(form, {"n": "", "s": ""}).fetchone() == (1, "integer", "a'b")
        assert conn.execute(form, {"n": "1", "s": "x"}).fetchone() == (0, "integer", "x")


# --- SQLite -------------------------------------------------------------------------------


@pytest.mark.parametrize("question", QUESTIONS, ids=by_name)
def test_the_sqlite3_shell_answers(
    question: Question, site: SearchSite, catalog: sqlite3.Connection
) -> None:
    statement = question.statement(values_for(question, catalog))
    done = subprocess.run(
        ["/usr/bin/sqlite3", "-readonly", "-json", site.root / "catalog.sqlite", statement],
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout or "[]")
    assert same(expected(question, catalog), [list(row.values()) for row in answer])


@pytest.mark.parametrize("question", QUESTIONS, ids=by_name)
def test_lccmirror_query_answers(
    question: Question, site: SearchSite, catalog: sqlite3.Connection
) -> None:
    values = values_for(question, catalog)
    with open_readonly(site.root) as ours:
        assert list(run_query(ours, question.sql, values).rows) == expected(question, catalog)


# --- Datasette ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def datasette(site: SearchSite, catalog: sqlite3.Connection) -> Iterator[Any]:
    with open_readonly(site.root) as ours:
        made = datasette_for(ours.path, metadata(ours.connection))
    yield made
    made.get_database(DATABASE).close()


def ask(datasette: Any, path: str) -> Any:
    """Ask Datasette as over HTTP."""
    answer = asyncio.run(datasette.client.get(path))
    assert answer.status_code == 200, answer.text
    return answer.json() if ".json" in path else answer.text


@pytest.mark.parametrize("question", QUESTIONS, ids=by_name)
def test_datasette_answers_with_every_box_left_empty(
    question: Question, datasette: Any, catalog: sqlite3.Connection
) -> None:
    answer = ask(datasette, f"/{DATABASE}/{question.name}.json?_shape=arrays")
    assert same(expected(question, catalog), answer["rows"])


def test_datasette_answers_with_what_is_put_into_the_boxes(
    datasette: Any, catalog: sqlite3.Connection
) -> None:
    path = f"/{DATABASE}/bright_objects.json?_shape=arrays&faintest=11.5"
    (count,) = catalog.execute(
        "SELECT count(*) FROM objects JOIN lightcurves USING (collection, objectid) "
        "WHERE newest = 1 AND sdssr < 11.5"
    ).fetchone()
    assert len(ask(datasette, path)["rows"]) == count > 0


def test_datasette_shows_the_words_and_boxes_of_a_question(datasette: Any) -> None:
    page = ask(datasette, f"/{DATABASE}/cone")
    assert "Which objects are within a radius of a position?" in page
    assert page.count('name="radius_arcmin"') == 1
    assert "<code>radius_arcmin</code> = 30.0" in page


# --- DuckDB -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def duck(
    site: SearchSite, catalog: sqlite3.Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("export")
    export_parquet(site.root, folder, now=utc_now, watch=Watch(lambda *told: None, Event()))
    with contextlib.closing(duckdb.connect()) as conn:
        conn.execute(f"SET file_search_path = '{folder}'")
        conn.execute((folder / "duckdb.sql").read_text("utf-8"))
        yield conn


def fetched(duck: duckdb.DuckDBPyConnection, sql: str) -> Rows:
    """Return rows by way of Arrow: DuckDB's own way wants pytz for times."""
    table = duck.sql(sql).to_arrow_table()
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


@pytest.mark.parametrize("question", PORTABLE, ids=by_name)
def test_duckdb_answers_on_the_export(
    question: Question, duck: duckdb.DuckDBPyConnection, catalog: sqlite3.Connection
) -> None:
    values: dict[str, Value] = values_for(question, catalog)
    answer = fetched(duck, question.statement(values, "duckdb"))
    assert same(expected(question, catalog), answer)


def test_what_duckdb_cannot_be_asked_says_why() -> None:
    assert [(q.name, bool(q.sqlite)) for q in QUESTIONS if q not in PORTABLE] == [
        ("datasets_in_words", True)
    ]


def test_duckdb_has_every_dataset_as_a_table_and_all_of_them_as_one(
    duck: duckdb.DuckDBPyConnection, catalog: sqlite3.Connection
) -> None:
    sets = catalog.execute(
        "SELECT setid, nrows FROM datasets WHERE nrows IS NOT NULL ORDER BY setid"
    ).fetchall()
    assert len(sets) == 13
    counted = fetched(
        duck, "SELECT setid, count(*) FROM dataset_tables GROUP BY ALL ORDER BY 1"
    )
    assert counted == [row for row in sets if row[1]]
    for setid, nrows in sets:
        assert fetched(duck, f"SELECT count(*) FROM dataset('{setid}')") == [(nrows,)]
    (rows,) = catalog.execute("SELECT count(*) FROM latest_bright").fetchone()
    assert fetched(duck, "SELECT count(*) FROM latest_bright") == [(rows,)]
