"""`lccmirror snapshot`: a copy of the catalog to take along."""

from __future__ import annotations

from pathlib import Path

import click

from ..names import printable
from .commands import Command
from .making import making
from .settings import require_not_config, settings


@click.command(
    cls=Command,
    name="snapshot",
    examples=(
        "lccmirror snapshot catalog.db",
        "lccmirror snapshot --force /media/usb/catalog.db",
        "lccmirror snapshot hat.db && datasette -i hat.db",
    ),
)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.option("--json", "as_json", is_flag=True, help="Tell what was made as JSON.")
def command(file: Path, force: bool, as_json: bool) -> None:
    """Copy the catalog, consistent and checked, into one file.

    Works while the daemon writes, without permission to write in the mirror, and asks no
    network. The copy is a plain SQLite database for `sqlite3`, Datasette or a laptop: all
    tables, views, indexes and full-text search. The mirrored files themselves (tables and
    light curves) are not in it.
    """
    from dataclasses import asdict

    from ..clock import utc_now
    from ..query.new_file import new_file
    from ..query.snapshot import take_snapshot

    chosen = settings()
    config = chosen.load(thorough=False)
    root = config.mirror.root
    target = new_file(file, root, force=force)
    require_not_config(target.path, config)
    with making(chosen, f"snapshot {target.path.name}") as work:
        made = take_snapshot(
            root,
            target,
            now=utc_now,
            progress=work.progress,
            checking=lambda: work.file(f"checking {target.path.name}", 0),
            stop=work.stopping.event,
        )
    if as_json:
        import json

        click.echo(json.dumps(asdict(made)))
    elif not chosen.quiet:
        click.echo(
            f"{printable(made.path)}: {made.datasets:,} datasets, {made.objects:,} objects, "
            f"{made.bytes:,} bytes, as of {made.taken}"
        )
