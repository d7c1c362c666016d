"""Single light curves: fetched where no ZIP has them, and asked for again when it is time."""

from __future__ import annotations

from pathlib import Path

from tests.support import misbehaving as wrong
from tests.support.site import Site


def test_single_light_curves_come_where_there_is_no_zip(tmp_path: Path) -> None:
    with Site(tmp_path, lczip_max_nrows=5) as site:
        setid = site.server.make_dataset()
        site.sync()
        assert site.sql("SELECT count(*) FROM lightcurves") == [(0,)]
        site.configure('[lightcurves]\nsingles = "missing"\nlimit = 10')
        assert site.sync().singles == 10 - len(site.sql("SELECT * FROM missing_lightcurves"))
        site.sync()
        objects = len(site.server.truth(setid))
        held = site.sql("SELECT path FROM lightcurves WHERE newest = 1")
        missing = site.sql("SELECT * FROM missing_lightcurves")
        assert len(held) + len(missing) == objects
        for (path,) in held:
            folder, name = path.split("/")[1:]
            published = site.server.file(f"/l/{folder.replace('_', '-')}/{name}")
            assert (site.root / path).read_bytes() == published
        for _ in range(3):
            # What the server says it has not is asked for again some times.
            site.clock.forward(4_000)
            site.sync()
        report = site.sync()
        assert report.requests == 2
        site.check()


def test_a_damaged_single_light_curve_comes_again_whatever_the_settings(
    tmp_path: Path,
) -> None:
    with Site(tmp_path, lczip_max_nrows=5) as site:
        site.server.make_dataset()
        site.configure('[lightcurves]\nsingles = "missing"\nlimit = 3')
        site.sync()
        path = site.sql("SELECT path FROM lightcurves ORDER BY path")[0][0]
        whole = (site.root / path).read_bytes()
        (site.root / path).write_bytes(whole[:-1])
        site.configure('[lightcurves]\nsingles = "never"')
        assert site.verify().exit_code == 65
        site.server.add("/l/", wrong.status(404), times=1)
        assert site.repair().exit_code == 65
        site.clock.forward(3600)
        [(aside,)] = site.sql("SELECT path FROM files WHERE state = 'damaged'")
        assert str(aside).startswith(f"{path}.")
        assert site.repair().exit_code == 0
        assert (site.root / path).read_bytes() == whole
        site.check()


def test_a_light_curve_whose_name_can_be_no_path_is_not_asked_for_again(
    tmp_path: Path,
) -> None:
    with Site(tmp_path) as site:
        columns = {"db_oid": "U9", "collection": "U20", "db_lcfname": "U50"}
        collection = site.server.surveys[0].collection
        row = ["odd", collection, "/l/demo-field-a/.hidden%2f"]
        site.server.make_table(columns, [row], collections=[collection])
        site.configure('[lightcurves]\nsingles = "missing"')
        assert site.sync().exit_code == 0
        assert site.sync().requests == 2
        assert len(site.sql("SELECT reason FROM missing_lightcurves")) == 1


def test_single_light_curves_that_fail_wait_and_let_the_others_come(tmp_path: Path) -> None:
    with Site(tmp_path, lczip_max_nrows=5) as site:
        site.server.make_dataset()
        site.configure('[lightcurves]\nsingles = "missing"\nlimit = 5')
        bad = sorted(one.objectid for one in site.server.surveys[0].objects)[:4]
        rule = site.server.add(
            "/l/", wrong.status(500), times=None, when=lambda r: any(b in r.target for b in bad)
        )
        first = site.sync()
        assert len(first.failed) == 4
        fired = rule.fired
        for _ in range(4):
            site.sync()
        objects = len(site.sql("SELECT * FROM objects"))
        held = len(site.sql("SELECT * FROM lightcurves"))
        missing = len(site.sql("SELECT * FROM missing_lightcurves"))
        assert held + missing == objects - 4
        assert rule.fired > fired  # they are tried again, when they are due
        site.server.behave()
        site.clock.forward(86_400)
        site.sync()
        waiting = {one for (one,) in site.sql("SELECT objectid FROM lightcurve_attempts")}
        assert not waiting & set(bad)
        site.check()


def test_a_single_light_curve_that_is_too_large_keeps_no_other_from_coming(
    tmp_path: Path,
) -> None:
    settings = '[mirror]\nproducts = ["csv", "lczip"]\n[lightcurves]\nsingles = "missing"\n'
    with Site(tmp_path, settings, lczip_max_nrows=5, points=(5, 2000)) as site:
        setid = site.server.make_dataset()
        # larger than the tables, and than some of the light curves
        site.configure(f"{settings}[select]\nmax_size = {12_000}")
        report = site.sync()
        assert (report.exit_code, site.states()) == (0, {setid: "mirrored"})
        sizes = [size for (size,) in site.sql("SELECT size FROM files WHERE kind = 'lc'")]
        assert sizes
        assert max(sizes) <= 12_000
        assert list((site.root / "incoming").iterdir()) == []
        site.clock.forward(1)
        assert site.sync().requests == 2
        site.configure(settings)
        site.clock.forward(86_400)
        site.sync()
        [(largest,)] = site.sql("SELECT max(size) FROM files WHERE kind = 'lc'")
        assert largest > 12_000
        site.check()
