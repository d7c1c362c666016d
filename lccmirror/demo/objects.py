"""Everything the server knows of one object, with its pictures.

The shape is the documented one of ``/api/object``: catalog values, variability, nearest
neighbours, and PNG pictures in base64 of the sky around it, of its light curve, and of
the light curve folded at its period.
"""

from __future__ import annotations

import base64
import math
from random import Random

from .observing import Point, observe
from .png import grey_png, scatter_png
from .searches import separation_arcsec
from .stars import Star
from .surveys import CatalogObject, Survey

_CHART_PIXELS = 61
_NEIGHBOURS = 3


def describe_object(survey: Survey, target: CatalogObject) -> dict[str, object]:
    """Return the object information of `target`."""
    star = target.star
    varies = star.kind != "none"
    random = Random(f"{survey.seed}/{survey.collection}/{target.objectid}/picture")
    points = [
        p
        for p in observe(star, survey.cadence, min(target.npoints, 200), ("aep_000",), random)
        if not math.isnan(p.magnitudes[0])
    ]
    information: dict[str, object] = {
        "objectid": target.objectid,
        "collection": survey.collection,
        "objectinfo": {
            "objectid": target.objectid,
            "ra": target.ra,
            "decl": target.decl,
            **dict(target.values),
        },
        "objectcomments": "synthetic" if varies else None,
        "varinfo": {
            "objectisvar": varies,
            "vartags": star.kind if varies else None,
            "varperiod": star.period_d if varies else None,
            "varepoch": star.epoch_rjd if varies else None,
        },
        "neighbors": _neighbours(survey, target),
        "xmatch": None,
        "finderchart": _text(_finder_chart(target, random)),
        "magseries": _text(_series(points, None, 0.0)),
        "pfmethods": ["gls"] if varies else [],
    }
    if varies:
        periods = [star.period_d, 2.0 * star.period_d, 0.5 * star.period_d]
        information["gls"] = {
            "nbestperiods": periods,
            "periodogram": _text(_periodogram(star)),
            **{
                f"phasedlc{i}": {
                    "plot": _text(_series(points, period, star.epoch_rjd)),
                    "period": period,
                    "epoch": star.epoch_rjd,
                }
                for i, period in enumerate(periods)
            },
        }
    return information


def _neighbours(survey: Survey, target: CatalogObject) -> list[dict[str, object]]:
    apart = sorted(
        (separation_arcsec(target.ra, target.decl, o.ra, o.decl), o.objectid)
        for o in survey.objects
        if o.objectid != target.objectid
    )
    return [{"objectid": name, "dist_arcsec": dist} for dist, name in apart[:_NEIGHBOURS]]


def _finder_chart(target: CatalogObject, random: Random) -> bytes:
    centre = _CHART_PIXELS // 2
    stars = [(centre, centre, 10.0 ** (0.2 * (15.0 - target.star.magnitude)) + 1.0)]
    stars += [
        (
            random.randrange(_CHART_PIXELS),
            random.randrange(_CHART_PIXELS),
            random.uniform(0.5, 2),
        )
        for _ in range(12)
    ]
    rows = []
    for y in range(_CHART_PIXELS):
        row = bytearray()
        for x in range(_CHART_PIXELS):
            light = sum(
                200.0 * math.exp(-((x - sx) ** 2 + (y - sy) ** 2) / size**2)
                for sx, sy, size in stars
            )
            row.append(255 - min(255, int(light) + random.randrange(20)))
        rows.append(bytes(row))
    return grey_png(rows)


def _series(points: list[Point], period_d: float | None, epoch: float) -> bytes:
    magnitudes = [p.magnitudes[0] for p in points]
    low, high = min(magnitudes), max(magnitudes)
    times = [((p.rjd - epoch) / period_d) % 1.0 if period_d else p.rjd for p in points]
    first, last = min(times), max(times)
    return scatter_png(
        [
            ((t - first) / ((last - first) or 1.0), (high - m) / ((high - low) or 1.0))
            for t, m in zip(times, magnitudes, strict=True)
        ],
        240,
        120,
    )


def _periodogram(star: Star) -> bytes:
    """A peak at the star's frequency: the shape of a periodogram, not a computed one."""
    peak = 1.0 / star.period_d
    frequencies = [5.0 * (i + 1) / 240 for i in range(240)]
    power = [0.9 * math.exp(-(((f - peak) / 0.05) ** 2)) + 0.05 for f in frequencies]
    return scatter_png(
        [(f / 5.0, p) for f, p in zip(frequencies, power, strict=True)], 240, 120
    )


def _text(png: bytes) -> str:
    return base64.b64encode(png).decode()
