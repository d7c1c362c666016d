"""Content that is not what it should be: never kept as if it were, and fetched again."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lccmirror.demo.messages import Answer
from tests.support import misbehaving as wrong
from tests.support.site import Site
from tests.support.sites import site_fixture

site = site_fixture()


def test_a_wrong_etag_is_looked_at_closely_and_the_content_decides(site: Site) -> None:
    setid = site.server.make_dataset()
    site.server.add("/[dp]/", wrong.header("ETag", '"' + "0" * 32 + '"'), times=None)
    assert site.sync().exit_code == 0
    notes = site.sql(
        "SELECT note FROM files WHERE setid = ? AND kind IN ('csv', 'lczip')", setid
    )
    assert len(notes) == 2
    assert all(note and "ETag" in note for (note,) in notes)
    site.server.behave()
    site.check()


def test_a_table_that_cannot_be_read_is_kept_as_files(site: Site) -> None:
    setid = site.server.make_table(
        {"db_oid": "U9", "n": "i8"}, [["a", 1], ["b", 2]], csv=b"no header\n"
    )
    spoil = wrong.altered_body(lambda b: b.replace(b'"actual_nrows": 2', b'"actual_nrows": 3'))
    site.server.add("/set/", spoil, times=None)
    report = site.sync()
    assert site.states() == {setid: "partial"}
    assert report.notes
    assert site.file(setid, "csv").read_bytes() == b"no header\n"
    assert site.sync().requests == 2
    assert site.verify().exit_code == 0


def test_rows_of_an_earlier_table_are_not_told_as_those_of_one_that_cannot_be_read(
    site: Site,
) -> None:
    setid = site.server.make_dataset()
    site.sync()
    [(rows,)] = site.sql("SELECT count(*) FROM dataset_rows")
    site.server.rewrite_csv(setid)
    site.server.change_visibility(setid, "unlisted")
    site.server.change_visibility(setid, "public")
    site.server.add("/d/", wrong.altered_body(lambda b: b"no header\n"), times=None)
    spoil = wrong.altered_body(lambda b: b.replace(b'"actual_nrows": ', b'"actual_nrows": 9'))
    site.server.add("/set/", spoil, times=None)
    for _ in range(6):
        site.sync()
        site.clock.forward(90_000)
    [(state, reason, error)] = site.sql("SELECT state, reason, last_error FROM datasets")
    assert (state, reason) == ("partial", "its table cannot be read; its files are kept")
    assert error
    assert site.sql("SELECT count(*) FROM dataset_rows") == [(rows,)]
    site.server.behave()
    site.server.rewrite_csv(setid)
    site.server.change_visibility(setid, "unlisted")
    site.server.change_visibility(setid, "public")
    site.sync()
    assert site.states() == {setid: "mirrored"}
    site.check()


def _zip(path: Path, fill: Callable[[zipfile.ZipFile], None]) -> Path:
    with zipfile.ZipFile(path, "w") as zipped:
        fill(zipped)
    return path


def test_a_hostile_zip_never_becomes_part_of_the_mirror(site: Site, tmp_path: Path) -> None:
    def fill(zipped: zipfile.ZipFile) -> None:
        zipped.writestr("../../escaped", b"x")
        zipped.writestr("/absolute", b"x")

    evil = _zip(tmp_path / "evil.zip", fill)
    setid = site.server.make_table({"db_oid": "U9", "n": "i8"}, [["a", 1]], lczip=evil)
    report = site.sync()
    assert setid in report.failed
    assert site.states() == {setid: "partial"}
    assert not site.file(setid, "lczip").exists()
    assert not (tmp_path / "escaped").exists()


EVERYTHING = '[mirror]\nproducts = ["csv", "lczip", "pickle"]'


def test_a_page_of_html_in_a_files_place_is_never_kept(tmp_path: Path) -> None:
    with Site(tmp_path, EVERYTHING) as site:
        setid = site.server.make_dataset()
        site.server.add("/d/|/c/|/p/", wrong.html_instead(), times=None)
        report = site.sync()
        assert setid in report.failed
        assert "web page" in report.failed[setid]
        kept = [path for path in site.root.rglob("*") if path.is_file()]
        assert not [path for path in kept if b"<html" in path.read_bytes().lower()]
        site.server.behave()
        site.clock.forward(86400)
        assert site.sync().exit_code == 0
        site.check()


@pytest.mark.parametrize("path", ["/d/.*csv", "/d/.*pkl", "/c/"])
def test_what_is_not_called_a_page_but_is_one_is_not_kept_either(
    tmp_path: Path, path: str
) -> None:
    with Site(tmp_path, EVERYTHING) as site:
        setid = site.server.make_dataset()
        page = b"<!DOCTYPE html><html>Please log in</html>"
        rule = site.server.add(path, wrong.body(page, "application/octet-stream"), times=None)
        report = site.sync()
        assert rule.fired > 0
        assert report.exit_code == 1
        assert path == "/c/" or site.states()[setid] == "failed"
        kept = [one for one in site.root.rglob("*") if one.is_file()]
        assert not [one for one in kept if page in one.read_bytes()]
        site.server.behave()
        site.clock.forward(86400)
        assert site.sync().exit_code == 0
        site.check()


def test_a_csv_without_its_header_is_fetched_again(site: Site) -> None:
    setid = site.server.make_dataset()

    def headless(content: bytes) -> bytes:
        return b"".join(
            line for line in content.splitlines(keepends=True) if not line.startswith(b"#")
        )

    def without_etag(answer: Answer) -> Answer:
        # As from a proxy: nothing is there that could speak against it.
        kept = tuple(pair for pair in answer.headers if pair[0].lower() != "etag")
        return Answer(answer.status, kept, headless(wrong.whole(answer)))

    site.server.add("/d/.*csv", wrong.altered(without_etag))
    report = site.sync()
    assert (report.mirrored, setid in report.failed) == (0, True)
    site.clock.forward(86400)
    assert site.sync().exit_code == 0
    site.check()


@pytest.mark.parametrize("cell", ["NaN", "-Infinity", "9223372036854775808"])
def test_a_number_that_the_json_cannot_hold_is_taken_from_the_csv(
    site: Site, cell: str
) -> None:
    setid = site.server.make_table({"db_oid": "U9", "n": "f8"}, [["a", 1.5], ["b", 2.5]])
    published: list[bytes] = []

    def spoiled(content: bytes) -> bytes:
        published.append(content.replace(b"2.5", cell.encode()))
        return published[-1]

    site.server.add("/set/", wrong.altered_body(spoiled), times=None)
    report = site.sync()
    assert (report.exit_code, report.mirrored) == (0, 1)
    assert site.sql("SELECT values_from FROM datasets") == [("csv",)]
    (note,) = report.notes
    assert f" dataset-{setid}.json.gz, byte" in note
    assert ".part" not in note
    assert site.sql("SELECT data ->> 'n' FROM dataset_rows ORDER BY data") == [(1.5,), (2.5,)]
    assert gzip.decompress(site.file(setid, "json").read_bytes()).rstrip() == published[-1]


def test_a_zip_that_is_none_is_named_as_the_mirror_names_it(site: Site) -> None:
    setid = site.server.make_dataset()
    site.server.add("/p/", wrong.altered_body(lambda content: content[:200]), times=None)
    why = site.sync().failed[setid]
    assert f"lightcurves-{setid}.zip" in why
    assert ".part" not in why
