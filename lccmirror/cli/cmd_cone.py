"""`lccmirror cone`: the objects near a point of the sky."""

from __future__ import annotations

import click

from ..errors import UsageError
from ..names import printable
from ..query import ReadOnlyCatalog, open_readonly, run_query
from .commands import Command
from .output import OutputOptions, output_options, write_result
from .settings import Settings, settings
from .sky_options import DECIMALS, sky_options

_ANY_OBJECT = "SELECT EXISTS (SELECT 1 FROM objects)"


@click.command(
    cls=Command,
    name="cone",
    examples=(
        "lccmirror cone 280.1 -30.2 5",
        "lccmirror cone '19:25:27.9 +42:47:03.7' 30arcsec",
        "lccmirror cone HAT-123-4567890 1deg --columns objectid,sdssr,dist_arcsec --limit 20",
        "lccmirror cone 0 90 2deg --columns '*' --csv > pole.csv",
    ),
)
@click.argument("words", nargs=-1, metavar="RA DECL RADIUS_ARCMIN")
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Only the N nearest objects."
)
@sky_options
@output_options
def command(
    words: tuple[str, ...],
    limit: int | None,
    columns: tuple[str, ...],
    collections: tuple[str, ...],
    output: OutputOptions,
) -> None:
    """Show the objects near a point, nearest first.

    The point is RA and DECL in degrees or as hh:mm:ss dd:mm:ss (one argument or two), or
    the name of a mirrored object. The radius is in arcminutes, or has its unit: deg, arcmin
    or ', arcsec or ". Distances are in arcseconds.
    """
    from ..query.angles import find_centre, parse_radius_arcmin
    from ..query.sky import cone

    chosen = settings()
    if len(words) < 2:
        raise UsageError(
            "where, and how far?",
            hint="lccmirror cone RA DECL RADIUS_ARCMIN, or lccmirror cone NAME RADIUS_ARCMIN",
        )
    # People and tools call for help with wrong numbers first: before the mirror is opened.
    try:
        radius = parse_radius_arcmin(words[-1])
    except UsageError as error:
        if len(words) > 2 or error.hint is not None:
            raise
        hint = "is the radius missing? lccmirror cone RA DECL RADIUS_ARCMIN"
        raise UsageError(error.message, hint=hint) from error
    root = chosen.load(thorough=False).mirror.root
    with open_readonly(root) as catalog:
        centre = find_centre(catalog, " ".join(words[:-1]))
        found = cone(
            catalog,
            centre.ra,
            centre.decl,
            radius,
            columns=columns,
            collections=collections,
            limit=limit,
        )
        where = printable(centre.objectid or f"{centre.ra:g} {centre.decl:+g}")
        if collections:
            where += f" in {printable(' or '.join(collections))}"
        write_result(
            found,
            output,
            chosen,
            decimals=DECIMALS,
            say_empty=lambda: _say_empty(catalog, chosen, f"{_angle(radius)} of {where}"),
        )


def _angle(arcmin: float) -> str:
    if arcmin >= 60:
        return f"{arcmin / 60:g}°"
    return f"{arcmin:g}′" if arcmin >= 1 else f"{arcmin * 60:g}″"


def _say_empty(catalog: ReadOnlyCatalog, chosen: Settings, where: str) -> None:
    ((any_object,),) = run_query(catalog, _ANY_OBJECT).rows
    if any_object:
        chosen.note(f"no mirrored object within {where}")
    else:
        chosen.note("the mirror has no objects yet: run `lccmirror sync`")
