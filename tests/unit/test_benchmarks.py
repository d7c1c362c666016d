"""The benchmarks' own parts: what is kept, what is shown, what counts as reached."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from benchmarks import report, rows_scale, rows_sky
from benchmarks.counting import Traffic
from benchmarks.line import far_away
from benchmarks.make_large import DATASETS
from benchmarks.make_objects import Made
from benchmarks.measure import PROJECT, BenchmarkFailed, Run, by_turns, run, same
from benchmarks.registry import ROWS, chosen
from benchmarks.results import read_results
from benchmarks.rows import Growth, Limit, Outcome, Row
from benchmarks.runner import run_rows
from lccmirror.demo import DemoServer

OUTCOME = Outcome(
    ratio=2.0, ours=1.0, theirs=2.0, unit="s", runs=3, series={"us": (1.0,), "them": (2.0,)}
)


def row(name: str, outcome: Outcome = OUTCOME, reach: float = 1.5) -> Row:
    return Row(name, f"the work of {name}", "the other", reach, True, lambda folder: outcome)


def measure(docs: Path, *rows: Row, order: tuple[str, ...] = ("a", "b", "c")) -> None:
    run_rows(rows, order, docs, lambda line: None)


def test_measuring_some_rows_keeps_the_others(tmp_path: Path) -> None:
    measure(tmp_path, row("b"), row("a"))
    before = {one["name"]: one for one in read_results(tmp_path / "benchmarks.json")}
    measure(tmp_path, row("c"), row("a", replace(OUTCOME, ratio=1.0)))
    after = {one["name"]: one for one in read_results(tmp_path / "benchmarks.json")}
    assert list(after) == ["a", "b", "c"]
    assert after["b"] == before["b"]
    assert (after["a"]["ratio"], after["a"]["reached"]) == (1.0, False)


def test_a_row_that_is_there_no_more_is_dropped(tmp_path: Path) -> None:
    measure(tmp_path, row("a"), row("b"))
    measure(tmp_path, row("b"), order=("b",))
    assert [one["name"] for one in read_results(tmp_path / "benchmarks.json")] == ["b"]


@pytest.mark.parametrize("error", [BenchmarkFailed("not the same"), OSError("not the same")])
def test_a_row_that_fails_leaves_those_before_and_after_it(
    tmp_path: Path, error: Exception
) -> None:
    def fail(folder: Path) -> Outcome:
        raise error

    with pytest.raises(BenchmarkFailed, match=r"1 of 3 rows not measured:\nb: not the same"):
        measure(tmp_path, row("a"), replace(row("b"), measure=fail), row("c"))
    assert [one["name"] for one in read_results(tmp_path / "benchmarks.json")] == ["a", "c"]


def test_the_fields_that_scripts_read_are_there(tmp_path: Path) -> None:
    measure(tmp_path, row("a"))
    (one,) = json.loads((tmp_path / "benchmarks.json").read_text())["rows"]
    wanted = {"name": "a", "ratio": 2.0, "reach": 1.5, "at_least": True}
    assert wanted.items() <= one.items()
    assert one["measured_at"].endswith("Z")


def test_the_load_that_is_told_is_not_the_rows_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(folder: Path) -> Outcome:
        monkeypatch.setattr("os.getloadavg", lambda: (9.0, 9.0, 9.0))
        return OUTCOME

    monkeypatch.setattr("os.getloadavg", lambda: (0.5, 9.0, 9.0))
    measure(tmp_path, replace(row("a"), measure=busy))
    (one,) = read_results(tmp_path / "benchmarks.json")
    assert one["machine"]["load_before"] == 0.5


def test_the_page_shows_every_row_its_command_and_its_plot(tmp_path: Path) -> None:
    missed = replace(OUTCOME, limits=(Limit("peak memory, MB", 70.0, 60),))
    measure(tmp_path, row("a"), row("b", missed))
    page = (tmp_path / "benchmarks.md").read_text()
    assert "| the work of a | the other | 2 | ≥ 1.5 | 1 s | 2 s |  | yes |" in page
    assert "- peak memory, MB: 70 (at most 60)" in page
    assert "| **no** |" in page
    for name in ("a", "b"):
        assert f"`BENCH_ROWS={name} make bench`" in page
        assert f"](benchmarks/{name}.svg)" in page
        assert (tmp_path / "benchmarks" / f"{name}.svg").exists()


def test_growth_is_told_as_a_power_of_the_size(tmp_path: Path) -> None:
    growth = Growth("rows", {1_000: 0.5, 100: 0.05, 10_000: 50.0})
    measure(tmp_path, row("a", replace(OUTCOME, growth=growth)))
    page = (tmp_path / "benchmarks.md").read_text()
    assert "100 rows in 0.05 s, 1,000 rows in 0.5 s, 10,000 rows in 50 s" in page
    assert "to the power of 1.50 (from one size to the next: 1.00, 2.00)." in page


def test_what_a_profile_says_ends_the_section_of_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "NOTES", tmp_path / "notes")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("Most of it is inflating.\n")
    measure(tmp_path, row("a"), row("b"))
    page = (tmp_path / "benchmarks.md").read_text()
    assert page.index("## a") < page.index("Most of it is inflating.") < page.index("## b")


def test_the_page_and_the_plots_are_of_what_is_kept() -> None:
    docs = PROJECT / "docs"
    kept = read_results(docs / "benchmarks.json")
    page = (docs / "benchmarks.md").read_text("utf-8")
    assert page == report.markdown(kept), "python -m benchmarks.report makes it anew"
    plots = {path.stem for path in (docs / "benchmarks").glob("*.svg")}
    assert plots == {one["name"] for one in kept}


def test_a_note_is_of_a_row_that_there_is() -> None:
    names = {one.name for one in ROWS}
    assert {note.stem for note in report.NOTES.glob("*.md")} <= names


def test_rows_are_chosen_by_name_and_a_wrong_name_is_an_error() -> None:
    assert [one.name for one in chosen("startup, idle_poll")] == ["startup", "idle_poll"]
    assert chosen("") == ROWS
    with pytest.raises(BenchmarkFailed, match="no such row: idle"):
        chosen("idle")


def test_rows_are_measured_where_no_package_can_be_installed(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    for name, script in (
        ("benchmarks/install-debian-tools", "exit 1"),
        (".venv/bin/python", 'echo "measured: $BENCH_ROWS"'),
        (".venv/installed", ""),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    make = shutil.which("make")
    assert make is not None
    # these tests may themselves be started by make, which tells a make below it what to do
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        [make, "bench"],
        cwd=tmp_path,
        env={**env, "BENCH_ROWS": "idle_poll"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "measured: idle_poll" in done.stdout) == (0, True), done.stderr


def test_names_are_unique() -> None:
    assert len({one.name for one in ROWS}) == len(ROWS)


def test_sides_run_by_turns_and_the_first_turn_does_not_count() -> None:
    order: list[str] = []

    def side(name: str) -> Run:
        order.append(name)
        return Run(1.0, 1.0, 1.0, f"{name}{len(order)}")

    found = by_turns({"a": lambda: side("a"), "b": lambda: side("b")}, 2)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert [one.output for one in found["a"]] == ["a4", "a5"]


def test_a_plot_is_in_the_unit_of_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "catalog.sqlite").touch()
    printed = json.dumps({"found": 1, "rows": 1, "digest": "", "p99": 0.001, "build_s": 1.0})
    taken = Run(0.002, 0.0, 1.0, printed)
    large = SimpleNamespace(
        seconds={DATASETS // 10: 1.0, DATASETS: 1.0}, path=lambda _: tmp_path
    )
    monkeypatch.setattr(rows_scale, "_catalogs", lambda: large)
    monkeypatch.setattr(rows_scale, "_run", lambda *_: taken)
    monkeypatch.setattr(
        rows_sky, "_sky", lambda count=100: SimpleNamespace(catalog=None, made=_made(count))
    )
    monkeypatch.setattr(rows_sky, "_run", lambda *_: taken)
    for measured in (rows_scale.scale_newest(tmp_path), rows_sky.cone_1deg(tmp_path)):
        assert measured.unit == "ms"
        assert {*measured.series.values()} == {(measured.ours,) * measured.runs}


def _made(count: int) -> Made:
    return Made(count, 1.0, 1.0, 1, 1)


def test_bytes_are_told_by_request() -> None:
    traffic = Traffic(("GET /d/a → 200", "GET /p/a → 200", "HEAD /p/a → 200"), 9, 99, (3, 4, 0))
    assert traffic.body_bytes == 7
    assert traffic.body_bytes_of("GET /p/") == 4
    assert traffic.body_bytes_of("GET /d/", "GET /p/") == 7


def test_a_line_changes_nothing_of_what_passes(tmp_path: Path) -> None:
    with DemoServer(objects=3, points=(2, 3)) as server, far_away(server.url, 0.001) as url:
        setid = server.make_dataset("columnsearch")
        paths = [f"/d/dataset-{setid}.csv", f"/p/lightcurves-{setid}.zip"]
        direct, late = ([_body(base + path) for path in paths] for base in (server.url, url))
    assert direct == late


def _body(url: str) -> bytes:
    split = urlsplit(url)
    with closing(http.client.HTTPConnection(split.netloc, timeout=30)) as connection:
        connection.request("GET", split.path)
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read()


def test_memory_is_the_commands_own_and_not_its_parents() -> None:
    ballast = bytearray(300_000_000)
    small = run([sys.executable, "-S", "-c", "pass"])
    large = run([sys.executable, "-S", "-c", "bytearray(b'x') * 50_000_000"])
    del ballast
    assert small.peak_mb < 40
    assert large.peak_mb > 50


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(BenchmarkFailed, match="the reason"):
        run([sys.executable, "-c", "raise SystemExit('the reason')"])


def test_different_results_are_no_comparison() -> None:
    same("sums", 1, 1, 1)
    with pytest.raises(BenchmarkFailed, match="sums"):
        same("sums", 1, 2)
