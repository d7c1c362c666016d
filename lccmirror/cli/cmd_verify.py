"""`lccmirror verify`: every byte against the catalog."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from rich.filesize import decimal

from ..errors import Stopped
from ..names import printable
from .commands import Command
from .settings import Settings, settings

if TYPE_CHECKING:
    from ..sync.verify import VerifyReport


@click.command(
    cls=Command, name="verify", examples=("lccmirror verify", "lccmirror verify --repair")
)
@click.option("--repair", is_flag=True, help="Fetch again what is damaged or missing.")
def command(repair: bool) -> None:
    """Read every mirrored file and compare it with the catalog.

    What is damaged or missing is named on stdout, one a line. Files that the catalog does
    not know are named on stderr; they harm nothing and are left alone. Without --repair the
    server is not asked, and whoever may only read the mirror can verify it: then nothing is
    noted in the catalog. With a daemon running, it does the work, and nothing else until
    that is done: of itself it reads a part of the mirror each night. The exit code is 0 if
    all is well (again), 65 if local data is damaged.
    """
    from ..daemon.protocol import Verify
    from ..sync.jobs import Verified, repair_mirror, verify_mirror
    from .jobs import handed_over, tell, watched

    chosen = settings()
    config = chosen.load(thorough=repair)
    work = repair_mirror if repair else verify_mirror
    with watched(chosen) as job:
        done = handed_over(config, Verify(repair=repair), job, Verified)
        if done is None:
            progress = job.around.progress
            progress.begin("verify", "reading the mirror", None)
            try:
                done = work(config, job.around, advance=lambda n: progress.advance("verify", n))
            except Stopped as error:
                progress.note(error.message)
                job.stopping.leave(1)
                raise
            progress.end("verify", ok=not done.found.damage)
    _tell(done.found, chosen)
    if done.repair is not None:
        tell(done.repair, chosen)
    if done.left is not None and done.left.damage:
        sys.stderr.write(f"after the repair, {done.left.ndamage:,} are still damaged\n")
    job.stopping.leave(done.exit_code)


def _tell(report: VerifyReport, chosen: Settings) -> None:
    for path in report.unknown:
        chosen.note(f"unknown: {printable(path)}")
    if report.more_unknown:
        chosen.note(f"unknown: {report.more_unknown:,} more")
    for one in report.damage:
        since = f"; last found good {one.verified_at}" if one.verified_at else ""
        click.echo(f"{one.what}: {printable(one.path)}: {printable(one.detail)}{since}")
    if report.more_damage:
        click.echo(f"and {report.more_damage:,} more")
    damage = f"{report.ndamage:,} damaged or missing"
    found = damage if report.damage else "all as it was fetched"
    click.echo(f"{report.files:,} files, {decimal(report.bytes)} read: {found}")
