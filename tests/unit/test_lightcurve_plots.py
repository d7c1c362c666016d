"""What is drawn of a light curve, asked of the figure itself."""

from __future__ import annotations

import errno
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lccmirror.errors import LccMirrorError, UsageError
from lccmirror.formats import LightCurve, read_lightcurve
from lccmirror.query.lc_series import Drawing, default_magnitude, drawing
from lccmirror.query.plot import COLORS, SUFFIXES, figure_of, limits_of, save_plot, text_plot
from tests.support.published import lightcurve
from tests.support.small_disk import files_at_most

COLUMNS = [
    ("rjd", "f8", "%.7f"), ("flt", "U8", "%s"), ("aim_000", "f8", "%.5f"),
    ("aie_000", "f8", "%.5f"), ("aep_000", "f8", "%.5f"),
]  # fmt: skip


def curve_of(rows: list[list[Any]], columns: Any = COLUMNS) -> LightCurve:
    return read_lightcurve(lightcurve(columns, rows))


@pytest.fixture
def curve() -> LightCurve:
    return curve_of(
        [
            [55000.5 + n, "r" if n % 2 else "i", 12 + n / 10, 0.01, 12 + n / 10 + 0.5]
            for n in range(20)
        ]
    )


def axes_of(drawn: Drawing) -> Any:
    return figure_of(drawn).axes[0]


def test_bright_is_up_and_dates_are_short(curve: LightCurve) -> None:
    drawn = drawing(curve, ["aim_000"], title="HAT-1")
    axes = axes_of(drawn)
    bottom, top = axes.get_ylim()
    assert bottom > 13.9 > 12 > top
    assert axes.get_xlabel() == "JD − 2455000 [d]"
    assert axes.get_ylabel() == "aim_000 [mag]"
    assert axes.figure.get_suptitle() == "HAT-1"
    assert drawn.series[0].x.tolist()[0] == 0.5


def test_each_filter_and_aperture_has_a_colour_and_a_marker_of_its_own(
    curve: LightCurve,
) -> None:
    drawn = drawing(curve, ["aim_000", "aep_000"], title="")
    assert [series.label for series in drawn.series] == [
        "aim_000 i", "aim_000 r", "aep_000 i", "aep_000 r",
    ]  # fmt: skip
    figure = figure_of(drawn)
    lines = [container.lines[0] for container in figure.axes[0].containers]
    assert [line.get_color() for line in lines] == list(COLORS[:4])
    assert len({line.get_marker() for line in lines}) == 4
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [s.label for s in drawn.series]


def test_error_bars_are_drawn_where_there_are_errors(curve: LightCurve) -> None:
    drawn = drawing(curve, ["aim_000", "aep_000"], title="")
    assert drawn.series[0].error is not None
    bars = axes_of(drawn).containers[0].lines[2][0].get_segments()
    assert bars[0][:, 1].tolist() == pytest.approx([11.99, 12.01])


def test_a_fold_has_two_cycles_and_phase_0_at_the_epoch(curve: LightCurve) -> None:
    drawn = drawing(curve, ["aim_000"], title="", period_d=4.0, epoch=2455001.5)
    axes = axes_of(drawn)
    assert axes.get_xlim() == (0, 2)
    assert "period 4 d, epoch 2455001.50000" in axes.get_xlabel()
    x = np.concatenate([series.x for series in drawn.series])
    y = np.concatenate([series.magnitude for series in drawn.series])
    # the second point, at the epoch, and one cycle later
    assert sorted(x[np.isclose(y, 12.1)]) == [0.0, 1.0]
    # a time as the light curve has them means the same
    same = drawing(curve, ["aim_000"], title="", period_d=4.0, epoch=55001.5)
    assert same.series[0].x.tolist() == drawn.series[0].x.tolist()


def test_a_few_points_far_off_do_not_flatten_the_rest() -> None:
    rows: list[list[Any]] = [
        [55000 + n, "r", 12 + 0.1 * math.sin(n), 0.01, 12] for n in range(400)
    ]
    rows[7][2] = 25.0
    drawn = drawing(curve_of(rows), ["aim_000"], title="")
    low, high, beyond = limits_of(drawn)
    assert 11.5 < low < 11.9
    assert 12.1 < high < 12.6
    assert beyond == 1
    assert [text.get_text() for text in axes_of(drawn).texts] == ["1 point beyond this axis"]


def test_all_points_are_on_the_axis_otherwise(curve: LightCurve) -> None:
    low, high, beyond = limits_of(drawing(curve, ["aim_000"], title=""))
    assert low < 12
    assert high > 13.9
    assert beyond == 0


def test_the_collection_says_which_magnitudes_are_drawn(curve: LightCurve) -> None:
    assert default_magnitude(curve) == "aim_000"
    assert default_magnitude(curve, ["nope", "aep_000"]) == "aep_000"
    empty = curve_of([[55000, "r", math.nan, 0.1, 12.0]])
    assert default_magnitude(empty, ["aim_000"]) == "aep_000"


def test_nothing_to_draw_is_said(curve: LightCurve) -> None:
    with pytest.raises(UsageError, match="no points"):
        drawing(curve_of([[55000, "r", math.nan, 0.1, 12.0]]), ["aim_000"], title="")
    with pytest.raises(UsageError, match="no points"):
        drawing(curve_of([]), ["aim_000"], title="")
    with pytest.raises(UsageError, match="flt is text"):
        drawing(curve, ["flt"], title="")
    with pytest.raises(UsageError, match="no column of magnitudes"):
        default_magnitude(curve_of([["a"]], [("name", "U8", "%s")]))


@pytest.mark.parametrize("period_d", [0.0, -1.0, math.inf, math.nan])
def test_a_period_that_is_none_is_refused(period_d: float, curve: LightCurve) -> None:
    with pytest.raises(UsageError, match="above 0"):
        drawing(curve, ["aim_000"], title="", period_d=period_d)


@pytest.mark.parametrize(
    ("name", "first", "label"),
    [
        ("bjd", 2455123.25, "BJD − 2455000 [d]"),
        ("mjd", 55123.25, "JD − 2455000 [d]"),
        ("btjd", 1325.25, "JD − 2458000 [d]"),
        ("time", 3.25, "time [d]"),
    ],
)
def test_dates_of_every_kind_have_a_sensible_zero(name: str, first: float, label: str) -> None:
    columns = [(name, "f8", "%.7f"), ("mag", "f8", "%.5f")]
    rows = [[first + n, 12.0] for n in range(30)]
    assert drawing(curve_of(rows, columns), ["mag"], title="").x_label == label


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_pictures_are_written_whole(suffix: str, curve: LightCurve, tmp_path: Path) -> None:
    target = tmp_path / f"lc{suffix}"
    save_plot(drawing(curve, ["aim_000"], title="δ <Cep>"), target)
    begin = {".png": b"\x89PNG", ".svg": b"<?xml"}[suffix]
    assert target.read_bytes().startswith(begin)
    assert list(tmp_path.iterdir()) == [target]


def test_a_picture_is_written_through_no_link(curve: LightCurve, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (tmp_path / ".lc.png.part").symlink_to(other)
    save_plot(drawing(curve, ["aim_000"], title=""), tmp_path / "lc.png")
    assert (tmp_path / "lc.png").is_file()
    assert not other.exists()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_disk_that_is_full_is_told_as_such(suffix: str, tmp_path: Path) -> None:
    rows = [[55000 + n / 7, "r", 12 + math.sin(n), 0.01, 12.0] for n in range(400)]
    drawn = drawing(curve_of(rows), ["aim_000"], title="")
    with files_at_most(4096), pytest.raises(OSError, match="File too large") as refused:
        save_plot(drawn, tmp_path / f"lc{suffix}")
    assert refused.value.errno == errno.EFBIG
    assert not any(tmp_path.iterdir())


def test_nothing_of_a_picture_is_clipped(curve: LightCurve, tmp_path: Path) -> None:
    from matplotlib.image import imread

    save_plot(drawing(curve, ["aim_000"], title="HAT-1 " * 8), tmp_path / "plot.png")
    pixels = imread(tmp_path / "plot.png")[..., :3]
    # what is drawn ends some pixels before each edge
    for edge in (pixels[:3], pixels[-3:], pixels[:, :3], pixels[:, -3:]):
        assert (edge == 1).all()
    assert not (pixels == 1).all()


def test_long_names_are_shortened_in_their_middle(curve: LightCurve, tmp_path: Path) -> None:
    from matplotlib.image import imread

    name = "begin" + "W" * 300 + "end"
    drawn = replace(drawing(curve, ["aim_000"], title=name), y_label=name)
    drawn = replace(drawn, series=tuple(replace(one, label=name) for one in drawn.series))
    axes = axes_of(drawn)
    for text in (axes.figure.get_suptitle(), axes.get_ylabel()):
        assert text.startswith("begin")
        assert text.endswith("end")
        assert "…" in text
    save_plot(drawn, tmp_path / "plot.png")
    pixels = imread(tmp_path / "plot.png")[..., :3]
    for edge in (pixels[:3], pixels[-3:], pixels[:, :3], pixels[:, -3:]):
        assert (edge == 1).all()


def test_thousands_of_points_are_an_image_in_an_svg(tmp_path: Path) -> None:
    rows = [[55000.5 + n / 100, "r", 12 + n % 7 / 10, 0.01, 12.0] for n in range(6000)]
    for count, images in ((100, 0), (6000, 1)):
        drawn = drawing(curve_of(rows[:count]), ["aim_000"], title="")
        save_plot(drawn, tmp_path / "lc.svg")
        svg = (tmp_path / "lc.svg").read_text()
        assert svg.count("<image") == images
        assert len(svg) < 1_000_000


def test_a_picture_of_an_unknown_kind_is_refused(curve: LightCurve, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot draw into x\.gif"):
        save_plot(drawing(curve, ["aim_000"], title=""), tmp_path / "x.gif")


def test_the_terminal_shows_bright_up_within_its_size(
    curve: LightCurve, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = drawing(curve, ["aim_000"], title="HAT-1")
    text = text_plot(drawn, width=80, height=24, color=False)
    lines = text.split("\n")
    assert "\x1b" not in text
    numbers = [
        float(line[:10]) for line in lines if line[:10].strip().replace(".", "").isdigit()
    ]
    assert numbers == sorted(numbers)
    assert numbers[0] < 12.2
    assert len(lines) == 24
    assert max(map(len, lines)) <= 80
    # the library looks for itself whether there is a terminal
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" in text_plot(drawn, width=80, height=24, color=True)


def ticks_of(text: str) -> list[float]:
    """Return the numbers below the axis of a text plot."""
    lines = text.split("\n")
    axis = next(place for place, line in enumerate(lines) if line.endswith("->"))
    return [float(word) for word in lines[axis + 1].split("|")[1].split()]


@pytest.mark.parametrize(
    ("times", "ticks"),
    [
        ([55000.5 + n for n in range(20)], [0.0, 5.0, 10.0, 15.0, 20.0]),
        ([55000.5], [0.0, 0.2, 0.4, 0.6, 0.8]),
        ([55000.5, 56200.25], [0.0, 250.0, 500.0, 750.0, 1000.0, 1250.0]),
    ],
)
def test_the_axis_in_the_terminal_has_round_numbers_and_all_points(
    times: list[float], ticks: list[float]
) -> None:
    curve = curve_of([[time, "r", 12.5, 0.01, 12.0] for time in times])
    drawn = drawing(curve, ["aim_000"], title="")
    text = text_plot(drawn, width=76, height=20, color=False)
    assert ticks_of(text)[: len(ticks)] == ticks
    assert all(ticks_of(text)[0] <= x <= ticks_of(text)[-1] for x in drawn.series[0].x)
    assert drawn.x_label in text


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_fold_in_the_terminal_ends_at_2_and_has_its_period_below(
    curve: LightCurve, width: int
) -> None:
    drawn = drawing(curve, ["aim_000"], title="", period_d=3.5)
    text = text_plot(drawn, width=width, height=20, color=False)
    first, *_, last = ticks_of(text)
    assert (first, last) == (0, 2)
    assert text.index("->") < text.index("phase (period 3.5 d")


def test_without_its_library_a_plot_names_the_extra(
    curve: LightCurve, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = drawing(curve, ["aim_000"], title="")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(LccMirrorError, match=r"lccmirror\[plot\]"):
        figure_of(drawn)
    monkeypatch.setitem(sys.modules, "plotille", None)
    with pytest.raises(LccMirrorError, match=r"lccmirror\[terminal\]"):
        text_plot(drawn, width=80, height=24, color=False)
