"""`lccmirror xmatch`: a list of positions, matched against the mirrored objects."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import click

from ..errors import UsageError
from ..query import open_readonly
from .commands import Command
from .counted import Counted
from .output import OutputOptions, output_options, write_result
from .settings import settings
from .sky_options import DECIMALS, sky_options

_IN_MEMORY: Final = 1024 * 1024


@click.command(
    cls=Command,
    name="xmatch",
    examples=(
        "lccmirror xmatch targets.txt",
        "lccmirror xmatch targets.csv --radius 0.5arcmin --all --csv > matches.csv",
        "lccmirror query 'select objectid, ra, decl from objects' --csv "
        "| lccmirror xmatch - --all",
    ),
)
@click.argument("file", metavar="FILE", type=click.Path(allow_dash=True, path_type=Path))
@click.option(
    "--radius",
    default="3",
    show_default=True,
    metavar="ARCSEC",
    help="How near; arcseconds, or with deg, arcmin or arcsec.",
)
@click.option(
    "--nearest/--all",
    default=True,
    show_default=True,
    help="The nearest object of each target, or all within the radius.",
)
@click.option("--unmatched", is_flag=True, help="Show targets without a match, too.")
@sky_options
@output_options
def command(
    file: Path,
    radius: str,
    nearest: bool,
    unmatched: bool,
    columns: tuple[str, ...],
    collections: tuple[str, ...],
    output: OutputOptions,
) -> None:
    """Match a list of positions against the mirrored objects.

    FILE has a target a line: a name, then right ascension and declination in degrees or as
    hh:mm:ss dd:mm:ss. It may be CSV, with or without column names. - is standard input.
    """
    from ..query.angles import parse_radius_arcsec
    from ..query.targets import read_list
    from ..query.xmatch import xmatch

    chosen = settings()
    within = parse_radius_arcsec(radius)
    root = chosen.load(thorough=False).mirror.root
    with _opened(file) as (list_file, name), open_readonly(root) as catalog:
        targets = Counted(read_list(list_file, name))
        found = xmatch(
            catalog,
            targets,
            within,
            nearest=nearest,
            unmatched=unmatched,
            columns=columns,
            collections=collections,
        )
        write_result(
            found,
            output,
            chosen,
            decimals=DECIMALS,
            say_empty=lambda: chosen.note(
                f'none of {targets.count} targets has a mirrored object within {within:g}"'
            ),
        )


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[tuple[IO[bytes], str]]:
    """Open a list so that it can be read twice."""
    if str(file) == "-":
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
            shutil.copyfileobj(sys.stdin.buffer, spool)
            yield spool, "standard input"
        return
    try:
        opened = file.open("rb")
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror or error}") from error
    with opened:
        if opened.seekable():
            yield opened, str(file)
            return
        # A pipe, as `<(command)` makes one.
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
            shutil.copyfileobj(opened, spool)
            yield spool, str(file)
