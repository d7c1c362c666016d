"""The `lccmirror` command: its options, and the table of its subcommands."""

from __future__ import annotations

from typing import Final

import click

from .. import __version__
from .commands import LazyCommand, LazyGroup
from .settings import global_options

COMMANDS: Final = {
    "init": LazyCommand("cmd_init", "Write a commented config and make an empty mirror."),
    "config": LazyCommand("cmd_config", "Check the configuration."),
    "sync": LazyCommand("cmd_sync", "Fetch what is new: one full cycle."),
    "status": LazyCommand("cmd_status", "Tell what is here, what waits and what failed."),
    "search": LazyCommand("cmd_search", "Show, run and compare the saved searches."),
    "query": LazyCommand("cmd_query", "Ask the catalog in SQL, read-only."),
    "find": LazyCommand(
        "cmd_find", "Find words in datasets, collections, columns and objects."
    ),
    "object": LazyCommand("cmd_object", "Show everything that is known of an object."),
    "lc": LazyCommand("cmd_lc", "Show, write or plot a light curve."),
    "run": LazyCommand("cmd_run", "Keep the mirror up to date until told to stop: the daemon."),
    "cone": LazyCommand("cmd_cone", "Show the objects near a point of the sky, nearest first."),
    "xmatch": LazyCommand("cmd_xmatch", "Match a list of positions against the objects."),
    "verify": LazyCommand("cmd_verify", "Compare every byte of the mirror with the catalog."),
    "prune": LazyCommand("cmd_prune", "Apply the retention rules of the config."),
    "snapshot": LazyCommand("cmd_snapshot", "Copy the catalog into one file to take along."),
    "browse": LazyCommand("cmd_browse", "Open the catalog in a browser, with Datasette."),
    "export": LazyCommand("cmd_export", "Write the catalog as Parquet, for DuckDB and others."),
    "key": LazyCommand("cmd_key", "Show, import or renew the API key."),
    "install-service": LazyCommand("cmd_install_service", "Put the systemd units in place."),
    "demo": LazyCommand("cmd_demo", "Start a small LCC-Server and mirror it, to see it work."),
}
"""Command name → where it is and its line in ``lccmirror --help``, in the order shown."""

ALIASES: Final = {"sql": "query"}

_EXIT_CODES: Final = """\b
Exit codes:
    0  all is well
    1  something is left over, or failed
    2  wrong use of the command
   65  something in the mirror is damaged
   69  the server cannot be reached, or refuses
   70  a bug in lccmirror
   73  no room
   75  another lccmirror holds the mirror
   78  the configuration, or the mirror, cannot be used
  130  stopped by Ctrl-C; 143 by SIGTERM
  141  nobody reads the output any more
"""


@click.command(
    cls=LazyGroup,
    table=COMMANDS,
    aliases=ALIASES,
    name="lccmirror",
    params=global_options(hidden=False),
    epilog=_EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    examples=(
        "lccmirror init /srv/hat --url https://data.hatsurveys.org",
        "lccmirror -c /srv/hat/lccmirror.toml sync",
        "lccmirror query 'select count(*) from datasets'",
    ),
)
@click.version_option(__version__, message="lccmirror %(version)s")
def cli() -> None:
    """Keep a local, offline, verified copy of an LCC-Server, and ask it in SQL.

    The config file is the one given with --config, else $LCCMIRROR_CONFIG, else
    ./lccmirror.toml, else the one in the user's config folder, else
    /etc/lccmirror/config.toml.
    """
