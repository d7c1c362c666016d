"""`lccmirror object`: everything that is known of an object."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..names import printable
from ..query import open_readonly
from .commands import Command
from .settings import Settings, settings

if TYPE_CHECKING:
    from ..config import Config
    from ..query.known_object import KnownObject


@click.command(
    cls=Command,
    name="object",
    examples=(
        "lccmirror object HAT-123-4567890",
        "lccmirror object HAT-123-4567890 --radius 2arcmin --most 0",
        "lccmirror object HAT-123-4567890 --json | jq '.[].told.periods'",
        "lccmirror object HAT-123-4567890 --png pictures",
    ),
)
@click.argument("objectid")
@click.option("--collection", metavar="NAME", help="Only in this collection.")
@click.option(
    "--radius",
    default='30"',
    show_default=True,
    metavar="RADIUS",
    help="How far away neighbours may be: arcseconds, or with a unit.",
)
@click.option(
    "--most",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    metavar="N",
    help="Datasets, light curves and neighbours to show; 0: all.",
)
@click.option(
    "--png",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write all pictures that the server told of it into this folder.",
)
@click.option("--json", "as_json", is_flag=True, help="All of it as JSON.")
def command(
    objectid: str,
    collection: str | None,
    radius: str,
    most: int,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Show everything that the mirror knows of an object.

    OBJECTID is as in the catalog. Shown are the values of its collection's catalog with what
    they mean, the datasets and saved searches that have it, its light curves, its neighbours,
    and what the server told of it, if that is mirrored ([objects] in the config): pictures
    are PNG files in the mirror. An object of several collections is shown once for each.
    """
    from ..query.angles import parse_radius_arcsec
    from ..query.objects import known_objects

    chosen = settings()
    radius_arcsec = parse_radius_arcsec(radius)
    config = chosen.load(thorough=False)
    with open_readonly(config.mirror.root) as catalog:
        found = known_objects(
            catalog,
            objectid,
            collection,
            radius_arcsec=radius_arcsec,
            most=most or None,
        )
    if as_json:
        from .json_rows import safe_json

        click.echo(safe_json(json.dumps([asdict(one) for one in found], indent=2)))
    else:
        from .object_show import show_object

        for one in found:
            show_object(one, config, radius_arcsec, chosen, sys.stdout)
    if folder is not None:
        _write(found, folder, config, chosen)


def _write(
    found: tuple[KnownObject, ...], folder: Path, config: Config, chosen: Settings
) -> None:
    from ..query.object_told import write_pictures

    count = 0
    limits = config.limits
    for one in found:
        if one.told is None or one.told.path is None:
            continue
        prefix = Path(one.told.path).name.removesuffix(".json.gz")
        if len(found) > 1:
            prefix = f"{one.collection}-{prefix}"
        count += len(
            write_pictures(
                config.mirror.root,
                one.told,
                folder,
                prefix,
                max_bytes=limits.max_object_info,
                max_pixels=limits.max_pixels,
            )
        )
    where = printable(str(folder))
    if count:
        chosen.note(f"{count} pictures are in {where}")
    else:
        chosen.note(
            "the mirror has no pictures of it: see [objects] mirror in the configuration"
        )
