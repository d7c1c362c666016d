"""The options that `lccmirror cone` and `lccmirror xmatch` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

# As `lccmirror.query.sky.USUAL_COLUMNS`, whose import the help need not wait for.
_USUAL = "collection,objectid,ra,decl,dist_arcsec"

# In tables: a thousandth of an arcsecond, and for positions the seventh decimal of a degree,
# which is a third of that.
DECIMALS: Final = {"dist_arcsec": 3, "target_ra": 7, "target_decl": 7}

F = TypeVar("F", bound=Callable[..., Any])


def sky_options(command: F) -> F:
    """Give `command` --columns and --collection, as the tuples `columns`, `collections`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _names(context: click.Context, option: click.Parameter, value: str) -> tuple[str, ...]:
    names = tuple(name for name in (piece.strip() for piece in value.split(",")) if name)
    if not names:
        raise click.BadParameter("no column in it", context, option)
    return names


_OPTIONS = (
    click.option(
        "--columns",
        default=_USUAL,
        show_default=True,
        callback=_names,
        metavar="A,B,…",
        help="Columns of the table objects, and dist_arcsec; '*' for all.",
    ),
    click.option(
        "--collection",
        "collections",
        multiple=True,
        metavar="NAME",
        help="Only objects of this collection (again for more).",
    ),
)
