"""`lccmirror run`: the daemon."""

from __future__ import annotations

import logging
import os
import sys
from functools import partial

import click

from ..errors import LccMirrorError
from ..names import printable
from .commands import Command
from .settings import settings

log = logging.getLogger(__name__)


@click.command(
    cls=Command,
    name="run",
    examples=("lccmirror run", "lccmirror run --log-json 2>> /var/log/lccmirror.json"),
)
@click.option("--log-json", is_flag=True, help="Log JSON objects, one a line, for collectors.")
def command(log_json: bool) -> None:
    """Keep the mirror up to date until told to stop: the daemon.

    It polls, fetches, repeats saved searches, renews the key, and verifies a part of the
    mirror each night, as the config says. While it runs, `sync`, `search run`, `key renew`,
    `verify` and `prune` are done by it.

    It stays in the foreground and logs to stderr: for the journal when that is where stderr
    goes, else for people. SIGTERM or Ctrl-C: stop within 10 seconds and keep what has come;
    a second one: at once. SIGHUP: read the config again. SIGUSR1: sync now.
    """
    from ..daemon.logs import Style, last_line, logging_to
    from ..daemon.notify_systemd import under_systemd
    from ..daemon.process import run_daemon

    chosen = settings()
    journal = under_systemd(os.environ, 2)
    style: Style = "json" if log_json else "journal" if journal else "terminal"
    with logging_to(sys.stderr, style, debug=chosen.debug):
        try:
            code = run_daemon(chosen.load(), chosen.load, last_line=partial(last_line, style))
        except LccMirrorError as error:
            if style == "terminal":
                raise
            # Whoever reads lines reads this one too, with its priority.
            for line in (*error.message.splitlines(), *filter(None, [error.hint])):
                log.error("%s", printable(line))  # noqa: TRY400 -- a reason, no traceback
            code = error.exit_code
    raise click.exceptions.Exit(code)
