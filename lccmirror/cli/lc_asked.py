"""The options of `lccmirror lc`, put together; what contradicts itself is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError
from .output import OutputOptions

# Which flags of output mean the same as a --format, or one way of it.
_FLAGS_OF: Final = {"table": ("table", "fmt"), "csv": ("csv",), "json": ("json",)}


@dataclass(frozen=True)
class Asked:
    """The options of `lccmirror lc`, as `lccmirror.cli.cmd_lc` explains them."""

    collection: str | None
    columns: tuple[str, ...] | None
    magnitudes: tuple[str, ...]
    form: str | None
    out: Path | None
    processes: int | None
    plot: str | None
    period: float | None
    epoch: float | None
    find_period: bool
    period_range: tuple[float, float] | None
    output: OutputOptions


def asked_for(given: Mapping[str, Any], output: OutputOptions) -> Asked:
    """Put the options together, and refuse those that contradict each other.

    Raises
    ------
    UsageError
        If some do, or one is no number that makes sense.
    """
    asked = Asked(**{**given, "columns": _columns(given["columns"])}, output=output)
    for name, value in (("--period", asked.period), ("--epoch", asked.epoch)):
        if value is not None and not math.isfinite(value):
            raise UsageError(f"{name} must be a number of days, not {value}")
    if asked.epoch is not None and asked.period is None and not asked.find_period:
        raise UsageError("--epoch needs a --period to fold on, or --find-period")
    if asked.period_range is not None and not asked.find_period:
        raise UsageError("--period-range goes with --find-period")
    if asked.period is not None and asked.find_period:
        raise UsageError("--period and --find-period: one of the two")
    if asked.period is not None and asked.plot is None:
        raise UsageError("--period folds a plot: say --plot FILE, or --plot - to see it here")
    if asked.plot is not None or asked.find_period:
        _refuse_data(asked)
    elif asked.magnitudes:
        raise UsageError(
            "--magcol says what to plot, and where to look for periods",
            hint="--columns chooses what a table or a file gets",
        )
    flag = output.asked()
    _refuse_other_form(asked, flag)
    if asked.out is None and asked.form == "csv":
        return replace(asked, output=replace(output, csv=True))
    if (asked.out is None and asked.form == "table") or asked.plot == "-":
        # a text plot and a table of periods are for the same eyes
        return replace(asked, output=replace(output, table=output.table or flag is None))
    return asked


def refuse_for_many(asked: Asked, copy: str | None) -> None:
    """Refuse what goes with one light curve only.

    Raises
    ------
    UsageError
        If there is such an option.
    """
    alone = {
        "--copy": copy,
        "--plot": asked.plot,
        "--find-period": asked.find_period,
        "--collection": asked.collection,
    }
    wrong = [name for name, value in alone.items() if value]
    if wrong:
        raise UsageError(
            f"--where goes with --out, not with {', '.join(wrong)}",
            hint="a collection is a condition, too: --where \"collection = '…'\""
            if "--collection" in wrong
            else None,
        )


def _refuse_other_form(asked: Asked, flag: str | None) -> None:
    """Refuse a flag of output that contradicts --format, or the end of --out."""
    from ..query.lc_write import SUFFIXES

    form = asked.form
    if form is None and asked.out is not None:
        form = SUFFIXES.get(asked.out.suffix.lower(), "csv")
    if form is None or flag is None or flag in _FLAGS_OF.get(form, ()):
        return
    named = "--out" if asked.form is None else "--format"
    raise UsageError(
        f"{named} means {form}, and an output flag {flag}: one of the two",
        hint="--format, or else the end of --out, says what a file is",
    )


def refuse_for_copies(asked: Asked) -> None:
    """Refuse what goes with a light curve itself, and not with the list of its copies.

    Raises
    ------
    UsageError
        If there is such an option.
    """
    files = asked.form in ("fits", "votable", "parquet")
    alone = {
        "--out": asked.out,
        "--format": files and asked.form,
        "--columns": asked.columns,
        "--plot": asked.plot,
        "--find-period": asked.find_period,
    }
    wrong = [name for name, value in alone.items() if value]
    if wrong:
        raise UsageError(
            f"--copy list shows the copies, and does not go with {', '.join(wrong)}",
            hint="--copy SETID takes one of them",
        )


def _columns(text: str | None) -> tuple[str, ...] | None:
    """Return the names, each once."""
    if text is None:
        return None
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise UsageError("--columns names no column")
    return names


def _refuse_data(asked: Asked) -> None:
    """Refuse the options of a table or a file where a plot or periods are asked for."""
    what = "--plot" if asked.plot is not None else "--find-period"
    files = asked.form in ("fits", "votable", "parquet") or (asked.form and asked.plot)
    wrong = {"--columns": asked.columns, "--out": asked.out, "--format": files}
    for name, value in wrong.items():
        if value:
            raise UsageError(
                f"{name} is for a light curve's table, and does not go with {what}",
                hint="--magcol says which magnitudes" if name == "--columns" else None,
            )
