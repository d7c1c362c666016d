"""What the server tells of objects: asked for politely, checked, kept, and asked for again."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

from click.testing import CliRunner

from lccmirror.cli.app import cli
from lccmirror.clock import to_text
from lccmirror.query import open_readonly
from lccmirror.query.status import read_status
from lccmirror.sync.jobs import prune_mirror
from tests.support.misbehaving import altered_result, body, status
from tests.support.object_information import (
    ALL,
    DAY,
    HOUR,
    ObjectSite,
    asked,
    one_object,
    states,
)
from tests.support.site import Site
from tests.support.sites import site_fixture

site = site_fixture(ALL, kind=ObjectSite, objects=4)


def test_nothing_is_asked_for_unless_the_configuration_says_so(tmp_path: Path) -> None:
    with Site(tmp_path, objects=4) as site:
        site.server.make_dataset(columns=("sdssr",))
        assert site.sync().exit_code == 0
        assert asked(site) == []
        assert site.sql("SELECT count(*) FROM object_info") == [(0,)]


def test_all_objects_are_told_of_and_a_second_cycle_asks_for_none(site: Site) -> None:
    report = site.sync()
    assert (report.exit_code, report.objects, states(site)) == (0, 4, {"ok": 4})
    objectid = one_object(site)
    star = next(o.star for o in site.server.surveys[0].objects if o.objectid == objectid)
    (row,) = site.sql(
        "SELECT objectisvar, vartags, comments, period, epoch, neighbors, xmatch, problems, "
        "info, path, finderchart, magseries FROM object_info WHERE objectid = ?",
        objectid,
    )
    assert row[:8] == (
        1,
        star.kind,
        "synthetic",
        star.period_d,
        star.epoch_rjd,
        3,
        None,
        None,
    )
    bare = json.loads(row[8])
    assert bare["gls"]["phasedlc1"]["plot"]["picture"] == "gls-phasedlc1-plot"
    assert site.sql(
        "SELECT method, rank, period, epoch FROM object_periods WHERE objectid = ?", objectid
    ) == [
        ("gls", rank, star.period_d * times, star.epoch_rjd)
        for rank, times in ((1, 1.0), (2, 2.0), (3, 0.5))
    ]
    whole = json.loads(gzip.decompress((site.root / row[9]).read_bytes()))
    for name, path in (("finderchart", row[10]), ("magseries", row[11])):
        assert (site.root / path).read_bytes() == base64.b64decode(whole[name])
    site.check()
    assert site.sync().idle
    assert asked(site) == []


def test_what_the_searches_have_found_is_asked_for_and_nothing_else(site: Site) -> None:
    site.configure(
        '[objects]\nmirror = "searches"\n'
        '[[search]]\nname = "one"\nkind = "columnsearch"\nfilters = "sdssr < 99"\n'
        'every = "1d"\n'
    )
    site.sync()
    assert asked(site) == []
    objectid = one_object(site)
    with site.writing() as conn:
        conn.execute(
            "INSERT OR REPLACE INTO searches (name, kind, params, schedule, enabled, "
            "first_seen) VALUES ('one', 'columnsearch', '{}', '', 1, '')"
        )
        conn.execute(
            "INSERT INTO search_members VALUES ('one', 'demo_field_a', ?)", (objectid,)
        )
    assert site.sync().objects == 1
    assert asked(site) == [f"GET /api/object?objectid={objectid}&collection=demo_field_a"]
    site.sync()
    assert asked(site) == []


def test_a_cycle_asks_for_no_more_than_it_may_and_the_next_ones_for_the_rest(
    tmp_path: Path,
) -> None:
    with Site(tmp_path, ALL + "per_cycle = 3\n", objects=4) as site:
        site.server.make_dataset(columns=("sdssr",))  # of two collections, four objects each
        told = [site.sync().objects for _ in range(5)]
        assert told == [3, 3, 2, 0, 0]
        site.check()


def test_an_object_the_server_knows_nothing_of_is_a_state_and_asked_for_less_and_less(
    site: Site,
) -> None:
    site.server.add("/api/object", status(404, as_json=True), times=None)
    report = site.sync()
    assert (report.exit_code, report.failed) == (0, {})
    assert states(site) == {"missing": 4}
    # The API itself has said so: the other path of the documentation is not tried.
    assert len(asked(site)) == 4
    site.sync()
    assert asked(site) == []
    waits = []
    for _ in range(4):
        (row,) = site.sql(
            "SELECT max(julianday(not_before) - julianday(asked_at)) FROM object_info"
        )
        waits.append(round(row[0]))
        site.clock.forward(row[0] * DAY + HOUR)
        site.sync()
        assert len(asked(site)) == 4
    assert waits == [1, 7, 30, 30]
    site.server.behave()
    site.clock.forward(31 * DAY)
    assert site.sync().objects == 4
    assert states(site) == {"ok": 4}
    assert site.sql("SELECT sum(attempts), max(last_error) FROM object_info") == [(0, None)]


def test_old_information_is_asked_for_again_and_the_old_versions_are_kept(site: Site) -> None:
    site.sync()
    objectid = one_object(site)
    told = altered_result(lambda result: result.update(objectcomments="looked at again"))
    site.server.add(f"objectid={objectid}&", told, times=None)
    site.clock.forward(91 * DAY)
    assert site.sync().objects == 4
    assert site.sql("SELECT comments FROM object_info WHERE objectid = ?", objectid) == [
        ("looked at again",)
    ]
    # What is the same is neither written again nor kept twice.
    old = site.sql("SELECT path, kind FROM files WHERE state = 'superseded'")
    assert [kind for _, kind in old] == ["objectinfo"]
    assert (site.root / old[0][0]).is_file()
    site.check()
    site.configure(ALL + '[prune]\nsuperseded = "30d"\n')
    site.clock.forward(31 * DAY)
    prune_mirror(site.config, site.around())
    assert not (site.root / old[0][0]).exists()
    site.check()


def test_a_picture_that_the_server_has_no_longer_is_kept_as_an_old_version(site: Site) -> None:
    site.sync()
    objectid = one_object(site)
    ((path,),) = site.sql("SELECT finderchart FROM object_info WHERE objectid = ?", objectid)
    before = (site.root / path).read_bytes()
    gone = altered_result(lambda result: result.update(finderchart=None))
    site.server.add(f"objectid={objectid}&", gone, times=None)
    site.clock.forward(91 * DAY)
    site.sync()
    assert site.sql("SELECT finderchart FROM object_info WHERE objectid = ?", objectid) == [
        (None,)
    ]
    assert not (site.root / path).exists()
    ((kept,),) = site.sql("SELECT path FROM files WHERE state = 'superseded' AND kind = 'png'")
    assert (site.root / kept).read_bytes() == before
    site.check()


def test_what_the_server_told_stays_when_it_does_so_no_longer(site: Site) -> None:
    site.sync()
    site.server.add("/api/object", status(404, as_json=True), times=None)
    site.clock.forward(91 * DAY)
    assert site.sync().exit_code == 0
    assert states(site) == {"missing": 4}
    assert site.sql("SELECT count(info), count(fetched_at) FROM object_info") == [(4, 4)]
    site.check()


def test_a_damaged_picture_is_made_anew_from_what_is_here(site: Site) -> None:
    site.sync()
    # Also where no more objects are wanted.
    site.configure()
    path = next(site.root.glob("objects/*/*-finderchart.png"))
    before = path.read_bytes()
    path.write_bytes(b"x" * len(before))
    site.seen = len(site.server.requests)
    repaired = site.repair()
    assert [one.kind for one in repaired.found.damage] == ["png"]
    assert repaired.exit_code == 0
    assert path.read_bytes() == before
    assert asked(site) == []
    site.check()


def test_damaged_information_is_fetched_again(site: Site) -> None:
    site.sync()
    site.configure()
    path = next(site.root.glob("objects/*/*.json.gz"))
    before = path.read_bytes()
    path.unlink()
    next(
        site.root.glob(f"objects/*/{path.name.removesuffix('.json.gz')}-magseries.png")
    ).unlink()
    site.seen = len(site.server.requests)
    assert site.repair().exit_code == 0
    assert path.read_bytes() == before
    assert len(asked(site)) == 1
    site.check()


def test_status_tells_how_the_asking_goes(site: Site) -> None:
    site.server.add(f"objectid={one_object(site)}&", body(b'{"status": "ok'))
    site.sync()
    with open_readonly(site.root) as catalog:
        told = read_status(catalog, to_text(site.now()))
    assert told.object_info == {"ok": 3, "failed": 1}
    assert "JSON" in (told.object_info_error or "")
    shown = CliRunner().invoke(cli, ["-c", str(site.config.path), "status"]).stdout
    assert "object info   3 here, 1 failed; the latest failure: object information" in shown


def test_to_choose_by_searches_where_there_are_none_is_warned_of(site: Site) -> None:
    config = site.configure('[objects]\nmirror = "searches"\n')
    assert [one for one in config.warnings if "objects.mirror" in one and "[[search]]" in one]
