"""Statements on a read-only catalog: what they answer, and how what is wrong is said."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lccmirror.errors import Damaged, LocalError, MirrorLocked
from lccmirror.query import ReadOnlyCatalog, open_readonly, run_query
from lccmirror.query.caret import error_offset, marked
from tests.support.statements import refusal, rows

ENDLESS = "with recursive c(x) as (select 1 union all select x + 1 from c) select max(x) from c"


def make_catalog(root: Path) -> Path:
    path = root / "catalog.sqlite"
    conn = sqlite3.connect(path)
    conn.executescript(
        """
        PRAGMA user_version = 1;
        CREATE TABLE datasets (setid TEXT, name TEXT, nobjects INTEGER);
        CREATE TABLE objects (objectid TEXT, ra REAL, decl REAL);
        CREATE VIEW latest_movers AS SELECT objectid FROM objects;
        CREATE INDEX by_position ON objects (ra, decl);
        INSERT INTO datasets VALUES ('aa', 'first', 10), ('bb', 'second', NULL);
        INSERT INTO objects VALUES ('HAT-1', 280.1, -30.2);
        """
    )
    conn.close()
    return path


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[ReadOnlyCatalog]:
    make_catalog(tmp_path)
    with open_readonly(tmp_path) as opened:
        yield opened


def test_a_statement_answers_with_its_columns_and_rows(catalog: ReadOnlyCatalog) -> None:
    result = run_query(
        catalog, "select setid, nobjects from datasets where name = :n", {"n": "second"}
    )
    assert result.columns == ("setid", "nobjects")
    assert list(result.rows) == [("bb", None)]


def test_rows_come_as_they_are_asked_for(catalog: ReadOnlyCatalog) -> None:
    endless = "with recursive c(x) as (select 1 union all select x + 1 from c) select x from c"
    assert list(itertools.islice(run_query(catalog, endless).rows, 2)) == [(1,), (2,)]


@pytest.mark.parametrize(
    "sql",
    [
        "select objectid from latest_movers",
        "select value from json_each('[1, 2]')",
        "select name from pragma_table_info('datasets')",
        "pragma table_info(datasets)",
        "pragma user_version",
        "explain query plan select * from datasets",
        "select name from sqlite_master",
        "values (1), (2)",
        "with recursive c(x) as (values (1) union all select x from c limit 3) select * from c",
        "select count(*) from datasets;  -- and a comment",
    ],
)
def test_everything_that_reads_is_allowed(catalog: ReadOnlyCatalog, sql: str) -> None:
    assert rows(catalog, sql)


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("insert into datasets values ('cc', '', 1)", "INSERT"),
        ("update datasets set name = ''", "UPDATE"),
        ("delete from datasets", "DELETE"),
        ("drop table datasets", "DROP"),
        ("create table t (a)", "CREATE"),
        ("create temp table t (a)", "CREATE"),
        ("alter table datasets rename to d", "ALTER"),
        ("attach ':memory:' as other", "ATTACH"),
        ("vacuum", ""),
        ("reindex", "REINDEX"),
        ("analyze", ""),
        ("begin", "BEGIN"),
        ("savepoint s", "SAVEPOINT"),
        ("pragma journal_mode = delete", "PRAGMA journal_mode"),
        ("pragma query_only = off", "PRAGMA query_only"),
        ("pragma writable_schema = on", "PRAGMA writable_schema"),
        ("pragma user_version = 7", "PRAGMA user_version"),
        ("create virtual table v using fts5(a)", "CREATE"),
        ("select load_extension('x')", "load_extension"),
    ],
)
def test_everything_that_does_more_than_read_is_refused(
    tmp_path: Path, catalog: ReadOnlyCatalog, sql: str, named: str
) -> None:
    before = catalog.path.read_bytes()
    error = refusal(catalog, sql)
    assert "read-only" in error.message
    assert named in error.message
    assert catalog.path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["catalog.sqlite"]


def test_the_schema_itself_cannot_be_edited(catalog: ReadOnlyCatalog) -> None:
    before = catalog.path.read_bytes()
    rows(catalog, "select 1 from json_each('[1]')")
    refusal(catalog, "update sqlite_master set sql = '' where name = 'datasets'")
    assert catalog.path.read_bytes() == before


def test_vacuum_into_writes_no_file(tmp_path: Path, catalog: ReadOnlyCatalog) -> None:
    target = tmp_path / "copy.sqlite"
    refusal(catalog, f"vacuum into '{target}'")
    assert not target.exists()


def test_a_refusal_does_not_colour_the_next_error(catalog: ReadOnlyCatalog) -> None:
    refusal(catalog, "delete from datasets")
    assert "read-only" not in refusal(catalog, "select nam from datasets").message


def test_two_statements_are_refused_and_none_is_run(catalog: ReadOnlyCatalog) -> None:
    assert "more than one statement" in refusal(catalog, "select 1; select 2").message


@pytest.mark.parametrize("sql", ["", "  \n", "-- nothing", ";"])
def test_no_statement_at_all_is_said(catalog: ReadOnlyCatalog, sql: str) -> None:
    assert "no SQL statement" in refusal(catalog, sql).message


def test_a_syntax_error_shows_the_place(catalog: ReadOnlyCatalog) -> None:
    error = refusal(catalog, "select from_x,\n  name frm from datasets from objects")
    lines = error.message.split("\n")
    assert lines[0] == 'near "from": syntax error'
    assert lines[1][lines[2].index("^") :].startswith("from objects")


def test_an_unfinished_statement_shows_its_end(catalog: ReadOnlyCatalog) -> None:
    lines = refusal(catalog, "select * from").message.split("\n")
    assert lines[0] == "incomplete input"
    assert lines[2].index("^") == len("  select * from")


def test_an_unclosed_text_shows_where_it_begins(catalog: ReadOnlyCatalog) -> None:
    lines = refusal(catalog, "select 'a', 'b from datasets").message.split("\n")
    assert lines[1][lines[2].index("^") :] == "'b from datasets"


def test_looking_for_the_place_of_an_error_runs_nothing(tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite"
    error_offset(f"vacuum into '{target}' x x", 'near "x": syntax error')
    error_offset(ENDLESS + " c c", 'near "c": syntax error')
    assert not target.exists()


def test_the_line_of_an_error_fits_and_keeps_the_caret_below_its_word() -> None:
    line = "select " + "a, " * 200 + "from from t"
    text, caret = marked(line, line.index("from from") + 5).split("\n")
    assert len(text) <= 80
    assert text[caret.index("^") :] == "from t"


def test_control_characters_in_a_statement_are_escaped_in_the_message() -> None:
    text, caret = marked("select \x1b[2J from from t", 17).split("\n")
    assert "\x1b" not in text
    assert text[caret.index("^") :] == "from t"


def test_an_unknown_table_names_the_nearest(catalog: ReadOnlyCatalog) -> None:
    error = refusal(catalog, "select * from datasett")
    assert error.message == "no such table: datasett"
    assert error.hint == "did you mean datasets?"


def test_a_table_like_no_other_names_them_all(catalog: ReadOnlyCatalog) -> None:
    assert refusal(catalog, "select * from zzz").hint == (
        "there are: datasets, latest_movers, objects"
    )


def test_a_list_of_tables_that_is_cut_says_so(tmp_path: Path) -> None:
    path = make_catalog(tmp_path)
    with closing(sqlite3.connect(path)) as conn:
        for number in range(70):
            conn.execute(f"CREATE VIEW latest_{number:02} AS SELECT 1 AS one")
    with open_readonly(tmp_path) as catalog:
        hint = refusal(catalog, "select * from zzz").hint
    assert hint is not None
    assert hint.startswith("there are: datasets, latest_00, ")
    assert hint.endswith(", latest_58 and 13 more")


def test_an_unknown_column_names_the_nearest_of_the_tables_used(
    catalog: ReadOnlyCatalog,
) -> None:
    error = refusal(catalog, "select d.setidd from datasets d")
    assert error.message == "no such column: d.setidd"
    assert error.hint == "did you mean setid?"


def test_a_name_without_quotes_is_seen(catalog: ReadOnlyCatalog) -> None:
    error = refusal(catalog, "select * from datasets where name = DMB-358-0000058")
    assert error.hint == "a text stands in single quotes: 'DMB-358-0000058'"


def test_a_command_of_the_shell_is_known_as_such(catalog: ReadOnlyCatalog) -> None:
    error = refusal(catalog, " .tables objects")
    assert error.message == ".tables is a command of the sqlite3 shell, and no SQL"


def test_our_functions_tell_their_arguments(catalog: ReadOnlyCatalog) -> None:
    error = refusal(catalog, "select in_cone(1, 2, 3)")
    assert error.hint is not None
    assert error.hint.startswith("it is in_cone(ra, decl, ra0, decl0, radius_arcmin)")


def test_an_unknown_function_names_the_nearest(catalog: ReadOnlyCatalog) -> None:
    assert "count" in str(refusal(catalog, "select coumt(*) from datasets").hint)


def test_an_empty_catalog_says_so(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").touch()
    with open_readonly(tmp_path) as empty:
        assert "lccmirror sync" in str(refusal(empty, "select * from datasets").hint)


def test_a_parameter_without_a_value_is_named(catalog: ReadOnlyCatalog) -> None:
    error = refusal(catalog, "select :name", nam="x")
    assert ":name" in error.message
    assert error.hint == "you gave nam: it is -p name VALUE, in Python name=VALUE"


def test_a_parameter_without_a_name_is_explained(catalog: ReadOnlyCatalog) -> None:
    assert ":name" in str(refusal(catalog, "select ?", x="1").hint)


def test_a_parameter_is_a_value_and_never_sql(catalog: ReadOnlyCatalog) -> None:
    nasty = "'; drop table datasets; --"
    assert rows(catalog, "select :x", x=nasty) == [(nasty,)]


def test_text_that_is_no_utf8_is_explained(catalog: ReadOnlyCatalog) -> None:
    with pytest.raises(LocalError, match="column t holds text that is not UTF-8") as named:
        rows(catalog, "select cast(x'ff' as text) as t")
    assert str(named.value.hint).startswith("select hex(t) or")
    with pytest.raises(LocalError, match=r"^a column holds text") as unnamed:
        rows(catalog, "select cast(x'ff' as text)")
    assert str(unnamed.value.hint).startswith("select hex(…) or")


def test_a_statement_with_a_nul_or_a_lone_surrogate_is_refused(
    catalog: ReadOnlyCatalog,
) -> None:
    refusal(catalog, "select '\0'")
    refusal(catalog, "select '\ud800'")


def test_a_value_too_large_is_refused(catalog: ReadOnlyCatalog) -> None:
    assert "too" in refusal(catalog, "select length(randomblob(900000000))").message


def test_a_statement_ends_at_its_time_limit(tmp_path: Path) -> None:
    make_catalog(tmp_path)
    seconds = itertools.count()
    with (
        open_readonly(tmp_path, time_limit_s=3, clock=lambda: float(next(seconds))) as catalog,
        pytest.raises(LocalError, match="time limit of 3 s"),
    ):
        rows(catalog, ENDLESS)


def test_the_time_limit_counts_from_each_statement(tmp_path: Path) -> None:
    make_catalog(tmp_path)
    now = [0.0]
    with open_readonly(tmp_path, time_limit_s=3, clock=lambda: now[0]) as catalog:
        for _ in range(3):
            now[0] += 2.9
            counting = ENDLESS.replace("from c)", "from c where x < 100000)")
            assert rows(catalog, counting) == [(100000,)]


def test_a_stop_that_was_not_the_clock_is_ctrl_c(tmp_path: Path) -> None:
    # Datasette, where another test has imported it, has what is raised here printed.
    sqlite3.enable_callback_tracebacks(False)
    make_catalog(tmp_path)
    looks = itertools.count()

    def pressed_at_the_second_look() -> float:
        if next(looks) == 1:
            raise KeyboardInterrupt
        return 0.0

    with (
        open_readonly(tmp_path, time_limit_s=9, clock=pressed_at_the_second_look) as catalog,
        pytest.raises(KeyboardInterrupt),
    ):
        rows(catalog, ENDLESS)


def test_a_damaged_page_is_named_as_damage(tmp_path: Path) -> None:
    path = make_catalog(tmp_path)
    conn = sqlite3.connect(path)
    conn.executemany("insert into datasets values (?, ?, 1)", [("x" * 40, "y" * 400)] * 200)
    conn.commit()
    conn.close()
    broken = bytearray(path.read_bytes())
    broken[4096 * 4 :] = b"\xff" * (len(broken) - 4096 * 4)
    path.write_bytes(broken)
    with open_readonly(tmp_path) as catalog, pytest.raises(Damaged) as caught:
        rows(catalog, "select * from datasets")
    assert caught.value.exit_code == 65


def test_a_catalog_held_by_a_writer_is_named_as_locked(tmp_path: Path) -> None:
    path = make_catalog(tmp_path)
    with open_readonly(tmp_path) as catalog:
        catalog.connection.execute("pragma table_list").fetchall()
        catalog.connection.set_authorizer(None)
        catalog.connection.execute("pragma busy_timeout = 0")
        writer = sqlite3.connect(path, isolation_level=None)
        try:
            writer.execute("begin exclusive")
            with pytest.raises(MirrorLocked) as caught:
                rows(catalog, "select * from datasets")
        finally:
            writer.close()
    assert caught.value.exit_code == 75


def test_what_indexes_are_made_of_is_not_offered_as_a_table(tmp_path: Path) -> None:
    conn = sqlite3.connect(make_catalog(tmp_path))
    conn.executescript(
        "CREATE TABLE stars_text (a); CREATE VIRTUAL TABLE stars_fts USING fts5 (a);"
        "CREATE TABLE _sqlite_migrations (a)"
    )
    conn.close()
    with open_readonly(tmp_path) as catalog:
        assert refusal(catalog, "select * from zzz").hint == (
            "there are: datasets, latest_movers, objects, stars_fts"
        )


@pytest.mark.parametrize(
    ("version", "said"),
    [(99, "a newer lccmirror"), (0, "not the catalog of a mirror")],
)
def test_a_name_unknown_in_another_version_is_explained_by_it(
    tmp_path: Path, version: int, said: str
) -> None:
    conn = sqlite3.connect(make_catalog(tmp_path))
    conn.execute(f"PRAGMA user_version = {version}")
    conn.close()
    with open_readonly(tmp_path) as catalog:
        assert rows(catalog, "select count(*) from datasets") == [(2,)]
        assert said in str(refusal(catalog, "select * from moons").hint)
        assert said in str(refusal(catalog, "select nme from datasets").hint)


def test_a_limit_that_is_no_number_is_a_mistake_in_the_statement(
    catalog: ReadOnlyCatalog,
) -> None:
    error = refusal(catalog, "select * from datasets limit :n", n="ten")
    assert "whole numbers" in str(error.hint)
