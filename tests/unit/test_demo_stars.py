"""The demo's stars and light curves look like the real thing."""

from __future__ import annotations

import gzip
import json
import math
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from lccmirror.demo.lightcurves import light_curve_file, light_curve_text
from lccmirror.demo.observing import Cadence, observe, observing_times
from lccmirror.demo.stars import magnitude_at, make_star
from lccmirror.demo.surveys import demo_surveys

CADENCE = Cadence(first_rjd=55000.0, seasons=3, per_night=12, clear=0.6)


@pytest.mark.parametrize("kind", ["RRab", "Cep", "EA", "EW", "transit"])
def test_a_variable_star_repeats_with_its_period_and_amplitude(kind: str) -> None:
    star = make_star(kind, 12.0, Random(1))
    grid = [star.epoch_rjd + i * star.period_d / 500 for i in range(500)]
    magnitudes = [magnitude_at(star, t) for t in grid]
    assert max(magnitudes) - min(magnitudes) == pytest.approx(star.amplitude, rel=0.05)
    later = [magnitude_at(star, t + 7 * star.period_d) for t in grid]
    # a jump of a piecewise shape may fall to either side of a grid point
    assert sum(abs(a - b) > 1e-6 for a, b in zip(magnitudes, later, strict=True)) <= 2


def test_a_star_that_does_not_vary_does_not() -> None:
    star = make_star("none", 11.5, Random(1))
    assert {magnitude_at(star, 55000.0 + i / 7) for i in range(50)} == {11.5}


def test_an_rr_lyrae_rises_faster_than_it_fades() -> None:
    star = make_star("RRab", 12.0, Random(1))
    magnitudes = [
        magnitude_at(star, star.epoch_rjd + i * star.period_d / 500) for i in range(500)
    ]
    brightest, faintest = magnitudes.index(min(magnitudes)), magnitudes.index(max(magnitudes))
    rise = (brightest - faintest) % 500
    assert rise < 150


def test_a_transit_is_flat_outside_of_it() -> None:
    star = make_star("transit", 12.0, Random(1))
    flat = [
        magnitude_at(star, star.epoch_rjd + p * star.period_d) for p in (0.1, 0.3, 0.5, 0.9)
    ]
    assert flat == [12.0] * 4
    assert magnitude_at(star, star.epoch_rjd) == pytest.approx(12.0 + star.amplitude)


def test_observations_happen_at_night_in_seasons_with_bad_weather() -> None:
    times = [t for t, _, _ in observing_times(CADENCE, 100_000, Random(2))]
    assert times == sorted(times)
    assert all(0.3 <= t % 1.0 <= 0.69 for t in times)
    nights = sorted({math.floor(t) for t in times})
    gaps = [b - a for a, b in pairwise(nights)]
    assert sum(gap > 100 for gap in gaps) == CADENCE.seasons - 1
    clear = len(nights) / (CADENCE.seasons * 150)
    assert clear == pytest.approx(CADENCE.clear, abs=0.1)


def test_the_noise_grows_to_the_faint_end_and_some_points_are_lost() -> None:
    bright = make_star("none", 10.0, Random(1))
    scatter = {}
    for star in (bright, replace(bright, magnitude=15.0)):
        points = observe(star, CADENCE, 500, ("aim_000", "aie_000", "atf_000"), Random(3))
        found = [p.magnitudes[2] for p in points if not math.isnan(p.magnitudes[2])]
        assert 0 < len(points) - len(found) < 30
        assert not any(math.isnan(p.magnitudes[0]) for p in points)
        mean = sum(found) / len(found)
        scatter[star.magnitude] = math.sqrt(sum((m - mean) ** 2 for m in found) / len(found))
    assert scatter[15.0] > 3 * scatter[10.0]


def test_a_light_curve_file_is_one_of_the_server_s_kind() -> None:
    survey = demo_surveys(1, objects=3, points=(50, 60))[0]
    target = survey.objects[0]
    assert gzip.decompress(light_curve_file(survey, target)).decode() == light_curve_text(
        survey, target
    )
    lines = light_curve_text(survey, target).splitlines()
    assert lines[:4] == ["LCC-CSVLC-V1", "#", ",", "# OBJECT METADATA"]
    start = lines.index("# COLUMN DEFINITIONS") + 1
    end = lines.index("# LIGHTCURVE") - 1
    columns = json.loads("\n".join(line[2:] for line in lines[start:end]))
    rows = [line.split(",") for line in lines[end + 2 :]]
    assert len(rows) == target.npoints
    assert {len(row) for row in rows} == {len(columns)}
    assert list(columns)[:4] == ["rjd", "stf", "flt", "aim_000"]


def test_a_light_curve_is_the_same_every_time_and_another_for_another_seed() -> None:
    one, same, other = (demo_surveys(seed, objects=2, points=(20, 20))[0] for seed in (1, 1, 2))
    assert light_curve_file(one, one.objects[0]) == light_curve_file(same, same.objects[0])
    assert light_curve_text(one, one.objects[0]) != light_curve_text(other, other.objects[0])


def test_the_catalogs_hold_what_parsers_trip_on() -> None:
    surveys = demo_surveys(1, objects=60, points=(5, 9))
    texts = [
        v for s in surveys for o in s.objects for v in o.values.values() if isinstance(v, str)
    ]
    everything = "\x00".join(texts)
    for nasty in ("|", "\n", "\r\n", '"', "'", "nan", "ñ", "星", "\\", "#"):
        assert nasty in everything
    assert {"None", "-9999"} <= set(texts)
    for survey in surveys:
        for column in survey.columns:
            full = ("objectid", "ra", "decl", "lcfname", "jmag", "ndet", "fieldname")
            has_null = any(o.values.get(column.name) is None for o in survey.objects)
            assert has_null or column.name in full
