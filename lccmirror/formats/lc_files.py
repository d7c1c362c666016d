"""A light curve as a FITS file and as a VOTable: what astronomers' programs open."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .lc_convert import library, to_astropy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .lightcurve import LightCurve

_CARD: Final = 68  # characters of a text in a FITS header
_MOST_COMMENTS: Final = 500
# What a table's header says of itself; a value of the object's may not stand in for it.
_RESERVED: Final = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|[PG]COUNT|TFIELDS|THEAP|END|EXTEND|EXT(?:NAME|VER|LEVEL)"
    r"|(?:CHECK|DATA)SUM|HISTORY|COMMENTS?|CONTINUE|HIERARCH|B(?:LANK|SCALE|ZERO)|T[A-Z]+\d+"
)
# Characters that no XML document may hold.
_NOT_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_fits(curve: LightCurve, path: Path) -> None:
    """Write a FITS file: a binary table, its metadata as far as a FITS header holds it.

    A keyword has eight characters and a text is ASCII: what does not fit stands in COMMENT
    cards, and other characters as ``\\u…``. Integers of which some are missing, and those
    that FITS does not have, become longer ones.
    """
    table = _portable_table(curve)
    short: dict[str, Any] = {}
    for number, (key, value) in enumerate(table.meta.items()):
        keyword = key.upper()
        fits = len(key) <= 8 and key.isascii() and key.isalnum()
        if fits and not isinstance(value, dict) and not _RESERVED.fullmatch(keyword):
            short[keyword] = _card(value)
        elif number < _MOST_COMMENTS:
            short.setdefault("comments", []).append(_card(f"{key} = {value}"))
    table.meta = {key: value for key, value in short.items() if value is not None}
    for column in list(table.itercols()):
        column.description = _card(column.description) or None
        name = _card(column.name)
        if column.dtype.kind == "U":
            table.replace_column(column.name, _encoded(column))
        if name != column.name:
            table.rename_column(column.name, name)
    # Writing to a file, Astropy raises an OSError that no longer tells what was wrong.
    packed = io.BytesIO()
    with _unwarned():
        table.write(packed, format="fits")
    path.write_bytes(packed.getvalue())


def to_votable(curve: LightCurve, path: Path) -> None:
    """Write a VOTable; the metadata are in its table: numbers as PARAM, texts as INFO."""
    votables = library("astropy.io.votable", "astro", "a VOTable")
    trees = library("astropy.io.votable.tree", "astro", "a VOTable")
    table = _portable_table(curve)
    metadata = table.meta
    table.meta = {
        "name": _xml(curve.objectid or "light curve"),
        "description": "light curve",
    }
    for column in table.itercols():
        column.description = _xml(column.description)
        if column.dtype.kind == "U":
            column[:] = [_xml(value) for value in column.tolist()]
    with _unwarned():
        document = votables.from_table(table)
        described = document.get_first_table()
        for key, value in metadata.items():
            if value is None:
                continue
            words = _xml(curve.descriptions.get(key, ""))
            if (datatype := _datatype(value)) is None:
                # as a PARAM, Astropy would escape a text twice
                info = trees.Info(name=_xml(key), value=_xml(str(value)))
                info.content = words or None
                described.infos.append(info)
            else:
                param = trees.Param(document, name=_xml(key), datatype=datatype, value=value)
                param.description = words or None
                described.params.append(param)
        document.to_xml(str(path))


@contextlib.contextmanager
def _unwarned() -> Iterator[None]:
    """Keep to ourselves what Astropy thinks of names: they are the server's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _portable_table(curve: LightCurve) -> Any:
    """Return the Astropy table with columns of types that both formats have."""
    tables = library("astropy.table", "astro", "an Astropy table")
    table = to_astropy(curve)
    for column in curve.columns:
        values, mask = curve.arrays[column.name], curve.masks.get(column.name)
        portable, missing = _portable(values, mask)
        if portable is values:
            continue
        described = {"unit": column.unit, "description": column.description}
        if missing is None:
            plain = tables.Column(portable, **described)
        else:
            plain = tables.MaskedColumn(portable, mask=mask, fill_value=missing, **described)
        table.replace_column(column.name, plain)
    return table


def _portable(
    values: NDArray[Any], mask: NDArray[Any] | None
) -> tuple[NDArray[Any], int | None]:
    """Return a column as both formats have it, and the number that stands for no value."""
    import numpy as np

    kind, size = values.dtype.kind, values.dtype.itemsize
    if kind == "f" and size not in (4, 8):
        return values.astype(np.float32 if size < 4 else np.float64), None
    if kind == "S":
        return np.char.decode(values, "utf-8", "backslashreplace"), None
    if kind not in "iub" or (mask is None and (kind == "b" or (kind == "i" and size > 1))):
        return values, None
    holes = np.zeros(len(values), bool) if mask is None else mask
    if kind == "u" and (values[~holes] > np.iinfo(np.int64).max).any():
        # longer than any integer of a VOTable: its digits
        return np.where(holes, "", values.astype("U")), None
    wide = np.where(holes, 0, values).astype(np.int64)
    if mask is None:
        return wide, None
    there = set(wide[~mask].tolist())
    missing = next(
        number for number in itertools.count(np.iinfo(np.int64).min) if number not in there
    )
    return wide, int(missing)


def _card(value: Any) -> Any:
    """Return a value as a FITS header can hold it: short, and ASCII."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and len(str(value)) <= 20:
        return value
    text = str(value).encode("ascii", "backslashreplace").decode().replace("\n", " ")
    return "".join(c if " " <= c <= "~" else " " for c in text)[:_CARD]


def _encoded(column: Any) -> Any:
    """Return a text column as ASCII, which is what FITS holds."""
    import numpy as np

    values = np.char.encode(np.asarray(column), "ascii", "backslashreplace")
    return type(column)(values, name=column.name, description=column.description)


def _datatype(value: Any) -> str | None:
    """Return the type of a PARAM for a value of the metadata, None for texts and the like."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float):
        return "double"
    return "long" if isinstance(value, int) and -(2**63) <= value < 2**63 else None


def _xml(text: str) -> str:
    return _NOT_XML.sub(lambda found: f"\\x{ord(found.group()):02x}", text)
