"""A verification of a part: a sample, what was not read for long, at a rate, taken up again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lccmirror.cli.app import cli
from lccmirror.clock import to_text
from lccmirror.errors import Stopped
from lccmirror.sync.jobs import verify_mirror
from lccmirror.sync.progress import Silent
from lccmirror.sync.verify_scope import Scope
from tests.support.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path) as site:
        for number in range(6):
            site.server.make_dataset(filters=f"(ndet gt {number})", columns=("ndet",))
        site.sync()
        yield site


def run(site: Site, monkeypatch: pytest.MonkeyPatch, *args: str) -> Result:
    monkeypatch.setenv("LCCMIRROR_CONFIG", str(site.config.path))
    return CliRunner().invoke(cli, ["verify", *args])


def read(site: Site) -> set[str]:
    return {path for (path,) in site.sql("SELECT path FROM files WHERE verified_at NOT NULL")}


def total(site: Site) -> int:
    return int(site.sql("SELECT count(*) FROM files")[0][0])


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        (Scope(share=0.25, seed=1), lambda n: round(n / 4)),
        (Scope(share=1e-9, seed=1), lambda n: 1),
        (Scope(count=3, seed=1), lambda n: 3),
        (Scope(count=10_000, seed=1), lambda n: n),
        (Scope(share=1.0, oldest=True), lambda n: n),
    ],
)
def test_a_sample_has_its_size(site: Site, scope: Scope, wanted: object) -> None:
    assert callable(wanted)
    done = verify_mirror(site.config, site.around(), scope=scope)
    assert done.found.files == len(read(site)) == wanted(total(site))


def test_the_same_seed_is_the_same_sample(site: Site) -> None:
    samples = []
    for seed in (1, 1, 2, 3):
        verify_mirror(site.config, site.around(), scope=Scope(count=4, seed=seed))
        samples.append(read(site))
        with site.writing() as conn:
            conn.execute("UPDATE files SET verified_at = NULL")
    assert samples[0] == samples[1]
    assert len({frozenset(one) for one in samples}) > 1


def test_the_oldest_come_first_until_all_were_read(site: Site) -> None:
    seen: set[str] = set()
    while len(seen) < total(site):
        site.clock.forward(60)
        before = read(site)
        verify_mirror(site.config, site.around(), scope=Scope(count=2, oldest=True))
        new = read(site) - before
        assert new
        seen |= new


def test_what_was_stopped_goes_on_where_it_was(site: Site) -> None:
    stop = threading.Event()
    planned: list[int | None] = []
    advanced: list[int] = []

    class AfterThree(Silent):
        def begin(self, key: str, label: str, total: int | None) -> None:
            planned.append(total)

        def advance(self, key: str, n: int) -> None:
            advanced.append(n)
            if len(advanced) == 3:
                stop.set()

    began = to_text(site.now())
    with pytest.raises(Stopped, match=f"--not-since {began}"):
        verify_mirror(site.config, site.around(stop=stop, progress=AfterThree()))
    assert planned == [None, *site.sql("SELECT sum(size) FROM files")[0]]
    first = read(site)
    assert len(first) == 3
    done = verify_mirror(site.config, site.around(), scope=Scope(not_since=began))
    assert done.found.files == total(site) - 3
    assert len(read(site)) == total(site)


def test_what_is_damaged_is_read_again_however_late(site: Site) -> None:
    site.verify()
    site.root.joinpath(min(read(site))).write_bytes(b"")
    assert site.verify().exit_code == 65
    since = to_text(site.now() - timedelta(hours=1))
    done = verify_mirror(site.config, site.around(), scope=Scope(not_since=since))
    assert (done.found.files, done.exit_code) == (0, 0)
    site.clock.forward(7200)
    since = to_text(site.now() - timedelta(hours=1))
    done = verify_mirror(site.config, site.around(), scope=Scope(not_since=since))
    assert done.exit_code == 65


def test_a_rate_is_kept_to(site: Site) -> None:
    # What several datasets share is read once.
    size = site.sql("SELECT sum(size) FROM (SELECT DISTINCT sha256, size FROM files)")[0][0]
    before = site.clock()
    verify_mirror(site.config, site.around(), scope=Scope(rate=1000))
    # A second's worth may come at once.
    assert site.clock() - before >= size / 1000 - 2
    before = site.clock()
    verify_mirror(site.config, site.around())
    assert site.clock() == before


def test_the_report_says_what_a_person_needs(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.verify()
    ((path, setid, at),) = site.sql(
        "SELECT path, setid, verified_at FROM files WHERE kind = 'csv' ORDER BY path LIMIT 1"
    )
    (site.root / path).unlink()
    result = run(site, monkeypatch)
    assert result.exit_code == 65
    line = result.stdout.splitlines()[0]
    assert line == (
        f"missing: {path}: the file is not there; last found good {at}; "
        "repair: fetch the dataset's CSV and JSON again"
    )
    told = json.loads(run(site, monkeypatch, "--json").stdout)
    assert told["exit_code"] == 65
    (one,) = told["found"]["damage"]
    assert (one["what"], one["path"], one["setid"], one["kind"], one["verified_at"]) == (
        *("missing", path, setid, "csv", at),
    )
    assert one["remedy"] == "fetch the dataset's CSV and JSON again"


@pytest.mark.parametrize(
    "args",
    [
        ("--sample", "0"),
        ("--sample", "0%"),
        ("--sample", "101%"),
        ("--sample", "some"),
        ("--sample", "9" * 5000),
        ("--oldest",),
        ("--seed", "1"),
        ("--sample", "3", "--oldest", "--seed", "1"),
        ("--not-since", "yesterday"),
        ("--rate", "fast"),
        ("--rate", "20"),
        ("--rate", "9" * 5000),
        ("--rebuild-catalog",),
        ("--repair", "--rebuild-catalog", "--sample", "3"),
    ],
)
def test_what_means_nothing_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    result = run(site, monkeypatch, *args)
    assert result.exit_code == 2
    assert read(site) == set()


def test_a_catalog_is_made_anew_by_the_command(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site.root / "catalog.sqlite").unlink()
    assert run(site, monkeypatch).exit_code == 65
    result = run(site, monkeypatch, "--repair", "--rebuild-catalog")
    assert result.exit_code == 0
    assert "made anew from the files of 6 datasets; the history is that of" in result.stdout
    told = run(site, monkeypatch, "--repair", "--rebuild-catalog", "--json").stdout
    assert json.loads(told)["source"] == "the catalog itself"


DERIVED = {
    "objects lack": "DELETE FROM objects WHERE rowid % 2 = 0",
    "objects of nothing": "INSERT INTO objects (collection, objectid) VALUES ('x', 'y')",
    "light curves lack": "DELETE FROM lightcurves",
    "none is the newest": "UPDATE lightcurves SET newest = 0",
    "all are the newest": "UPDATE lightcurves SET newest = 1",
    "counts": "UPDATE counts SET n = n + 1",
    "counts lack": "DELETE FROM counts WHERE n > 0",
}


@pytest.mark.parametrize("what", sorted(DERIVED))
def test_derived_tables_are_worked_out_again(site: Site, what: str) -> None:
    tables = ("objects", "lightcurves", "counts", "objects_text")
    before = {name: sorted(site.sql(f"SELECT * FROM {name}"), key=repr) for name in tables}
    with site.writing() as conn:
        conn.execute(DERIVED[what])
    found = site.verify().found
    assert {one.what for one in found.damage} & {"derived", "index"}
    site.seen = len(site.server.requests)
    assert site.repair().exit_code == 0
    assert site.requests("/d/") == site.requests("/p/") == []
    after = {name: site.sql(f"SELECT * FROM {name}") for name in tables}
    for name in ("lightcurves", "counts"):
        assert sorted(after[name], key=repr) == before[name]
    assert len(after["objects"]) == len(before["objects"])
    site.check()
