"""Light curves as files of other formats, and what those files are called."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import UsageError
from ..names import printable
from .lightcurve_table import plain_values
from .lightcurves import Copy, LightCurveFiles
from .new_file import NewFile

if TYPE_CHECKING:
    from ..formats import LightCurve
    from .run import Value

SUFFIXES: Final = {
    ".csv": "csv",
    ".json": "json",
    ".fits": "fits",
    ".fit": "fits",
    ".vot": "votable",
    ".votable": "votable",
    ".xml": "votable",
    ".parquet": "parquet",
    ".pq": "parquet",
}
"""What the end of a file's name means."""

_SUFFIX_OF: Final = {
    "csv": ".csv",
    "json": ".json",
    "fits": ".fits",
    "votable": ".vot",
    "parquet": ".parquet",
}
FORMATS: Final = tuple(_SUFFIX_OF)
BINARY: Final = frozenset({"fits", "parquet"})

# '%' itself is not among them, so that different names stay different.
_UNSAFE = re.compile(r"[^A-Za-z0-9_.+-]|^[.-]")
_LONGEST = 180


def format_of(path: Path) -> str:
    """Return the format that the name of `path` asks for.

    Raises
    ------
    UsageError
        If it asks for none that is known.
    """
    try:
        return SUFFIXES[path.suffix.lower()]
    except KeyError:
        raise UsageError(
            f"cannot tell a format from the name {printable(path.name)}",
            hint="end it with one of " + ", ".join(SUFFIXES) + ", or say --format",
        ) from None


def rows_of(curve: LightCurve) -> Iterator[tuple[Value, ...]]:
    """Yield the rows, None for NaN and for what is missing."""
    return zip(*(plain_values(curve, column.name) for column in curve.columns), strict=True)


def write_lightcurve(curve: LightCurve, path: Path, form: str) -> None:
    """Write a light curve to `path`, whole or not at all; what is there is replaced.

    Parameters
    ----------
    curve
        The light curve.
    path
        The file.
    form
        One of `FORMATS`.

    Raises
    ------
    LccMirrorError
        If a library for the format is not installed.
    OSError
        If it cannot be written.
    """
    new = NewFile(path, replace=True)
    with new.temporary() as temporary:
        _writer(form)(curve, temporary)
        new.put_in_place(temporary, flush=False)


def file_name(copy: Copy, form: str) -> str:
    """Return what the file of a light curve is called in a folder of many.

    >>> file_name(Copy("hatnet_dr2", "../HAT 1", "", None), "csv")
    'hatnet_dr2-..%2FHAT%201.csv'
    """
    name = _UNSAFE.sub(
        lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode()),
        f"{copy.collection}-{copy.objectid}",
    )
    if len(name) > _LONGEST:
        import hashlib

        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        name = f"{name[:_LONGEST]}-{digest}"
    return name + _SUFFIX_OF[form]


@dataclass(frozen=True)
class Written:
    """What is told of a light curve that was written.

    Parameters
    ----------
    points
        How many it has.
    lacking
        The columns asked for that it does not have.
    """

    points: int
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True)
class Export:
    """Writing light curves into a folder, one after the other; it can be pickled.

    Parameters
    ----------
    folder
        It is there.
    form
        One of `FORMATS`.
    columns
        Which of them; None for all.
    """

    folder: Path
    form: str
    columns: Sequence[str] | None = None

    def __call__(self, files: LightCurveFiles, copy: Copy) -> Written:
        """Write one, with those of the columns that it has.

        Raises
        ------
        UsageError
            If it has none of them.
        """
        curve = files.read(copy)
        lacking: tuple[str, ...] = ()
        if self.columns is not None:
            known = {column.name for column in curve.columns}
            there = [name for name in self.columns if name in known]
            lacking = tuple(name for name in self.columns if name not in known)
            # if there is none at all, this says which there are
            curve = curve.select(there or self.columns)
        write_lightcurve(curve, self.folder / file_name(copy, self.form), self.form)
        return Written(len(curve), lacking)


def _writer(form: str) -> Callable[[LightCurve, Path], None]:
    from ..formats import lc_convert, lc_files

    return {
        "csv": _write_csv,
        "json": _write_json,
        "fits": lc_files.to_fits,
        "votable": lc_files.to_votable,
        "parquet": lc_convert.to_parquet,
    }[form]


def _write_csv(curve: LightCurve, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in curve.columns])
        writer.writerows(rows_of(curve))


def _write_json(curve: LightCurve, path: Path) -> None:
    import msgspec

    names = [column.name for column in curve.columns]
    rows = [dict(zip(names, row, strict=True)) for row in rows_of(curve)]
    path.write_bytes(msgspec.json.encode(rows) + b"\n")
