"""`lccmirror init`: a commented config and an empty mirror."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Final

import click

from ..config import FILE_NAME
from ..config_template import render_config
from ..config_values import server_url
from ..durable import FILE_MODE, flush_file, flush_folder
from ..errors import UsageError
from .commands import Command

EXAMPLE_URL: Final = "https://data.hatsurveys.org"


@click.command(
    cls=Command,
    name="init",
    examples=(
        "lccmirror init /srv/hat --url https://data.hatsurveys.org",
        "lccmirror init",
    ),
)
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path())
@click.option("--url", default=EXAMPLE_URL, show_default=True, help="The LCC-Server's address.")
def command(folder: Path, url: str) -> None:
    """Write DIR/lccmirror.toml, every key explained, and make an empty mirror in DIR.

    DIR is made if it is not there; without DIR it is the current folder. A config file that
    is already there is never touched. Nothing is asked of the server.
    """
    from ..sync.mirror import open_mirror

    config = folder / FILE_NAME
    if config.exists() or config.is_symlink():
        raise UsageError(
            f"{config} is already there, and is left as it is",
            hint="edit it, or name another folder: lccmirror init DIR --url URL",
        )
    try:
        address = server_url(url)
    except UsageError as error:
        raise UsageError(f"--url: {error.message}", hint=error.hint) from error
    content = render_config(address)
    # The mirror first: if its folder is unfit, no config should point at it.
    with open_mirror(folder.absolute(), address):
        pass
    _write_new(config, content.encode())
    named = shlex.quote(str(config))
    click.echo(f"wrote {config} and an empty mirror of {address} beside it")
    click.echo(f"next: look through it, then  lccmirror -c {named} sync")


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that was not there, and leave none if that fails."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, FILE_MODE)
    except FileExistsError:
        raise UsageError(f"{path} is already there, and is left as it is") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            flush_file(file)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    flush_folder(path.absolute().parent)
