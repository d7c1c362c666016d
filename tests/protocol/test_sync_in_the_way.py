"""What lies in the way, and names and ZIPs that lead elsewhere: nothing else is touched."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lccmirror.demo.messages import Answer
from lccmirror.errors import InTheWay, MirrorUnusable
from lccmirror.sync import layout
from lccmirror.sync.cycle import run_cycle
from lccmirror.sync.jobs import open_session
from tests.support import misbehaving as wrong
from tests.support.kept import Kept, assert_told
from tests.support.misbehaving import Turn
from tests.support.site import Site, make_small
from tests.support.sites import site_fixture

QUICK = '[server]\nretry_total = "1s"'


site = site_fixture(QUICK)


def test_strange_leftovers_in_incoming(site: Site, tmp_path: Path) -> None:
    setid = site.server.make_dataset()
    other = site.server.make_dataset(filters="(ndet gt 6)", columns=("ndet",))
    site.sync()
    site.clock.forward(100)
    site.server.remake_zip(setid)
    site.server.change_visibility(setid, "public")
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    incoming = site.root / "incoming"
    csv = (incoming.parent / layout.arriving(layout.product(setid, "csv"))).name
    json_part = (incoming.parent / layout.arriving(layout.product(setid, "json"))).name
    held = (incoming.parent / layout.arriving(layout.product(other, "lczip"))).name
    (incoming / "notes.txt").write_text("something")
    (incoming / "a folder").mkdir()
    (incoming / "a folder" / "file").write_text("something")
    os.mkfifo(incoming / "fifo.part")
    for name in (
        "..~outside.part.json",
        "~etc~hostname.part.json",
        "catalog.sqlite.part.json",
        "lock.part.json",
        "~.part.json",
        "datasets.part.json",
        f"{held}.json",
    ):
        (incoming / name).write_text('{"path": "/p/x", "total": 8}')
    # A note that a power cut has left empty, one that is no object, and links outside.
    (incoming / json_part).write_bytes(b"half")
    (incoming / f"{json_part}.json").write_bytes(b"")
    (incoming / csv).symlink_to(outside)
    (incoming / f"{csv}.json").write_text("[]")
    (incoming / "link.part").symlink_to(outside)
    report = site.sync()
    assert (report.exit_code, report.failed) == (0, {})
    assert [one.name for one in incoming.iterdir()] == ["a folder"]
    assert (incoming / "a folder" / "file").read_text() == "something"
    shutil.rmtree(incoming / "a folder")
    site.check()
    assert outside.read_bytes() == b"precious"


def test_a_download_that_finds_a_folder_in_its_place(site: Site) -> None:
    blocked, free = site.server.make_dataset(), site.server.make_dataset(columns=("ndet",))
    site.root.mkdir()
    part = site.root / layout.arriving(layout.product(blocked, "csv"))
    part.mkdir(parents=True)
    report = site.sync()
    assert site.states()[free] == "mirrored"
    assert str(part) in report.failed[blocked]
    part.rmdir()
    site.clock.forward(3600)
    assert site.sync().exit_code == 0
    site.check()


def test_a_file_that_is_removed_while_it_arrives_is_told_and_fetched_again(site: Site) -> None:
    robbed, free = site.server.make_dataset(), site.server.make_dataset(columns=("ndet",))
    part = site.root / layout.arriving(layout.product(robbed, "json"))

    def rob(turn: wrong.Turn) -> Answer:
        part.unlink()
        return turn.honest()

    site.server.add(f"/d/.*{robbed}.*csv", rob)
    report = site.sync()
    assert site.states()[free] == "mirrored"
    assert "gone while it was in use" in report.failed[robbed]
    site.clock.forward(3600)
    assert site.sync().exit_code == 0
    site.check()


def _link_file(final: Path, outside: Path) -> Path:
    final.parent.mkdir(parents=True)
    final.symlink_to(outside / "file")
    return final


def _folder(final: Path, outside: Path) -> Path:
    final.mkdir(parents=True)
    return final


def _link_folder(final: Path, outside: Path) -> Path:
    final.parent.parent.mkdir(parents=True)
    final.parent.symlink_to(outside)
    return final.parent


def _file_for_folder(final: Path, outside: Path) -> Path:
    final.parent.parent.mkdir(parents=True)
    final.parent.write_text("something")
    return final.parent


IN_THE_WAY = {
    "a link": _link_file,
    "a folder": _folder,
    "a link for its folder": _link_folder,
    "a file for its folder": _file_for_folder,
}


@pytest.mark.parametrize("what", sorted(IN_THE_WAY))
@pytest.mark.parametrize("kind", ["csv", "lczip"])
def test_something_lies_where_a_product_is_to_go(
    site: Site, tmp_path: Path, what: str, kind: str
) -> None:
    blocked = site.server.make_dataset()
    site.clock.forward(60)
    free = site.server.make_dataset(filters="(ndet gt 6)", columns=("ndet",))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"precious")
    obstacle = IN_THE_WAY[what](site.file(blocked, kind), outside)
    report = site.sync()
    assert report.exit_code == 1
    assert str(obstacle) in report.failed[blocked]
    assert site.states()[blocked] in ("failed", "partial")
    assert site.states()[free] == "mirrored"
    assert [(one.name, one.read_bytes()) for one in outside.iterdir()] == [
        ("file", b"precious")
    ]
    assert site.verify().exit_code == 0
    obstacle.rename(tmp_path / "moved away")
    site.clock.forward(3600)
    assert site.sync().exit_code == 0
    site.check()


# Names that the server gives

BAD_NAMES = ["../../../outside", "a/b", "..", "nul\\u0000l", "n" * 300, "", "-c", "~", "a b"]


@pytest.mark.parametrize("name", [name for name in BAD_NAMES if name != "-c"])
def test_a_setid_that_can_be_no_path(site: Site, name: str) -> None:
    bad, good = site.server.make_dataset(), site.server.make_dataset(columns=("ndet",))
    kept = Kept(site)

    def rename(content: bytes) -> bytes:
        return content.replace(bad.encode(), name.encode())

    site.server.add("/api/datasets", wrong.altered_body(rename), times=None)
    report = site.sync()
    assert site.states() == {good: "mirrored"}
    assert report.poll.problems
    site.check(good)
    kept.check()
    assert all(good in one for one in site.requests("/set/"))


@pytest.mark.parametrize("name", [name for name in BAD_NAMES if name])
@pytest.mark.parametrize("form", ["collection", "collection_id"])
def test_a_collection_that_can_be_no_path(site: Site, name: str, form: str) -> None:
    survey = site.server.surveys[1]
    bad = getattr(survey, form)
    good = site.server.make_dataset(collections=[site.server.surveys[0].collection])
    kept = Kept(site)

    def rename(content: bytes) -> bytes:
        return content.replace(f'"{bad}"'.encode(), f'"{name}"'.encode())

    site.server.add("/api/collections", wrong.altered_body(rename), times=None)
    site.sync()
    assert site.states() == {good: "mirrored"}
    site.check(good)
    kept.check()


# ZIPs


def _symlink(zipped: zipfile.ZipFile) -> None:
    member = zipfile.ZipInfo("demo-field-a-x-csvlc.gz")
    member.external_attr = 0o120777 << 16
    zipped.writestr(member, "/etc/passwd")


def _many(zipped: zipfile.ZipFile) -> None:
    for i in range(50):
        zipped.writestr(f"demo-field-a-{i}-csvlc.gz", b"x")


def _bomb(zipped: zipfile.ZipFile) -> None:
    zipped.writestr("demo-field-a-x-csvlc.gz", b"\0" * 1_000_000, zipfile.ZIP_DEFLATED)


HOSTILE: dict[str, tuple[Callable[[zipfile.ZipFile], None], str]] = {
    "absolute": (lambda zipped: zipped.writestr("/absolute", b"x"), "its name is a path"),
    "upwards": (lambda zipped: zipped.writestr("../../up", b"x"), "its name is a path"),
    "a NUL": (lambda zipped: zipped.writestr("a\x01b", b"x"), "not a usable name"),
    "a long name": (lambda zipped: zipped.writestr("n" * 300, b"x"), "not a usable name"),
    "a link": (_symlink, "not a regular file"),
    "many members": (_many, "50 members; the limit is 20"),
    "a thousandfold": (_bomb, "expands more than 100-fold"),
}


@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_a_hostile_zip_is_refused_and_said_so(site: Site, tmp_path: Path, what: str) -> None:
    fill, words = HOSTILE[what]
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as zipped:
        fill(zipped)
    site.configure(f"{QUICK}\n[limits]\nmax_zip_members = 20")
    bad = make_small(site, tmp_path / "evil.zip")
    good = site.server.make_dataset(filters="(ndet gt 6)", columns=("ndet",))
    kept = Kept(site)
    report = site.sync()
    assert report.exit_code == 1
    assert words in report.failed[bad]
    assert bad in report.failed[bad]
    assert site.states() == {bad: "partial", good: "mirrored"}
    assert not site.file(bad, "lczip").exists()
    assert list((site.root / "incoming").iterdir()) == []
    assert site.verify().exit_code == 0
    site.check(good)
    kept.check()


@pytest.mark.parametrize("what", ["a folder", "a link"])
@pytest.mark.parametrize("early", [True, False])
def test_something_lies_where_a_format_or_a_light_curve_is_to_go(
    tmp_path: Path, what: str, early: bool
) -> None:
    settings = f'{QUICK}\n[lightcurves]\nsingles = "missing"'
    with Site(tmp_path, settings, lczip_max_nrows=5) as site:
        setid = site.server.make_dataset()
        survey = site.server.surveys[0]
        name = f"{survey.objects[0].objectid}-csvlc.gz"
        paths = [
            layout.lcformat(survey.collection),
            layout.single_lightcurve(survey.collection, name),
        ]
        outside = tmp_path / "outside"
        outside.write_bytes(b"precious")
        for path in paths:
            # In the place of the download, or of what comes of it.
            obstacle = site.root / (layout.arriving(path) if early else path)
            obstacle.parent.mkdir(parents=True, exist_ok=True)
            if what == "a folder":
                obstacle.mkdir()
            else:
                obstacle.symlink_to(outside)
        report = site.sync()
        assert site.states() == {setid: "mirrored"}
        assert outside.read_bytes() == b"precious"
        if early and what == "a link":
            assert report.exit_code == 0  # what is no download is cleared from incoming/
            site.check()
            return
        assert report.exit_code == 1
        assert len(report.failed) == 2
        assert report.singles == len(site.sql("SELECT * FROM lightcurves")) > 1
        for path in paths:
            obstacle = site.root / (layout.arriving(path) if early else path)
            assert any(str(obstacle) in why for why in report.failed.values())
            obstacle.unlink() if what == "a link" else obstacle.rmdir()
        site.clock.forward(3600)
        assert site.sync().exit_code == 0
        site.check()


def test_downloads_do_not_pass_through_a_link(site: Site, tmp_path: Path) -> None:
    site.server.make_dataset()
    outside = tmp_path / "outside"
    outside.mkdir()
    site.root.mkdir()
    (site.root / "incoming").symlink_to(outside)
    with pytest.raises(InTheWay) as caught:
        site.sync()
    assert_told(caught.value, str(site.root / "incoming"), "link")
    assert list(outside.iterdir()) == []


def test_no_download_is_begun_through_a_link_that_came_meanwhile(
    site: Site, tmp_path: Path
) -> None:
    for columns in (("ndet",), ("sdssr",)):
        site.server.make_dataset(columns=columns)
    outside, incoming = tmp_path / "outside", site.root / "incoming"
    outside.mkdir()

    def swap(turn: Turn) -> Answer:
        incoming.rename(tmp_path / "was-incoming")
        incoming.symlink_to(outside)
        return turn.honest()

    site.server.add("/d/", swap)
    report = site.sync()
    assert f"{incoming} is a link, not a folder" in report.failed.values()
    assert list(outside.iterdir()) == []


def test_a_link_in_place_of_incoming_is_not_cleaned(site: Site, tmp_path: Path) -> None:
    site.server.make_dataset()
    outside, incoming = tmp_path / "outside", site.root / "incoming"
    outside.mkdir()
    (outside / "precious").write_text("of a person")
    with open_session(site.config, site.around()) as session:
        run_cycle(session)
        incoming.rename(tmp_path / "was-incoming")
        incoming.symlink_to(outside)
        assert isinstance(run_cycle(session).stopped, InTheWay)
    assert (outside / "precious").read_text() == "of a person"


@pytest.mark.parametrize("name", ["lock", "catalog.sqlite"])
def test_a_link_for_a_file_of_the_mirror_itself(site: Site, tmp_path: Path, name: str) -> None:
    site.server.make_dataset()
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    site.root.mkdir()
    (site.root / name).symlink_to(outside)
    with pytest.raises(MirrorUnusable) as caught:
        site.sync()
    assert_told(caught.value, str(site.root / name))
    assert outside.read_bytes() == b"precious"


def test_a_zip_begun_under_two_names_is_left_under_none(site: Site) -> None:
    pair = [site.server.make_dataset(columns=(name,)) for name in ("sdssr", "ndet")]
    site.server.add("/p/", wrong.status(500), times=None)
    site.sync()
    site.server.behave()
    for setid in pair:
        part = site.root / layout.arriving(layout.product(setid, "lczip"))
        part.write_bytes(b"begun")
        part.with_name(part.name + ".json").write_text("{}")
    site.clock.forward(3600)
    assert site.sync().exit_code == 0
    assert list((site.root / "incoming").iterdir()) == []
    assert site.file(pair[0], "lczip").samefile(site.file(pair[1], "lczip"))
    site.check()
