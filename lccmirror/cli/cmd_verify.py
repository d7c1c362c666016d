"""`lccmirror verify`: every byte against the catalog."""

from __future__ import annotations

import json
import random
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from ..clock import from_text, to_text, utc_now
from ..config_values import rate
from ..errors import Stopped, UsageError
from ..sync.verify_scope import Scope
from ..units import parse_duration
from .commands import Command
from .settings import settings
from .verify_told import as_json, tell_rebuilt, tell_verified

if TYPE_CHECKING:
    from ..config import Config
    from .settings import Settings

_SLOWEST = 1000
# No disk has more files, or gives more bytes a second; int() itself refuses 5,000 digits.
_WHOLE = re.compile(r"\d{1,18}")


@click.command(
    cls=Command,
    name="verify",
    examples=(
        "lccmirror verify",
        "lccmirror verify --repair",
        'lccmirror verify --sample 5% --rate "20 MB/s"',
        "lccmirror verify --not-since 7d --json",
        "lccmirror verify --repair --rebuild-catalog",
    ),
)
@click.option("--repair", is_flag=True, help="Fetch again what is damaged or missing.")
@click.option(
    "--rebuild-catalog",
    "rebuild",
    is_flag=True,
    help="With --repair: make a lost or damaged catalog anew, from files and newest backup.",
)
@click.option("--sample", metavar="N|P%", help="Only so many files, or such a part of them.")
@click.option("--seed", type=int, metavar="N", help="Make a sample by chance the same again.")
@click.option(
    "--oldest", is_flag=True, help="As a sample, what was not verified for the longest time."
)
@click.option(
    "--not-since",
    metavar="AGE",
    help="Only what was not found good since: 7d, 12h, or a time.",
)
@click.option("--rate", "ceiling", metavar="RATE", help='Read at most so fast: "20 MB/s".')
@click.option("--json", "in_json", is_flag=True, help="The report as one JSON object.")
def command(
    repair: bool,
    rebuild: bool,
    sample: str | None,
    seed: int | None,
    oldest: bool,
    not_since: str | None,
    ceiling: str | None,
    in_json: bool,
) -> None:
    """Read every mirrored file and compare it with the catalog.

    What is damaged or missing is named on stdout, one a line: what it is, since when, and what
    --repair does about it. Files that the catalog does not know are named on stderr; they harm
    nothing and are left alone. Without --repair the server is not asked, and whoever may only
    read the mirror can verify it: then nothing is noted in the catalog.

    With a daemon running, it does the work, and nothing else until that is done: of itself it
    reads a part of the mirror each night. Ctrl-C ends it; what was found good is noted, and
    --not-since goes on from there.

    --rebuild-catalog needs no network, and no daemon may run. The old catalog is moved aside.
    The next sync fetches what was found damaged, and nothing else again.

    The exit code is 0 if all is well (again), 65 if local data is damaged.
    """
    chosen = settings()
    scope = _scope(sample, seed, oldest, not_since, ceiling, chosen)
    if rebuild:
        if not repair or scope != Scope():
            raise UsageError(
                "--rebuild-catalog goes with --repair, and with nothing that chooses files"
            )
        _rebuild(chosen.load(), chosen, in_json=in_json)
    else:
        _verify(chosen.load(thorough=repair), scope, chosen, repair=repair, in_json=in_json)


def _verify(
    config: Config, scope: Scope, chosen: Settings, *, repair: bool, in_json: bool
) -> None:
    from ..daemon.protocol import Verify
    from ..sync.jobs import Verified, repair_mirror, verify_mirror
    from .jobs import handed_over, watched

    work = repair_mirror if repair else verify_mirror
    with watched(chosen) as job:
        done = handed_over(config, Verify(repair=repair, scope=scope), job, Verified)
        if done is None:
            try:
                done = work(config, job.around, scope=scope)
            except Stopped as error:
                job.around.progress.note(error.message)
                job.stopping.leave(1)
    if in_json:
        click.echo(json.dumps(as_json(done), indent=2))
    else:
        tell_verified(done, chosen)
    job.stopping.leave(done.exit_code)


def _rebuild(config: Config, chosen: Settings, *, in_json: bool) -> None:
    from ..sync.rebuild import rebuild_catalog
    from .jobs import watched

    with watched(chosen) as job:
        progress = job.around.progress
        progress.begin("rebuild", "reading the mirror", None)
        try:
            done = rebuild_catalog(
                config, job.around, advance=lambda n: progress.advance("rebuild", n)
            )
        except Stopped as error:
            progress.note(error.message)
            job.stopping.leave(1)
        progress.end("rebuild", ok=not done.found.damage)
    if in_json:
        click.echo(json.dumps(as_json(done), indent=2))
    else:
        tell_rebuilt(done, chosen)
    job.stopping.leave(done.exit_code)


def _scope(
    sample: str | None,
    seed: int | None,
    oldest: bool,
    not_since: str | None,
    ceiling: str | None,
    chosen: Settings,
) -> Scope:
    """Make of the options what they mean.

    Raises
    ------
    UsageError
        If they mean nothing.
    """
    share = count = None
    if sample is not None:
        if found := re.fullmatch(r"(\d+(?:\.\d+)?) ?%", sample.strip()):
            share = float(found[1]) / 100
        elif _WHOLE.fullmatch(sample.strip()):
            count = int(sample)
        if not (count or (share is not None and 0 < share <= 1)):
            raise UsageError(f'--sample: expected a number of files, or "5%", not "{sample}"')
        if oldest and seed is not None:
            raise UsageError("--oldest leaves nothing to chance: --seed does not go with it")
        if not oldest and seed is None:
            seed = random.randrange(1_000_000)  # noqa: S311 -- a sample, no secret
            chosen.note(f"the same sample again: --seed {seed}")
    elif oldest or seed is not None:
        raise UsageError("--seed and --oldest go with --sample")
    return Scope(
        share=share,
        count=count,
        seed=seed,
        oldest=oldest,
        not_since=None if not_since is None else _since(not_since),
        rate=None if ceiling is None else _rate(ceiling),
    )


def _rate(text: str) -> int:
    """Return bytes a second."""
    try:
        return rate(_SLOWEST)(int(text) if _WHOLE.fullmatch(text.strip()) else text)
    except UsageError as error:
        raise UsageError(f"--rate: {error}") from error


def _since(text: str) -> str:
    """Return a time, given as such or as so long ago."""
    try:
        return to_text(from_text(text.strip()))
    except ValueError:
        try:
            return to_text(utc_now() - timedelta(seconds=parse_duration(text)))
        except (UsageError, OverflowError) as error:
            raise UsageError(f"--not-since: {error}") from error
