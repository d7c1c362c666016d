"""`lccmirror export`: the catalog as Parquet, for DuckDB, pandas, polars …"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from ..names import printable
from .commands import Command
from .making import Making, making
from .needs import require_extras
from .settings import Settings, require_not_config, settings

if TYPE_CHECKING:
    from ..config import Config
    from ..query.parquet_export import Watch


@click.command(
    cls=Command,
    name="export",
    examples=(
        "lccmirror export --parquet hat",
        "lccmirror export --parquet hat --table objects --table lightcurves",
        "lccmirror export --sql 'select * from objects where sdssr < 12' --out bright.parquet",
    ),
)
@click.option(
    "--parquet",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write a file for each table into this folder.",
)
@click.option(
    "--table",
    "tables",
    multiple=True,
    metavar="NAME",
    help="Only this table or view, or dataset_tables (repeatable).",
)
@click.option("--sql", metavar="SQL", help="Instead: what this statement answers (-: stdin).")
@click.option(
    "-p",
    "--param",
    "params",
    type=(str, str),
    multiple=True,
    metavar="NAME VALUE",
    help="With --sql: a value for :NAME.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --sql: the Parquet file to write.",
)
@click.option("--force", is_flag=True, help="With --out: replace FILE if it is there.")
@click.option("--json", "as_json", is_flag=True, help="Tell what was made as JSON.")
def command(
    folder: Path | None,
    tables: tuple[str, ...],
    sql: str | None,
    params: tuple[tuple[str, str], ...],
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write the catalog as Parquet, for DuckDB, pandas, polars and whatever comes.

    All files are of one moment. Columns are typed, times are UTC, and units and descriptions
    are in the files. DIR/dataset_tables has each dataset's own table, DIR/duckdb.sql gives
    all their names to DuckDB, and DIR/manifest.json tells what there is and of when. A second
    export into the same folder replaces the first when it is complete.
    """
    chosen = settings()
    if (folder is None) == (sql is None) or (sql is None) != (out is None):
        raise UsageError("say --parquet DIR, or --sql SQL --out FILE")
    if sql is None and (params or force):
        raise UsageError("-p and --force go with --sql")
    if sql is not None and tables:
        raise UsageError("--table goes with --parquet")
    require_extras(["parquet"])
    config = chosen.load(thorough=False)
    if folder is not None:
        _folder(config.mirror.root, folder, tables, chosen, as_json=as_json)
    else:
        assert sql is not None
        assert out is not None
        statement = sys.stdin.read() if sql == "-" else sql
        _answer(config, statement, dict(params), out, chosen, force=force, as_json=as_json)


def _folder(
    root: Path, folder: Path, tables: tuple[str, ...], chosen: Settings, *, as_json: bool
) -> None:
    import msgspec

    from ..clock import utc_now
    from ..query.parquet_export import export_parquet

    with making(chosen, "export") as work:
        made = export_parquet(root, folder, now=utc_now, watch=_watch(work), chosen=tables)
    if as_json:
        click.echo(msgspec.json.encode(made))
    elif not chosen.quiet:
        n_bytes = sum(table.bytes for table in made.tables)
        n_tables = sum("/" not in table.file for table in made.tables)
        datasets = len(made.tables) - n_tables
        click.echo(
            f"{printable(str(folder))}: {n_tables:,} tables and views, {datasets:,} tables of "
            f"datasets, {n_bytes:,} bytes, as of {made.taken}"
        )
    for table in made.tables:
        if table.mixed:
            chosen.note(
                f"note: {table.file}: numbers and texts are mixed in {', '.join(table.mixed)}; "
                "see the column …_type beside each"
            )


def _answer(
    config: Config,
    sql: str,
    params: dict[str, str],
    out: Path,
    chosen: Settings,
    *,
    force: bool,
    as_json: bool,
) -> None:
    import json

    from ..query.new_file import new_file
    from ..query.parquet_sql import export_sql

    root = config.mirror.root
    target = new_file(out, root, force=force)
    require_not_config(target.path, config)
    with making(chosen, "export") as work:
        watch = _watch(work)
        rows = export_sql(
            root,
            sql,
            target,
            params=params,
            look=lambda written: watch.look(out.name, written),
        )
    n_bytes = target.path.stat().st_size
    if as_json:
        click.echo(json.dumps({"path": str(target.path), "rows": rows, "bytes": n_bytes}))
    elif not chosen.quiet:
        click.echo(f"{printable(str(out))}: {rows:,} rows, {n_bytes:,} bytes")


def _watch(work: Making) -> Watch:
    from ..query.parquet_export import Watch

    return Watch(work.file, work.stopping.event)
