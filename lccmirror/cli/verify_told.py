"""What a verification has found, for people and as JSON."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.filesize import decimal

from ..names import printable

if TYPE_CHECKING:
    from ..sync.jobs import Verified
    from ..sync.rebuild import Rebuilt
    from ..sync.verify import VerifyReport
    from .settings import Settings


def tell_verified(done: Verified, chosen: Settings) -> None:
    """Print what was found, and what a repair did about it."""
    from .jobs import tell

    _tell(done.found, chosen, repaired=done.repair is not None)
    if done.repair is not None:
        tell(done.repair, chosen)
    elif done.found.damage:
        chosen.note(
            "hint: `lccmirror verify --repair` fetches again what is damaged or missing"
        )
    if done.left is not None and done.left.damage:
        still = "1 is" if done.left.ndamage == 1 else f"{done.left.ndamage:,} are"
        sys.stderr.write(f"after the repair, {still} still damaged or missing\n")
        _tell_first(done.left, "repair")
        for one in done.left.damage:
            if one.path.endswith(".damaged"):
                kept = printable(one.path)
                sys.stderr.write(f"the server no longer has it; kept as {kept}\n")


def tell_rebuilt(done: Rebuilt, chosen: Settings) -> None:
    """Print how a catalog was made anew, and what it does not know."""
    _tell(done.found, chosen, repaired=False)
    if done.source is None:
        click.echo(f"made anew from the files of {done.datasets:,} datasets alone")
    else:
        click.echo(
            f"made anew from the files of {done.datasets:,} datasets; "
            f"the history is that of {printable(done.source)}, {done.source_at}"
        )
    for one in done.untold:
        click.echo(f"not known: {printable(one)}")
    if done.aside is not None:
        chosen.note(f"the old catalog is kept as {printable(done.aside)}")
    if done.found.damage:
        sys.stderr.write("what is damaged or missing is fetched by the next sync\n")
        _tell_first(done.found, "sync")


def _tell_first(report: VerifyReport, then: str) -> None:
    for one in report.damage:
        if one.first is not None:
            sys.stderr.write(f"{printable(one.path)}: {one.first}, and {then} again\n")


def _tell(report: VerifyReport, chosen: Settings, *, repaired: bool) -> None:
    for path in report.unknown:
        chosen.note(f"unknown: {printable(path)}")
    if report.more_unknown:
        chosen.note(f"unknown: {report.more_unknown:,} more")
    for one in report.damage:
        since = f"; last found good {one.verified_at}" if one.verified_at else ""
        what = f"{one.what}: {printable(one.path)}: {printable(one.detail)}{since}"
        click.echo(what if repaired else f"{what}; repair: {one.remedy}")
    if report.more_damage:
        click.echo(f"and {report.more_damage:,} more")
    damage = f"{report.ndamage:,} damaged or missing"
    found = damage if report.damage else "all as it was fetched"
    click.echo(f"{report.files:,} files, {decimal(report.bytes)} read: {found}")


def as_json(done: Verified | Rebuilt) -> dict[str, Any]:
    """Return a report as it is written with ``--json``."""
    told = asdict(done)
    for name in ("found", "left"):
        report = getattr(done, name, None)
        if report is not None:
            for one, damage in zip(told[name]["damage"], report.damage, strict=True):
                one["remedy"] = damage.remedy
    return {"exit_code": done.exit_code, **told}
