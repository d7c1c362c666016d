"""`lccmirror cone` and `lccmirror xmatch`."""

from __future__ import annotations

import csv
import io
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lccmirror.cli.app import cli
from tests.support.sky import Place, make_sky

Run = Callable[..., Result]

NORTH: list[Place] = [(280.1, -30.2), (280.15, -30.2), (10.0, 10.0), (0.0, 90.0)]
SOUTH: list[Place] = [(280.1, -30.19), (359.999, 0.0), (0.001, 0.0)]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    make_sky(tmp_path, {"field_a": NORTH, "field_b": SOUTH})
    config = tmp_path / "lccmirror.toml"
    config.write_text('[server]\nurl = "https://data.example.org"\n[mirror]\nroot = "."\n')
    monkeypatch.setenv("LCCMIRROR_CONFIG", str(config))

    def invoke(*args: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(cli, args, input=stdin)

    return invoke


def found(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [f"{row['collection']}/{row['objectid']}" for row in json.loads(result.stdout)]


NEAR = ["field_a/o-0", "field_b/o-0", "field_a/o-1"]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    "words",
    [
        ("280.1", "-30.2", "5"),
        ("280.1", "-30.2", "300arcsec"),
        ("280.1", "-30.2", '300"'),
        ("280.1 -30.2", "5'"),
        ("280.1, -30.2", "0.0834deg"),
        ("18:40:24", "-30:12:00", "5"),
        ("18:40:24 -30:12:00", "5"),
        ("18h40m24s", "-30d12m00s", "5"),
    ],
)
def test_a_cone_is_asked_for_as_people_write_it(run: Run, words: tuple[str, ...]) -> None:
    assert found(run("cone", *words)) == NEAR


def test_options_may_stand_anywhere_beside_a_negative_declination(run: Run) -> None:
    assert found(run("cone", "--limit", "2", "280.1", "-30.2", "5")) == NEAR[:2]
    assert found(run("cone", "280.1", "-30.2", "5", "--limit", "1")) == NEAR[:1]


def test_a_cone_around_a_mirrored_object(run: Run) -> None:
    result = run("cone", "o-2", "1")
    assert result.exit_code == 2
    assert "several objects are called o-2" in result.stderr
    assert found(run("cone", "o-3", "1")) == ["field_a/o-3"]


def test_a_cone_across_midnight_and_one_over_the_pole(run: Run) -> None:
    assert found(run("cone", "0", "0", "1")) == ["field_b/o-1", "field_b/o-2"]
    assert found(run("cone", "123", "90", "1")) == ["field_a/o-3"]
    assert len(found(run("cone", "0", "-90", "180deg"))) == len(NORTH) + len(SOUTH)


def test_an_empty_cone_says_so_and_is_no_error(run: Run) -> None:
    result = run("cone", "100", "50", "5")
    assert (result.exit_code, result.stdout) == (0, "[]\n")
    assert "no mirrored object within 5′ of 100 +50" in result.stderr
    assert run("--quiet", "cone", "100", "50", "5").stderr == ""
    one = run("cone", "100", "50", "5", "--collection", "field_a").stderr
    assert one == "no mirrored object within 5′ of 100 +50 in field_a\n"


def test_an_empty_mirror_says_that_it_is_empty(tmp_path: Path, run: Run) -> None:
    (tmp_path / "catalog.sqlite").unlink()
    make_sky(tmp_path, {})
    result = run("cone", "100", "50", "5")
    assert result.exit_code == 0
    assert "no objects yet" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("280.1", "-95", "5"), "declination"),
        (("400", "10", "5"), "right ascension"),
        (("-5", "10", "5"), "write 355"),
        (("280.1", "-30.2", "-5"), "radius"),
        (("280.1", "-30.2", "wide"), "not a radius"),
        (("280.1", "-30.2", "200deg"), "at most 180 degrees"),
        (("HD 1", "5"), "no object HD 1"),
        (("O-1", "5"), "did you mean o-1"),
        (("nan", "30", "5"), "not a position: 'nan 30'"),
        (("30", "inf", "5"), "not a position: '30 inf'"),
        (("30", "30"), "30 is half of a position"),
        (("280.1", "-30.2"), "is the radius missing?"),
        (("5",), "where, and how far?"),
        ((), "where, and how far?"),
        (("280.1", "-30.2", "5", "--columns", "mag"), "no column mag"),
        (("280.1", "-30.2", "5", "--columns", ","), "no column in it"),
        (("280.1", "-30.2", "5", "--collection", "field_x"), "no such collection"),
        (("280.1", "-30.2", "5", "--limit", "0"), "--limit"),
    ],
)
def test_mistakes_are_said_clearly(run: Run, words: tuple[str, ...], said: str) -> None:
    result = run("cone", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_table_has_distances_to_a_thousandth_and_all_else_has_them_exactly(run: Run) -> None:
    cone = ("cone", "280.1", "-30.2", "5")
    exact = [row["dist_arcsec"] for row in json.loads(run(*cone).stdout)]
    assert exact[1] == pytest.approx(36)
    assert exact[1] != 36
    for form in ("--table", "--fmt=plain"):
        lines = run(*cone, form).stdout.splitlines()[-3:]
        assert [line.split()[-1] for line in lines] == [f"{value:.3f}" for value in exact]
    assert [float(row["dist_arcsec"]) for row in rows(run(*cone, "--csv").stdout)] == exact
    matched = run("xmatch", "-", "-t", stdin="a 18:40:24.001 -30:12:00\n").stdout
    assert "280.1000042  -30.2000000" in matched


def test_an_empty_cone_names_its_radius_in_the_unit_that_fits(run: Run) -> None:
    for radius, said in (("2deg", "2°"), ("90arcsec", "1.5′"), ("30arcsec", "30″")):
        assert f"within {said} of 100 +50" in run("cone", "100", "50", radius).stderr


def test_columns_collections_and_forms_of_output(run: Run) -> None:
    words = ("cone", "280.1", "-30.2", "5", "--columns", "objectid,dist_arcsec")
    result = run(*words, "--collection", "field-a", "--csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["objectid"] for row in rows] == ["o-0", "o-1"]
    assert float(rows[1]["dist_arcsec"]) == pytest.approx(155.57, abs=0.01)
    everything = json.loads(run(*words[:4], "--columns", "*", "--nl", "--limit", "1").stdout)
    assert set(everything) == {"collection", "objectid", "ra", "decl", "zone", "dist_arcsec"}


LIST = "one 280.1 -30.2\nlost 50 50\ntwo 0 0\n"


def matches(result: Result) -> list[tuple[str, str | None]]:
    assert result.exit_code == 0, result.output
    return [(row["target"], row["objectid"]) for row in json.loads(result.stdout)]


def test_a_list_is_matched(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "targets.txt"
    file.write_text(LIST)
    assert matches(run("xmatch", str(file))) == [("one", "o-0")]
    wide = run("xmatch", str(file), "--radius", "1arcmin")
    assert matches(wide) == [("one", "o-0"), ("two", "o-1")]
    every = run("xmatch", str(file), "--radius", "1'", "--all")
    assert matches(every) == [("one", "o-0"), ("one", "o-0"), ("two", "o-1"), ("two", "o-2")]
    kept = run("xmatch", str(file), "--unmatched", "--columns", "objectid")
    assert matches(kept) == [("one", "o-0"), ("lost", None), ("two", None)]


def test_a_list_can_come_from_standard_input(run: Run) -> None:
    assert matches(run("xmatch", "-", stdin=LIST)) == [("one", "o-0")]
    with_names = "ra,decl,objectid\n280.1,-30.2,one\n"
    assert matches(run("xmatch", "-", stdin=with_names)) == [("one", "o-0")]


def test_what_a_query_prints_is_a_list(run: Run) -> None:
    objects = run("query", "SELECT objectid, ra, decl FROM objects", "--csv").stdout
    assert len(matches(run("xmatch", "-", stdin=objects))) == len(NORTH) + len(SOUTH)


def test_a_list_can_come_through_a_named_pipe(tmp_path: Path, run: Run) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(LIST,))
    writer.start()
    result = run("xmatch", str(pipe))
    writer.join()
    assert matches(result) == [("one", "o-0")]


def test_a_list_without_a_match_says_so(run: Run) -> None:
    result = run("xmatch", "-", stdin="lost 50 50\ngone 60 60\n")
    assert (result.exit_code, result.stdout) == (0, "[]\n")
    assert 'none of 2 targets has a mirrored object within 3"' in result.stderr


@pytest.mark.parametrize(
    ("stdin", "words", "said"),
    [
        ("one 400 1\n", (), "standard input:1: right ascension"),
        ("", (), "no target"),
        ("280.1 -30.2\n", (), "standard input:1: expected: objectid ra decl, not 280.1 -30.2"),
        (LIST, ("--radius", "0"), "radius"),
        (LIST, ("--columns", "mag"), "no column mag"),
    ],
)
def test_a_wrong_list_is_refused(
    run: Run, stdin: str, words: tuple[str, ...], said: str
) -> None:
    result = run("xmatch", "-", *words, stdin=stdin)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_list_that_is_not_there_is_said(run: Run) -> None:
    result = run("xmatch", "/nowhere/targets.txt")
    assert result.exit_code == 2
    assert "cannot read /nowhere/targets.txt" in result.stderr
