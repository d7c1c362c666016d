"""What `lccmirror lc` does, once it is known what was asked for."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import LccMirrorError, UsageError
from ..names import printable
from ..query import ReadOnlyCatalog, Result
from ..query.lightcurves import Copy, chosen_copy, copies_of, read_copy
from ..query.new_file import folder_for, new_file, real_path, require_not_ours
from ..query.object_names import meant_perhaps
from .lc_asked import Asked
from .needs import require_libraries
from .output import write_result
from .settings import Settings, is_terminal
from .stopping import stoppable

if TYPE_CHECKING:
    from ..formats import LightCurve
    from ..query.periods import Period

_MAGNITUDES = "SELECT lcmagcols FROM collections WHERE collection = ?"
_NAMED = 20
_PLOT_ROWS = 30
_FINDING = "`lccmirror find` and `lccmirror cone` find the names of objects"


def one(
    catalog: ReadOnlyCatalog, objectid: str, setid: str | None, asked: Asked, chosen: Settings
) -> None:
    """Show, write or plot one light curve."""
    root = catalog.path.parent
    with meant_perhaps(catalog, objectid, _FINDING):
        found = chosen_copy(catalog.connection, objectid, asked.collection, setid)
    require_libraries(asked)
    curve = read_copy(root, found)
    for problem in curve.problems[:_NAMED]:
        chosen.note(f"note: {printable(objectid)}: {printable(problem)}")
    if asked.plot is None and not asked.find_period:
        wanted = curve if asked.columns is None else curve.select(asked.columns)
        _put(wanted, asked, root, chosen)
        return
    if asked.plot not in (None, "-"):
        _place(Path(asked.plot or ""), root)
    magnitudes = asked.magnitudes or (_default_magnitude(catalog.connection, found, curve),)
    period = asked.period
    if asked.find_period:
        periods = _periods(curve, magnitudes[0], asked)
        period = periods[0].period_d
        _tell_periods(periods, asked, chosen)
    if asked.plot is not None:
        _draw(curve, found, magnitudes, period, asked, chosen)


def list_copies(
    catalog: ReadOnlyCatalog, objectid: str, asked: Asked, chosen: Settings
) -> None:
    """Show which copies of a light curve there are."""
    names = (
        "collection",
        "setid",
        "newest",
        "size",
        "created_on",
        "fetched_at",
        "state",
        "path",
    )
    with meant_perhaps(catalog, objectid, _FINDING):
        copies = copies_of(catalog.connection, objectid, asked.collection)
    rows = (tuple(getattr(copy, name) for name in names) for copy in copies)
    write_result(Result(names, rows), asked.output, chosen)


def export_where(
    catalog: ReadOnlyCatalog, condition: str, asked: Asked, chosen: Settings
) -> None:
    """Write the light curves of many objects into a folder."""
    from ..query.lc_many import count_without, do_many
    from ..query.lc_write import FORMATS, Export

    if asked.out is None:
        raise UsageError("--where writes files: say into which folder with --out")
    form = asked.form or "csv"
    if form not in FORMATS:
        raise UsageError(f"a {form} is no file: --format {', '.join(FORMATS)}")
    require_libraries(asked)
    copies = _copies_where(catalog, condition)
    without = count_without(catalog, condition)
    _require_folder(asked.out, catalog.path.parent)
    if not copies:
        why = (
            f"{without:,} objects, none with one in the mirror" if without else "no such object"
        )
        click.echo(f"0 light curves: {why}")
        return
    work = Export(asked.out, form, asked.columns)
    points = written = 0
    lacking: Counter[str] = Counter()
    failed: list[tuple[Copy, LccMirrorError]] = []
    with (
        folder_for(asked.out),
        stoppable("the files that are written are kept") as stopping,
        _bar(len(copies), chosen) as advance,
        closing(do_many(catalog.path.parent, copies, work, asked.processes)) as results,
    ):
        for copy, done in results:
            if isinstance(done, LccMirrorError):
                failed.append((copy, done))
            else:
                written += 1
                points += done.points
                lacking.update(done.lacking)
            advance()
            if stopping.event.is_set():
                break
    for copy, error in failed[:_NAMED]:
        sys.stderr.write(f"failed: {printable(copy.objectid)}: {printable(error.message)}\n")
    if len(failed) > _NAMED:
        sys.stderr.write(f"failed: and {len(failed) - _NAMED:,} more\n")
    for name, count in lacking.items():
        chosen.note(f"note: {count:,} of these light curves have no column {printable(name)}")
    if without:
        chosen.note(f"note: {without:,} of these objects have no light curve in the mirror")
    click.echo(f"{written:,} light curves with {points:,} points in {asked.out}")
    if stopping.event.is_set():
        stopping.leave(1)
    if failed:
        first = failed[0][1]
        raise click.exceptions.Exit(first.exit_code if len(failed) == len(copies) else 1)


def _copies_where(catalog: ReadOnlyCatalog, condition: str) -> list[Copy]:
    from ..query.lc_many import copies_where

    try:
        return copies_where(catalog, condition)
    except UsageError as error:
        if "-p " not in (error.hint or ""):
            raise
        # that is how `lccmirror query` is given a parameter's value
        raise UsageError(
            error.message, hint="write the value itself into the condition"
        ) from error


def _require_folder(folder: Path, root: Path) -> None:
    """Refuse a folder for many light curves that is none, or is the mirror's own."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{printable(str(folder))} is not a folder")
    require_not_ours(real_path(folder), root)


def _place(path: Path, root: Path) -> None:
    """Refuse a place where a file would do harm, or cannot be."""
    new_file(path, root, force=True)


@contextmanager
def _bar(total: int, chosen: Settings) -> Iterator[Any]:
    """Show a progress bar on a terminal; yields what moves it on by one."""
    if chosen.quiet or not is_terminal(sys.stderr):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(file=sys.stderr, no_color=not chosen.color(sys.stderr))
    with Progress(console=console, transient=True) as bars:
        task = bars.add_task("light curves", total=total)
        yield lambda: bars.advance(task)


def _put(curve: LightCurve, asked: Asked, root: Path, chosen: Settings) -> None:
    """Write a light curve to a file, or to standard output."""
    from ..query.lc_write import BINARY, FORMATS, format_of, rows_of, write_lightcurve

    form = asked.form
    if asked.out is not None:
        form = form or format_of(asked.out)
        if form not in FORMATS:
            raise UsageError(f"a {form} is no file: --format {', '.join(FORMATS)}")
        _place(asked.out, root)
        write_lightcurve(curve, asked.out, form)
        chosen.note(f"{len(curve):,} points in {asked.out}")
    elif form in ("fits", "votable", "parquet"):
        if form in BINARY and is_terminal(sys.stdout):
            raise UsageError(
                "a binary file is not for a terminal", hint="say --out FILE, or redirect it"
            )
        _pour(curve, form)
    else:
        names = tuple(column.name for column in curve.columns)
        output = asked.output
        if form == "json" and output.asked() is None:
            output = replace(output, json_cols=True)  # the flag that means JSON and no more
        write_result(Result(names, rows_of(curve)), output, chosen)


def _pour(curve: LightCurve, form: str) -> None:
    """Write a form that needs a file to standard output."""
    import tempfile

    from ..query.lc_write import write_lightcurve

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lightcurve"
        write_lightcurve(curve, path, form)
        sys.stdout.flush()
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)


def _default_magnitude(conn: sqlite3.Connection, copy: Copy, curve: LightCurve) -> str:
    from ..query.lc_series import default_magnitude

    row = conn.execute(_MAGNITUDES, (copy.collection,)).fetchone()
    preferred = (row[0] or "").split(",") if row else []
    return default_magnitude(curve, [name.strip() for name in preferred])


def _periods(curve: LightCurve, magnitude: str, asked: Asked) -> tuple[Period, ...]:
    from ..query.periods import SHORTEST_D, periods_of

    shortest, longest = asked.period_range or (SHORTEST_D, None)
    return periods_of(curve, magnitude, shortest_d=shortest, longest_d=longest)


def _tell_periods(periods: tuple[Period, ...], asked: Asked, chosen: Settings) -> None:
    names = ("period_d", "power", "false_alarm", "amplitude", "note")
    rows = (
        (round(p.period_d, 8), round(p.power, 4), float(f"{p.false_alarm:.2e}"),
         round(p.amplitude, 4), p.note)
        for p in periods
    )  # fmt: skip
    write_result(Result(names, rows), asked.output, chosen)


def _draw(
    curve: LightCurve,
    copy: Copy,
    magnitudes: tuple[str, ...],
    period: float | None,
    asked: Asked,
    chosen: Settings,
) -> None:
    from ..query.lc_series import drawing
    from ..query.plot import save_plot, text_plot

    title = f"{printable(copy.objectid)} ({copy.collection})"
    drawn = drawing(curve, magnitudes, title=title, period_d=period, epoch=asked.epoch)
    if asked.plot != "-":
        target = Path(asked.plot or "")
        save_plot(drawn, target)
        chosen.note(f"plot in {target}")
        return
    size = shutil.get_terminal_size((100, _PLOT_ROWS))
    color = chosen.color(sys.stdout)
    click.echo(text_plot(drawn, width=size.columns, height=size.lines - 2, color=color))
