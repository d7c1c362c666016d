"""`lccmirror config check`: every mistake in the config at once, with its line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ..errors import ConfigError
from ..names import printable
from .commands import Group
from .settings import PATIENCE_S, settings

if TYPE_CHECKING:
    from ..config import Config


@click.command(
    cls=Group,
    name="config",
    examples=("lccmirror config check", "lccmirror -c /srv/hat/lccmirror.toml config check"),
)
def command() -> None:
    """Check the configuration."""


@command.command(
    "check",
    examples=("lccmirror config check", "lccmirror config check --online"),
)
@click.option(
    "--online",
    is_flag=True,
    help="Also ask the server whether the collections and columns named exist.",
)
def check(online: bool) -> None:
    """Name every mistake in the config file, each with its line.

    What is allowed but unwise is told on stderr. The exit code is 0 if there is no mistake,
    78 if there are some, and 69 if --online cannot ask the server.
    """
    config = settings().load()
    for warning in config.warnings:
        sys.stderr.write(f"warning: {printable(warning)}\n")
    if online:
        _check_online(config)
    click.echo(
        f"{config.path}: no mistakes found" + (" (asked the server, too)" if online else "")
    )


def _check_online(config: Config) -> None:
    from ..online_check import check_online
    from ..sync.connect import connect

    with connect(config, patience_s=PATIENCE_S) as client:
        collections = client.collections().collections
    mistakes = check_online(config, collections)
    if mistakes:
        raise ConfigError("\n".join(mistakes))
