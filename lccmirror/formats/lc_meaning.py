"""What a light curve's columns mean: their units, and which is the time, the filter, …

The format has names, types and descriptions in words; a unit stands in the description, if
anywhere, and nothing marks the column of times. What follows is how surveys write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from .columns import kind_of

_UNITS = {
    "d": "d day days",
    "h": "h hr hour hours",
    "s": "s sec second seconds",
    "min": "minute minutes",
    "mag": "mag mags magnitude magnitudes",
    "mmag": "mmag millimag",
    "deg": "deg degree degrees",
    "arcsec": "arcsec arcsecs arcsecond arcseconds",
    "arcmin": "arcmin arcminute arcminutes",
    "rad": "rad radian radians",
    "pix": "pix pixel pixels px",
    "adu": "adu",
    "electron": "e- electron electrons",
    "electron / s": "e-/s e/s electrons/s",
    "K": "k kelvin",
    "deg_C": "celsius °c degc",
    "mJy": "mjy",
    "Jy": "jy",
    "%": "% percent",
}
_UNIT = {word: unit for unit, words in _UNITS.items() for word in words.split()}
# "[mag]", "(deg)"; then "hour angle in hours", "sky level (ADU)"
_BRACKETED = re.compile(r"[\[(]\s*([^\[\]()]{1,20}?)\s*[\])]")
_IN_WORDS = re.compile(r"\b(?:in|unit:?|units:?)\s+(\S{2,15}?)(?=[\s,.;)\]]|$)", re.IGNORECASE)
_DATE = re.compile(r"julian (?:date|day)|\b[bhmr]?jd\b|\bb[tk]jd\b", re.IGNORECASE)
_MAGNITUDE = re.compile(r"\bmag(?:nitude|s|nitudes)?\b", re.IGNORECASE)

JD_OFFSETS = {
    "jd": 0.0, "bjd": 0.0, "hjd": 0.0, "bjd_tdb": 0.0,
    "rjd": 2_400_000.0, "brjd": 2_400_000.0, "hrjd": 2_400_000.0,
    "mjd": 2_400_000.5, "bmjd": 2_400_000.5,
    "btjd": 2_457_000.0, "tjd": 2_457_000.0, "tbjd": 2_457_000.0,
    "bkjd": 2_454_833.0, "kbjd": 2_454_833.0,
}  # fmt: skip
"""What to add to the dates in a column of this name to have Julian dates."""

_TIME_NAMES = ("bjd", "bjd_tdb", "hjd", "rjd", "jd", *JD_OFFSETS, "time", "times", "t", "date")
_FILTER_NAMES = ("flt", "filter", "filters", "band", "passband", "fid", "bandpass")
_SUBTRACTED = re.compile(r"(?:jd|date)\s*(?:\(?\w*\)?\s*)?[-\u2212]\s*(2\d{6}(?:\.\d+)?)", re.I)
_ADDED = re.compile(r"(2\d{6}(?:\.\d+)?)\s*\+")


class _Column(Protocol):
    """As much of a column as is needed here."""

    @property
    def name(self) -> str: ...
    @property
    def dtype(self) -> str: ...
    @property
    def description(self) -> str: ...


def unit_of(description: str, dtype: str) -> str | None:
    """Return the unit that a column's description names, as `astropy.units` writes it.

    >>> unit_of("zenith distance in degrees", "f8"), unit_of("sky background [ADU]", "f8")
    ('deg', 'adu')
    >>> unit_of("time in Reduced Julian date", "f8"), unit_of("EPD magnitude error", "f8")
    ('d', 'mag')
    >>> unit_of("frame number", "i8") is None
    True
    """
    for pattern in (_BRACKETED, _IN_WORDS):
        for word in pattern.findall(description):
            if unit := _UNIT.get(word.lower()):
                return unit
    if kind_of(dtype) != "real":
        return None
    if _DATE.search(description):
        return "d"
    return "mag" if _MAGNITUDE.search(description) else None


def time_column(columns: Sequence[_Column]) -> str | None:
    """Return the name of the column of times; None if none can be told."""
    numbers = [column for column in columns if kind_of(column.dtype) != "text"]
    named = _first_of(_TIME_NAMES, numbers)
    if named is not None:
        return named
    return next((c.name for c in numbers if _DATE.search(c.description)), None)


def jd_offset(column: _Column, first: float) -> float | None:
    """Return what to add to the dates of `column` to have Julian dates; None if unknown.

    Parameters
    ----------
    column
        The column of times.
    first
        One of its values.
    """
    for pattern in (_SUBTRACTED, _ADDED):
        if found := pattern.search(column.description):
            return float(found.group(1))
    if re.search(r"reduced\b", column.description, re.IGNORECASE):
        return 2_400_000.0
    if re.search(r"modified\b", column.description, re.IGNORECASE):
        return 2_400_000.5
    if first > 2_000_000:
        return 0.0
    return JD_OFFSETS.get(column.name.lower()) or None


def filter_column(columns: Sequence[_Column]) -> str | None:
    """Return the name of the column that says in which filter was measured, if there is one."""
    return _first_of(_FILTER_NAMES, columns)


def magnitude_columns(columns: Sequence[_Column]) -> tuple[str, ...]:
    """Return the names of the columns that are described as magnitudes, errors left out."""
    return tuple(
        column.name
        for column in columns
        if kind_of(column.dtype) == "real"
        and (
            _MAGNITUDE.search(column.description)
            or re.match(r"mag|a(im|ep|tf)_", column.name, re.IGNORECASE)
        )
        and not re.search(r"err|uncert|sigma|rms|scatter", column.description, re.IGNORECASE)
        and not re.search(r"err|^e_|^sig", column.name, re.IGNORECASE)
    )


def error_column(magnitude: str, columns: Sequence[_Column]) -> str | None:
    """Return the name of the column with the errors of `magnitude`, if there is one.

    >>> from lccmirror.formats import LightCurveColumn
    >>> columns = [LightCurveColumn(name, "f8", "") for name in ("aep_001", "aie_001", "err")]
    >>> error_column("aep_001", columns)
    'aie_001'
    """
    hat = re.fullmatch(r"[ai](im|ep|tf|rm)(_\d+|\d*)", magnitude)
    names = [
        *([f"aie{hat.group(2)}", f"ie{hat.group(2)}"] if hat else []),
        f"{magnitude}_err", f"{magnitude}err", f"e_{magnitude}", f"err_{magnitude}",
        f"{magnitude}_error", f"sigma_{magnitude}", f"{magnitude}_unc",
        re.sub("mag", "err", magnitude), re.sub("mag", "magerr", magnitude),
    ]  # fmt: skip
    return _first_of([name for name in names if name != magnitude], columns)


def _first_of(names: Iterable[str], columns: Sequence[_Column]) -> str | None:
    known = {column.name.lower(): column.name for column in columns}
    return next((known[name.lower()] for name in names if name.lower() in known), None)
