"""`lccmirror demo`: a small LCC-Server inside, mirrored before your eyes."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import LccMirrorError
from .commands import Command
from .jobs import tell, watched
from .output import OutputOptions, write_result
from .settings import Settings, settings
from .status_told import show_status
from .stopping import stoppable

if TYPE_CHECKING:
    from ..demo.run import Demo


@click.command(
    cls=Command,
    name="demo",
    examples=("lccmirror demo", "lccmirror demo /tmp/demo", "lccmirror demo --serve"),
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--serve", is_flag=True, help="Keep the server running until Ctrl-C.")
def command(folder: Path | None, serve: bool) -> None:
    """Start an LCC-Server with synthetic variable stars, and mirror it.

    The server runs inside this process, on 127.0.0.1; nothing leaves the machine. The
    mirror is made in FOLDER (./lccmirror-demo by default) and stays there, to be asked
    in SQL. A folder of an earlier demo is made anew.
    """
    from ..demo.run import demonstration

    chosen = settings()
    folder = (folder or Path("lccmirror-demo")).absolute()
    with demonstration(folder) as demo:
        config = naming(demo.config.path)
        count = len(demo.server.datasets())
        click.echo(f"An LCC-Server with {count} datasets runs at {demo.server.url}")
        _mirror(demo, config, chosen)
        _look(demo, config, chosen)
        if serve:
            click.echo(f"\nThe server stays at {demo.server.url} until Ctrl-C.")
            with stoppable() as stopping:
                stopping.event.wait()


def _mirror(demo: Demo, config: str, chosen: Settings) -> None:
    _show_command(f"lccmirror {config} sync", chosen)
    with watched(chosen) as job:
        report = demo.sync(job.around)
    tell(report.told(), chosen)
    if report.exit_code:
        job.stopping.leave(report.exit_code)
    _show_command(f"lccmirror {config} sync", chosen, remark="again: nothing is new")
    with watched(chosen) as job:
        tell(demo.sync(job.around).told(), chosen)


def _look(demo: Demo, config: str, chosen: Settings) -> None:
    from ..demo.run import QUERIES

    _show_command(f"lccmirror {config} status", chosen)
    show_status(demo.config, chosen)
    for remark, sql in QUERIES:
        _show_command(f'lccmirror {config} query "{sql}"', chosen, remark=remark)
        demo.ask(sql, lambda result: write_result(result, OutputOptions(table=True), chosen))
    try:
        click.echo(f"\nA folded light curve of that mirror: {_short(demo.plot())}")
    except LccMirrorError as error:
        click.echo(f"\nNo picture of a light curve: {error}")
    program = called()
    click.echo(
        "\nThe mirror stays, and needs neither network nor server to be asked. Try next:\n"
        f"  {program} {config} query 'SELECT * FROM objects LIMIT 3'\n"
        f"  {program} {config} verify\n"
        f"  {program} init /srv/lcc --url https://data.hatsurveys.org   # a mirror of your own"
    )


def _show_command(line: str, chosen: Settings, *, remark: str | None = None) -> None:
    prompt = click.style("$ ", fg="green") + click.style(line, bold=True)
    text = prompt + (f"   # {remark}" if remark else "")
    click.echo("\n" + (text if chosen.color(sys.stdout) else click.unstyle(text)))


def called() -> str:
    """Return how one calls this program here: by its name, where the shell finds it."""
    program = Path(sys.argv[0])
    found = shutil.which("lccmirror")
    if program.name != "lccmirror" or not program.is_file():
        return "lccmirror"
    if found is not None and Path(found).resolve() == program.resolve():
        return "lccmirror"
    return shlex.quote(_short(program.absolute()))


def naming(config: Path) -> str:
    """Return the option that names a config file, as one would type it here."""
    return f"-c {shlex.quote(_short(config))}"


def _short(path: Path) -> str:
    """Return a path as one would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
