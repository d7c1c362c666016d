"""`lccmirror browse`: the catalog in a browser."""

from __future__ import annotations

import contextlib

import click

from .commands import Command
from .needs import require_extras
from .settings import settings


@click.command(
    cls=Command,
    name="browse",
    examples=("lccmirror browse", "lccmirror browse --no-open --port 8001"),
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Listen on this port (one that is free).",
)
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    show_default=True,
    help="Listen on this address; on another than this, everyone who can reach it can read.",
)
@click.option("--no-open", is_flag=True, help="Do not open a browser; say the URL.")
@click.option("--plugins", is_flag=True, help="With the Datasette plugins that are installed.")
def command(port: int, host: str, no_open: bool, plugins: bool) -> None:
    """Open the catalog in a browser, with Datasette, read-only.

    Works while the daemon writes and after it, without permission to write. Tables and
    columns are explained in the server's own words, with units; full-text search and the
    cookbook's twenty questions are there to be asked. Ends with Ctrl-C. Other users of this
    machine can look at it, too, for as long as it runs.
    """
    from ..browse.serving import listening, serve, url_of
    from ..query import open_readonly

    chosen = settings()
    require_extras(["browse"])
    root = chosen.load(thorough=False).mirror.root
    with open_readonly(root) as catalog, listening(host, port) as listener:
        url = url_of(listener)

        def ready() -> None:
            click.echo(url)
            chosen.note("Ctrl-C ends it")
            if not no_open:
                _open(url)

        # The way to end it, not an accident.
        with contextlib.suppress(KeyboardInterrupt):
            serve(catalog, listener, host, plugins=plugins, ready=ready)


def _open(url: str) -> None:
    """Open a browser beside us: one that lives in the terminal would keep us from serving."""
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
