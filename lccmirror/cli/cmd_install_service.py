"""`lccmirror install-service`: the systemd units, put in place."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ..errors import UsageError
from .commands import Command
from .settings import settings

if TYPE_CHECKING:
    from ..systemd.install import Placed

_NEXT: Final = """\
next, as root:
  systemd-sysusers lccmirror.conf
  systemd-tmpfiles --create lccmirror.conf
  systemctl daemon-reload
then for each server, here called NAME:
  write /etc/lccmirror/NAME.toml (lccmirror init makes one to begin with) with
    [mirror]
    root = "/var/lib/lccmirror/NAME/mirror"
    [keys]
    dir = "/var/lib/lccmirror/NAME"
  and let the service, which runs as the user lccmirror, read it:
    chgrp lccmirror /etc/lccmirror/NAME.toml; chmod 640 /etc/lccmirror/NAME.toml
  an account's key, if there is one: put it into /etc/credstore/lccmirror-NAME.json, and
    [server]
    api_key_file = "$CREDENTIALS_DIRECTORY/key.json"
  systemctl enable --now lccmirror@NAME.service        (the daemon)
  or: systemctl enable --now lccmirror-sync@NAME.timer (a cycle each quarter of an hour)
people who may read the mirrors: usermod --append --groups lccmirror PERSON
"""


@click.command(
    cls=Command,
    name="install-service",
    examples=(
        "lccmirror install-service --dry-run",
        "sudo /opt/lccmirror/bin/lccmirror install-service",
    ),
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be written.")
@click.option(
    "--prefix",
    type=click.Path(path_type=Path),
    default=Path("/"),
    show_default=True,
    metavar="DIR",
    help="Put DIR in front of every place, to make a package (with --executable, where the "
    "command will be on the machine that gets it).",
)
@click.option(
    "--executable",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The command that the units start; this one, unless given.",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Also replace files changed by hand; they are kept as .old.",
)
def command(dry_run: bool, prefix: Path, executable: Path | None, overwrite: bool) -> None:
    """Put the systemd units, the service's user and its folders in place.

    A file that somebody has changed is left alone, and said so: changes belong into a
    drop-in (systemctl edit lccmirror@NAME), which outlives every update. Nothing is enabled
    or started. The exit code is 1 if a file was left alone.
    """
    from ..systemd.install import Action, install

    started = own_executable() if executable is None else Path(os.path.abspath(executable))  # noqa: PTH100 -- a link stays a link
    placed = install(started, prefix=prefix, dry_run=dry_run, overwrite=overwrite)
    for one in placed:
        click.echo(_line(one, dry_run=dry_run))
    if dry_run:
        return
    if not settings().quiet:
        click.echo(_NEXT, nl=False)
    if any(one.action is Action.KEPT for one in placed):
        raise click.exceptions.Exit(1)


def own_executable() -> Path:
    """Return the path of the ``lccmirror`` command that runs now.

    Raises
    ------
    UsageError
        If it cannot be found.
    """
    beside = Path(sys.executable).with_name("lccmirror")
    called = Path(sys.argv[0])
    if called.name == "lccmirror" and (found := shutil.which(called)):
        # Not resolved: a link in /usr/local/bin may outlive what it points to.
        return Path(os.path.abspath(found))  # noqa: PTH100 -- the same
    if beside.exists():
        return beside
    raise UsageError(
        "cannot find out where the lccmirror command is", hint="name it with --executable"
    )


def _line(one: Placed, *, dry_run: bool) -> str:
    from ..systemd.install import Action

    would = "would be " if dry_run else ""
    said = {
        Action.WRITTEN: f"{would}written",
        Action.UPDATED: f"{would}updated",
        Action.UNCHANGED: "as it should be",
        Action.KEPT: f"{would}left alone: somebody has changed it (--overwrite replaces it)",
        Action.REPLACED: f"{would}replaced; what it was is in {one.saved_as}",
    }
    return f"{one.path}: {said[one.action]}"
