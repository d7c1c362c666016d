"""`lccmirror status`: the mirror on one screen."""

from __future__ import annotations

import click

from .commands import Command
from .settings import settings
from .status_told import show


@click.command(
    cls=Command,
    name="status",
    examples=("lccmirror status", "lccmirror status --json | jq .datasets"),
)
@click.option("--json", "as_json", is_flag=True, help="All of it as one JSON object.")
def command(as_json: bool) -> None:
    """Tell what is here, what waits, what failed and what is next.

    It only reads the catalog: the server is not asked, and it works beside a running
    lccmirror and without write permission.
    """
    show(settings(), as_json=as_json)
