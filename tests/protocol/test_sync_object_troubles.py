"""What goes wrong as objects are asked for: a matter of that object or service alone."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

from tests.support.misbehaving import Action, altered_result, body, cut, reset, status
from tests.support.object_information import (
    ALL,
    DAY,
    HOUR,
    ObjectSite,
    asked,
    one_object,
    states,
)
from tests.support.pictures import SIGNATURE, liar
from tests.support.site import Site
from tests.support.sites import site_fixture

site = site_fixture(ALL, kind=ObjectSite, objects=4)


def test_a_server_without_this_service_is_not_asked_for_every_object(site: Site) -> None:
    site.server.add("/object", status(404), times=None)
    site.configure(ALL + "per_cycle = 100\n")
    site.server.make_dataset(columns=("sdssr",))
    assert site.sync().exit_code == 0
    assert len(asked(site)) == 8  # four objects, two paths each
    assert states(site) == {"missing": 4}


@pytest.mark.parametrize("code", [401, 403])
def test_objects_of_a_private_collection_are_refused_and_no_failure(
    site: Site, code: int
) -> None:
    site.server.add("/api/object", status(code), times=None)
    report = site.sync()
    assert (report.exit_code, report.failed, states(site)) == (0, {}, {"refused": 4})
    assert len([one for one in site.requests() if "/api/key" in one]) == 1
    site.sync()
    assert asked(site) == []


def test_a_key_that_is_refused_for_objects_alone_is_renewed_once(site: Site) -> None:
    site.server.add("/api/object", status(401, as_json=True), times=None)
    report = site.sync()
    assert (report.stopped, states(site)) == (None, {"failed": 1})
    assert len([one for one in site.requests() if "/api/key" in one]) == 2
    assert set(site.states().values()) == {"mirrored"}


def test_a_server_that_says_failed_has_refused(site: Site) -> None:
    answer = b'{"status": "failed", "result": null, "message": "no checkplot server"}'
    site.server.add("/api/object", body(answer), times=None)
    assert site.sync().exit_code == 0
    assert states(site) == {"refused": 4}
    assert "no checkplot server" in site.sql("SELECT last_error FROM object_info")[0][0]


def test_a_server_that_has_nothing_to_tell_is_missing(site: Site) -> None:
    answer = b'{"status": "ok", "result": null, "message": ""}'
    site.server.add("/api/object", body(answer), times=None)
    assert site.sync().exit_code == 0
    assert states(site) == {"missing": 4}


def test_too_many_requests_are_waited_out(site: Site) -> None:
    site.server.add("/api/object", status(429, as_json=True, Retry_After="120"), times=2)
    before = site.clock()
    report = site.sync()
    assert (report.exit_code, report.objects) == (0, 4)
    assert site.clock() - before >= 120
    assert len([one for one in site.requests() if "/api/key" in one]) <= 1


def test_a_checkplot_server_that_is_down_is_left_alone_after_four_objects(
    tmp_path: Path,
) -> None:
    with Site(tmp_path, ALL) as site:
        site.server.make_dataset(columns=("sdssr",))
        site.server.add("/api/object", status(502, as_json=True), times=None)
        report = site.sync()
        # Each is asked for once; a fault of this service holds nobody up.
        assert len(asked(site)) == 4
        assert report.stopped is None
        assert (report.exit_code, len(report.failed), states(site)) == (1, 4, {"failed": 4})
        site.server.behave()
        site.clock.forward(HOUR)
        assert site.sync().objects == 16
        assert site.sync().idle


def test_the_datasets_come_though_no_object_can_be_asked_for(site: Site) -> None:
    site.server.add("/api/object", reset(), times=None)
    report = site.sync()
    assert report.stopped is None
    assert set(site.states().values()) == {"mirrored"}
    assert states(site) == {"failed": 4}
    assert report.exit_code == 1


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (cut(3000), "ended|JSON|bytes"),
        (cut(3000, declared=False), "JSON"),
        (body(b"{" * 300), "JSON"),
        (body(b"[" * 100_000), "JSON"),
        (body(b'{"status": "ok", "result": {"x": ' + b"[" * 700 + b"]" * 700 + b"}}"), "deep"),
        (body(b'{"status": "ok", "result": {"x": [' + b"0," * 600_000 + b"0]}}"), "values"),
        (body(b'{"status": "ok", "result": {"objectid": null}}'), "nothing"),
        (body(b"<html>portal</html>", "text/html"), "web page"),
    ],
)
def test_an_answer_that_makes_no_sense_is_a_failure_of_that_object_alone(
    site: Site, action: Action, why: str
) -> None:
    objectid = one_object(site)
    site.server.add(f"objectid={objectid}&", action, times=None)
    report = site.sync()
    assert report.objects == 3
    assert list(report.failed) == [f"information about {objectid}"]
    assert states(site) == {"ok": 3, "failed": 1}
    assert list((site.root / "incoming").iterdir()) == []
    assert not list(site.root.glob(f"objects/*/{objectid}*"))
    assert site.sync().failed == {}  # not before its time
    site.server.behave()
    site.clock.forward(2 * DAY)
    assert site.sync().objects == 1
    site.check()


def test_an_answer_larger_than_the_limit_is_refused(tmp_path: Path) -> None:
    with Site(tmp_path, ALL + '[limits]\nmax_object_info = "1 MB"\n', objects=4) as site:
        first = site.server.surveys[0].collection
        site.server.make_dataset(collections=[first], columns=("sdssr",))
        huge = altered_result(lambda result: result.update(varinfo={"x": "y" * 1_100_000}))
        site.server.add(f"objectid={one_object(site)}&", huge, times=None)
        report = site.sync()
        assert report.objects == 3
        (why,) = report.failed.values()
        assert "1,000,000" in why


@pytest.mark.parametrize(
    ("picture", "why"),
    [
        ("%%%", "base64"),
        ("aGVsbG8gd29ybGQ=", "not a PNG"),
        (liar(100_000, 100_000), "pixels"),
        (liar(10, 10), "more or fewer pixels"),
    ],
)
def test_a_picture_that_is_none_is_left_out_and_told(
    site: Site, picture: str, why: str
) -> None:
    objectid = one_object(site)
    bad = altered_result(lambda result: result.update(finderchart=picture))
    site.server.add(f"objectid={objectid}&", bad, times=None)
    assert site.sync().exit_code == 0
    chart, series, problems, info = site.sql(
        "SELECT finderchart, magseries, problems, info FROM object_info WHERE objectid = ?",
        objectid,
    )[0]
    assert chart is None
    assert (site.root / series).read_bytes().startswith(SIGNATURE)
    assert why in json.loads(problems)[0]
    assert why in json.loads(info)["finderchart"]["problem"]
    assert not list(site.root.glob(f"objects/*/{objectid}-finderchart*"))
    site.check()


def test_an_object_whose_name_can_be_no_files_is_not_asked_for(tmp_path: Path) -> None:
    with Site(tmp_path, ALL) as site:
        site.server.make_table(
            {"collection": "U20", "db_oid": "U20", "db_ra": "f8", "db_decl": "f8"},
            [["demo_field_a", "../../etc/x", 10.0, 5.0], ["demo_field_a", "a b", 10.0, 5.0]],
            lczip=False,
        )
        report = site.sync()
        assert asked(site) == []
        assert states(site) == {"failed": 2}
        assert len(report.failed) == 2
        site.clock.forward(HOUR)
        assert site.sync().idle


def test_a_full_disk_ends_the_cycle_as_one(tmp_path: Path) -> None:
    with Site(tmp_path, ALL, objects=4) as site:
        site.server.make_dataset(columns=("sdssr",))
        site.configure()
        site.sync()
        ((held,),) = site.sql("SELECT n FROM counts WHERE name = 'file_bytes'")
        site.configure(
            ALL + f"[mirror]\nmax_bytes = {max(held, 10_000_000)}\n"
            '[limits]\nmax_object_info = "64 MB"\n'
        )
        # Larger than all that there may be, and gzip makes it no smaller than that.
        text = base64.b64encode(Random(1).randbytes(11_000_000)).decode()
        fat = altered_result(lambda result: result.update(x=text))
        site.server.add("/api/object", fat, times=None)
        report = site.sync()
        assert report.exit_code == 73
        assert site.verify().found.damage == []


def test_a_folder_in_the_way_is_told_and_stops_nobody_else(site: Site) -> None:
    site.configure()
    site.sync()
    objectid = one_object(site)
    odd = site.root / f"objects/demo_field_a/{objectid}.json.gz"
    odd.mkdir(parents=True)
    site.configure(ALL)
    report = site.sync()
    assert report.objects == 3
    assert "not a plain file" in report.failed[f"information about {objectid}"]
    shutil.rmtree(odd)
    site.clock.forward(HOUR)
    site.sync()
    assert states(site) == {"ok": 4}
    site.check()


def test_what_has_been_written_of_objects_takes_room_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written(site: Site) -> int:
        return sum(one.stat().st_size for one in site.root.glob("objects/**/*.*"))

    (tmp_path / "other").mkdir()
    with Site(tmp_path / "other", ALL, objects=8) as other:
        other.server.make_dataset(columns=("sdssr",))
        other.sync()
        free = written(other) * 3 // 2
    with Site(tmp_path, objects=8) as site:
        site.server.make_dataset(columns=("sdssr",))
        site.sync()
        site.configure(ALL)
        monkeypatch.setattr(
            shutil, "disk_usage", lambda _: SimpleNamespace(free=free - written(site))
        )
        report = site.sync()
        assert (report.exit_code, report.objects) == (0, 16)
