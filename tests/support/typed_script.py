"""A user's script: it is not run, but a strict type checker has to be content with it."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import lccmirror
from lccmirror.errors import Damaged, LccMirrorError
from lccmirror.offline import (
    Collection,
    Dataset,
    Mirror,
    MirroredLightCurve,
    Rows,
    Search,
    SearchRun,
    Status,
    Unreadable,
)
from lccmirror.query import Value


def look(root: Path) -> list[str]:
    with lccmirror.open(root, time_limit_s=30) as m:
        assert_type(m, Mirror)
        rows = m.query("SELECT objectid FROM objects WHERE sdssr < :faint", faint=12)
        assert_type(rows, Rows)
        found = [str(objectid) for (objectid,) in rows]
        assert_type(m.query("SELECT ?", [1]).one(), tuple[Value, ...])
        assert_type(m.collections["demo_field_a"], Collection)
        assert_type(m.datasets(state="mirrored")[0], Dataset)
        assert_type(m.datasets()[0].path("csv"), Path)
        assert_type([c.unit for c in m.datasets()[0].columns], list[str | None])
        assert_type(m.cone(10.5, -30, 5, limit=3), Rows)
        assert_type(m.xmatch([(10.5, -30.0)], 3), Rows)
        assert_type(m.status(), Status)
        assert_type(m.search("rrab"), Search)
        assert_type(m.searches["rrab"].runs(), tuple[SearchRun, ...])
        assert_type(m.position("HAT-123"), tuple[float, float])
        return found


def light_curves(m: Mirror) -> float:
    curve = m.lightcurve("HAT-123-4567890", "hatnet_dr2", columns=["rjd", "aep_000"])
    assert_type(curve, MirroredLightCurve)
    assert_type(curve.select(["rjd"]), MirroredLightCurve)
    points = 0
    for one in m.lightcurves("sdssr < 12", workers=2):
        assert_type(one, MirroredLightCurve)
        points += len(one)
    for either in m.lightcurves("sdssr < 12", errors="yield"):
        assert_type(either, MirroredLightCurve | Unreadable)
        if isinstance(either, Unreadable):
            assert_type(either.error, LccMirrorError)
    for own in m.datasets()[0].lightcurves():
        assert_type(own, MirroredLightCurve)
    try:
        return float(curve["aep_000"].mean()) + points
    except Damaged:
        return 0.0
