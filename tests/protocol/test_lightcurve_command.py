"""`lccmirror lc` on a mirror."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from lccmirror.formats import read_lightcurve
from lccmirror.query import open_readonly
from lccmirror.query.lightcurves import LightCurveFiles, chosen_copy
from tests.support.lc_command import RR_LYRAE, STAR, Run, newest, runner
from tests.support.published import lightcurve


@pytest.fixture
def run(demo_mirror: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return runner(demo_mirror, monkeypatch)


@pytest.fixture
def own(demo_mirror: Path, tmp_path: Path) -> Path:
    """Return a copy of the mirror that the test may damage."""
    return Path(shutil.copytree(demo_mirror, tmp_path / "own"))


@pytest.fixture
def catalog(demo_mirror: Path) -> Iterator[sqlite3.Connection]:
    with open_readonly(demo_mirror / "mirror") as opened:
        yield opened.connection


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_a_pipe_gets_json_with_the_published_values(run: Run, demo_mirror: Path) -> None:
    result = run(STAR)
    assert result.exit_code == 0, result.output
    with open_readonly(demo_mirror / "mirror") as opened:
        copy = chosen_copy(opened.connection, STAR)
    with LightCurveFiles(demo_mirror / "mirror") as files:
        published = read_lightcurve(files.packed(copy))
    found = json.loads(result.stdout)
    assert [row["rjd"] for row in found] == published["rjd"].tolist()
    assert [row["flt"] for row in found] == published["flt"].tolist()
    assert list(found[0]) == [column.name for column in published.columns]
    nan = [row["aep_000"] is None for row in found]
    assert nan == np.isnan(published["aep_000"]).tolist()


def test_columns_are_chosen_and_ordered(run: Run) -> None:
    header, first, *_ = rows_of(run(STAR, "--csv", "--columns", "aep_000, rjd").stdout)
    assert header == ["aep_000", "rjd"]
    assert float(first[1]) > 55000
    wrong = run(STAR, "--columns", "aep_999")
    assert wrong.exit_code == 2
    assert "no column aep_999" in wrong.stderr
    assert "aep_000" in wrong.stderr


@pytest.mark.parametrize(
    ("args", "lacking", "extras"),
    [
        (
            ["--plot", "x.png", "--find-period"],
            ["numpy", "astropy", "matplotlib"],
            "astro,plot",
        ),
        (["--plot", "-", "--find-period"], ["astropy", "plotille"], "astro,terminal"),
        (["--out", "x.fits"], ["numpy", "astropy"], "astro"),
        (["--out", "x", "--format", "parquet"], ["pyarrow", "astropy"], "parquet"),
        (["--plot", "x.svg", "--find-period"], ["astropy"], "astro"),
        (["--csv"], ["numpy", "matplotlib"], "lc"),
    ],
)
def test_all_extras_that_the_flags_need_are_named_at_once(
    args: list[str], lacking: list[str], extras: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in lacking:
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    result = run(STAR, *args)
    assert result.exit_code == 1
    assert "not installed" in result.stderr
    assert f"pip install 'lccmirror[{extras}]'" in result.stderr


@pytest.mark.parametrize("flag", [["--format", "csv"], ["--csv"]])
def test_a_format_can_be_said_in_two_ways(flag: list[str], run: Run) -> None:
    assert run(STAR, *flag).stdout.startswith("rjd,stf,flt,")


def test_a_format_is_the_same_without_its_headers(run: Run) -> None:
    with_them, without = (
        run(STAR, "--format", "table", *flag).stdout.splitlines()
        for flag in ([], ["--no-headers"])
    )
    assert without[-1].split() == with_them[-1].split()


def test_a_table_is_for_eyes(run: Run) -> None:
    assert "──" in run(STAR, "--format", "table").stdout


def test_copies_are_listed_and_any_is_read(run: Run, catalog: sqlite3.Connection) -> None:
    copies = json.loads(run(STAR, "--copy", "list").stdout)
    assert len(copies) > 1
    assert [copy["newest"] for copy in copies] == [True] + [False] * (len(copies) - 1)
    newest = run(STAR, "--csv").stdout
    for copy in copies:
        # the demonstration's datasets have the same light curve of an object
        assert run(STAR, "--copy", copy["setid"], "--csv").stdout == newest
        assert chosen_copy(catalog, STAR, setid=copy["setid"]).path == copy["path"]
    wrong = run(STAR, "--copy", "nope")
    assert wrong.exit_code == 2
    assert copies[0]["setid"] in wrong.stderr


@pytest.mark.parametrize("collection", ["demo_field_a", "demo-field-a"])
def test_a_collection_has_two_names(collection: str, run: Run) -> None:
    assert run(STAR, "--collection", collection, "--csv").exit_code == 0


def test_what_is_not_there_is_said_with_what_is_known(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runner(own, monkeypatch)
    missing = run("HAT-999-0000000")
    assert missing.exit_code == 2
    assert "no light curve of HAT-999-0000000" in missing.stderr
    assert "lccmirror find" in run("V* RR Lyr").stderr
    for more in ([], ["--copy", "list"]):
        assert f"did you mean {STAR}" in run(STAR.lower(), *more).stderr
    other = run(STAR, "--collection", "demo_field_b")
    assert "it has one in: demo_field_a" in other.stderr
    with closing(sqlite3.connect(own / "mirror" / "catalog.sqlite")) as conn:
        conn.execute("DELETE FROM lightcurves WHERE objectid = ?", (STAR,))
        conn.commit()
    assert "the object itself is known, in demo_field_a" in run(STAR).stderr
    assert 'singles = "missing"' in run(STAR).stderr
    with closing(sqlite3.connect(own / "mirror" / "catalog.sqlite")) as conn:
        conn.execute(
            "INSERT INTO missing_lightcurves SELECT 'demo_field_a', ?, setid, 'could not be "
            "converted', 'now' FROM datasets LIMIT 1",
            (STAR,),
        )
        conn.commit()
    assert "the server has none: could not be converted" in run(STAR).stderr


def test_an_object_in_two_collections_needs_one_named(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(own / "mirror" / "catalog.sqlite")) as conn:
        conn.execute(
            "INSERT INTO lightcurves SELECT 'demo_field_b', objectid, setid, path, member, "
            "size, crc32, newest FROM lightcurves WHERE objectid = ? AND newest = 1",
            (STAR,),
        )
        conn.commit()
    run = runner(own, monkeypatch)
    result = run(STAR)
    assert result.exit_code == 2
    assert "in several collections: demo_field_a, demo_field_b" in result.stderr
    assert "--collection demo_field_a" in result.stderr
    assert run(STAR, "--collection", "demo_field_b", "--csv").exit_code == 0


def test_a_zip_removed_behind_our_back_is_damage(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = newest(own)
    (own / "mirror" / copy.path).unlink()
    result = runner(own, monkeypatch)(STAR)
    assert result.exit_code == 65
    assert "No such file" in result.stderr
    assert "verify --repair" in result.stderr


def test_a_flipped_bit_is_damage(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = newest(own)
    path = own / "mirror" / copy.path
    content = bytearray(path.read_bytes())
    assert copy.member is not None
    at = content.index(copy.member.encode()) + len(copy.member) + 500
    content[at] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    result = runner(own, monkeypatch)(STAR)
    assert result.exit_code == 65
    assert "CRC" in result.stderr


def test_a_member_that_is_not_there_is_damage(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = newest(own)
    with closing(sqlite3.connect(own / "mirror" / "catalog.sqlite")) as conn:
        # a part of a name is none
        conn.execute("UPDATE lightcurves SET member = substr(member, 6)")
        conn.commit()
    result = runner(own, monkeypatch)(STAR)
    assert result.exit_code == 65
    assert f"has no member {(copy.member or '')[5:]}" in result.stderr


def test_broken_lines_are_told_and_the_others_are_shown(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = lightcurve([("rjd", "f8", "%.3f")], [[1.0], [2.0], [3.0]])
    text = text.replace(b"2.000", b"2.000,9")
    (own / "mirror" / "one.gz").write_bytes(gzip.compress(text))
    with closing(sqlite3.connect(own / "mirror" / "catalog.sqlite")) as conn:
        conn.execute(
            "UPDATE lightcurves SET path = 'one.gz', member = NULL "
            "WHERE objectid = ? AND newest = 1",
            (STAR,),
        )
        conn.commit()
    result = runner(own, monkeypatch)(STAR)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == [{"rjd": 1.0}, {"rjd": 3.0}]
    assert f"note: {STAR}: line" in result.stderr
    assert "2 values in 1 columns: left out" in result.stderr


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("sdsr < 12", "did you mean sdssr?"),
        ("sdssr <", "incomplete input"),
        ("sdssr < < 2", '": syntax error\n  sdssr < < 2\n          ^'),
        ("sdssr < 'x", "unrecognized token"),
        ("1; DELETE FROM objects", "more than one statement"),
        ("load_extension('x')", "refused"),
        ("sdssr < :limit", "write the value itself"),
    ],
)
def test_a_wrong_condition_is_explained(
    condition: str, said: str, run: Run, tmp_path: Path
) -> None:
    result = run("--where", condition, "--out", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "args",
    [
        [],
        [STAR, "--where", "1"],
        ["--where", "1"],
        ["--where", "1", "--out", "x", "--plot", "x.png"],
        [STAR, "--epoch", "5"],
        [STAR, "--period", "5"],
        [STAR, "--period-range", "1", "2"],
        [STAR, "--find-period", "--period", "2", "--plot", "-"],
        [STAR, "--out", "x.gif"],
        [STAR, "--plot", "x.gif"],
        [STAR, "--plot", "x.png", "--magcol", "nope"],
        [STAR, "--csv", "--tsv"],
        [STAR, "--columns", ","],
        [STAR, "--magcol", "aep_000"],
        [STAR, "--find-period", "--out", "x.csv"],
        [STAR, "--plot", "x.png", "--out", "x.csv"],
        [STAR, "--plot", "x.png", "--format", "fits"],
        [STAR, "--plot", "x.png", "--columns", "rjd"],
        [STAR, "--plot", "x.png", "--period", "nan"],
        [STAR, "--plot", "x.png", "--period", "inf"],
        [STAR, "--plot", "x.png", "--period", "1", "--epoch", "nan"],
        [STAR, "--plot", "nowhere/x.png"],
        [STAR, "--out", "nowhere/x.csv"],
        [STAR, "--processes", "2"],
        ["--where", "1", "--out", "x", "--magcol", "aep_000"],
        ["--where", "1", "--out", "/dev/null"],
        [STAR, "--format", "json", "--csv"],
        [STAR, "--format", "fits", "--nl"],
        [STAR, "--out", "x.fits", "--csv"],
        ["--where", "1", "--out", "x", "--nl"],
        [STAR, "--copy", "list", "--out", "x.csv"],
        [STAR, "--copy", "list", "--plot", "-"],
        [STAR, "--copy", "list", "--columns", "rjd"],
        [STAR, "--copy", "list", "--format", "fits"],
        ["\udce9"],
        ["\udce9", "--copy", "list"],
    ],
)
def test_what_makes_no_sense_is_a_wrong_command_line(
    args: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*args)
    assert result.exit_code == 2, result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flag", ["--out", "--plot"])
def test_neither_a_device_nor_the_mirror_s_own_is_replaced_by_a_file(
    flag: str, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runner(own, monkeypatch)
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "pipe.csv").symlink_to("pipe.png")
    end = ".csv" if flag == "--out" else ".png"
    odd = run(STAR, flag, str(tmp_path / f"pipe{end}"))
    assert (odd.exit_code, "not an ordinary file" in odd.stderr) == (2, True), odd.output
    assert stat.S_ISFIFO((tmp_path / "pipe.png").stat().st_mode)
    ours = run(STAR, flag, str(own / "mirror" / "datasets" / f"x{end}"))
    assert (ours.exit_code, "mirror's own" in ours.stderr) == (2, True), ours.output
    many = run("--where", "1", "--out", str(own / "mirror" / "datasets" / "x"))
    assert (many.exit_code, "mirror's own" in many.stderr) == (2, True), many.output
    assert not (own / "mirror" / "datasets" / "x").exists()


def test_the_catalog_is_not_replaced_by_a_light_curve(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = own / "mirror" / "catalog.sqlite"
    result = runner(own, monkeypatch)(STAR, "--out", str(catalog), "--format", "csv")
    assert result.exit_code == 2
    assert catalog.read_bytes().startswith(b"SQLite format 3")


def test_a_column_that_is_named_twice_is_there_once(run: Run, tmp_path: Path) -> None:
    assert rows_of(run(STAR, "--columns", "rjd,flt,rjd", "--csv").stdout)[0] == ["rjd", "flt"]
    result = run(STAR, "--columns", "rjd,rjd", "--out", str(tmp_path / "lc.fits"))
    assert result.exit_code == 0, result.output


def test_a_column_that_some_light_curves_lack_is_told(run: Run, tmp_path: Path) -> None:
    # aim_001 is a column of demo_field_a
    some = run("--where", "sdssr < 12", "--out", str(tmp_path / "some"),
               "--columns", "rjd,aim_001")  # fmt: skip
    assert some.exit_code == 0, some.output
    without = [path for path in (tmp_path / "some").iterdir() if "demo_field_b" in path.name]
    assert f"{len(without)} of these light curves have no column aim_001" in some.stderr
    assert without[0].read_text().startswith("rjd\n")
    none = run("--where", "sdssr < 12", "--out", str(tmp_path / "none"), "--columns", "aim_001")
    assert none.exit_code == 1
    assert "has no column aim_001" in none.stderr
    assert {path.name.split("-")[0] for path in (tmp_path / "none").iterdir()} == {
        "demo_field_a"
    }
    bad = run("--where", "sdssr < 11", "--out", str(tmp_path / "bad"), "--columns", "nonsense")
    assert bad.exit_code == 2
    assert not (tmp_path / "bad").exists()
    empty = run("--where", " ", "--out", str(tmp_path / "empty"))
    assert (empty.exit_code, empty.stderr.splitlines()[0]) == (
        2,
        "error: the condition is empty",
    )
    nobody = run("--where", "sdssr < -99", "--out", str(tmp_path / "nobody"))
    assert (nobody.exit_code, nobody.stdout) == (0, "0 light curves: no such object\n")
    assert not (tmp_path / "nobody").exists()


def test_the_best_period_is_found_and_folded_on(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "fold.svg"
    result = run(RR_LYRAE, "--find-period", "--plot", str(target))
    assert result.exit_code == 0, result.output
    best = json.loads(result.stdout)[0]
    assert best["period_d"] == pytest.approx(0.73336, abs=1e-4)
    assert "<svg" in target.read_text()


def test_a_plot_in_the_terminal(run: Run) -> None:
    result = run(RR_LYRAE, "--plot", "-", "--period", "0.7333626", "--magcol", "aep_000")
    assert result.exit_code == 0, result.output
    assert f"{RR_LYRAE} (demo_field_b)" in result.stdout
    assert "phase" in result.stdout
