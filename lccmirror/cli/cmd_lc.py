"""`lccmirror lc`: light curves as tables, files and pictures."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import UsageError
from ..query import open_readonly
from .commands import Command
from .output import OutputOptions, output_options
from .positive import Positive
from .settings import require_not_config, settings
from .utf8_words import utf8_words

_FORMATS = ("table", "csv", "json", "fits", "votable", "parquet")


@click.command(
    cls=Command,
    name="lc",
    examples=(
        "lccmirror lc HAT-123-4567890",
        "lccmirror lc HAT-123-4567890 --columns rjd,flt,aep_000 --csv > lc.csv",
        "lccmirror lc HAT-123-4567890 --out lc.fits",
        "lccmirror lc HAT-123-4567890 --copy list",
        "lccmirror lc HAT-123-4567890 --plot lc.png --period 0.5312",
        "lccmirror lc HAT-123-4567890 --find-period --plot -",
        "lccmirror lc --where 'sdssr < 12' --out curves --format parquet",
    ),
)
@click.argument("objectid", required=False, callback=utf8_words)
@click.option("--collection", callback=utf8_words, metavar="NAME", help="Of which collection.")
@click.option(
    "--copy",
    "copy",
    metavar="SETID|list",
    help="Not the newest copy but that of a dataset; or list the copies.",
)
@click.option("--columns", metavar="NAME,…", help="Only these columns, in this order.")
@click.option(
    "--magcol",
    "magnitudes",
    multiple=True,
    metavar="NAME",
    help="The magnitudes to plot and to find periods in (the collection's first; repeatable).",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="Of the output; without it, as the end of --out says.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Into this file; with --where, into this folder.",
)
@click.option("--where", metavar="SQL", help="All objects that fulfil this condition.")
@click.option(
    "--processes", type=click.IntRange(min=1), metavar="N", help="With --where: how many."
)
@click.option("--plot", metavar="FILE|-", help="Draw it: a PNG, SVG or PDF, or here (-).")
@click.option("--period", type=Positive(), metavar="DAYS",
              help="Fold the plot on it.")  # fmt: skip
@click.option("--epoch", type=float, metavar="JD", help="Where phase 0 is.")
@click.option(
    "--find-period",
    is_flag=True,
    help="Find the best periods (Lomb–Scargle; of an eclipsing binary it is often the half).",
)
@click.option(
    "--period-range",
    type=(float, float),
    metavar="MIN MAX",
    help="With --find-period: which periods, in days.",
)
@output_options
def command(
    objectid: str | None,
    copy: str | None,
    where: str | None,
    output: OutputOptions,
    **given: object,
) -> None:
    """Show a light curve of the mirror, or write, plot or fold it.

    OBJECTID is as in the catalog. The newest copy of its light curve is taken unless --copy
    names a dataset. On a terminal it is a table, in a pipe JSON, unless --format, the end of
    --out or one of the other flags says otherwise. Missing values are empty.

    With --where, the light curves of all objects that fulfil an SQL condition on the table
    `objects` are written into the folder --out, a file each.
    """
    from . import lc_work
    from .lc_asked import asked_for, refuse_for_copies, refuse_for_many

    chosen = settings()
    asked = asked_for(given, output)
    if (objectid is None) == (where is None):
        raise UsageError("name an object, or say --where with a condition, one of the two")
    if where is None and asked.processes is not None:
        raise UsageError("--processes goes with --where")
    config = chosen.load(thorough=False)
    if asked.out is not None:
        require_not_config(asked.out, config)
    with open_readonly(config.mirror.root) as catalog:
        if where is not None:
            refuse_for_many(asked, copy)
            lc_work.export_where(catalog, where, asked, chosen)
        elif copy == "list":
            refuse_for_copies(asked)
            lc_work.list_copies(catalog, objectid or "", asked, chosen)
        else:
            lc_work.one(catalog, objectid or "", copy, asked, chosen)
