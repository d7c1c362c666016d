"""Datasette with our catalog in it, which can read and do nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, Final

from ..formats.lc_convert import library
from ..query.functions import add_functions
from ..query.guard import Guard
from .metadata import DATABASE

Asgi = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[Any]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    Awaitable[None],
]

SETTINGS: Final = {
    "sql_time_limit_ms": 10_000,
    "facet_time_limit_ms": 1_000,
    "max_returned_rows": 2_000,
    "allow_download": False,
    "default_cache_ttl": 0,
    "template_debug": False,
    "trace_debug": False,
    "num_sql_threads": 4,
}
"""Of Datasette. A catalog that is written is not downloaded as a file: `snapshot` does that."""


def datasette_for(catalog: Path, metadata: dict[str, Any], *, plugins: bool = False) -> Any:
    """Return a Datasette that shows a catalog.

    Parameters
    ----------
    catalog
        The file.
    metadata
        From `lccmirror.browse.metadata.metadata`.
    plugins
        Keep the plugins that happen to be installed beside Datasette.

    Raises
    ------
    LccMirrorError
        If Datasette is not installed.
    """
    app = library("datasette.app", "browse", "Browsing")
    if not plugins:
        _without_plugins()
    # It would print every mistake in somebody's SQL as a traceback with all local variables.
    library("datasette.handle_exception", "browse", "Browsing").rich = None
    # No folder and no file of settings: what lies in the working directory is not read.
    datasette = app.Datasette([], metadata=metadata, settings=dict(SETTINGS))
    datasette.remove_database("_memory")
    datasette.add_database(_catalog_database(datasette, catalog), name=DATABASE)
    return datasette


def only_for_hosts(app: Asgi, hosts: frozenset[str]) -> Asgi:
    """Let an application answer only requests for these hosts.

    A page of somebody else's, open in the same browser, could otherwise read the catalog
    through a name that it lets point to this machine.

    Parameters
    ----------
    hosts
        Without ports; ``[::1]`` with its brackets.
    """

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or _host(scope["headers"]) in hosts:
            await app(scope, receive, send)
            return
        body = b"lccmirror browse: not under this name\n"
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 421, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return guarded


def _host(headers: list[tuple[bytes, bytes]]) -> str:
    host = next((value for name, value in headers if name == b"host"), b"").decode("latin-1")
    return host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host


def _catalog_database(datasette: Any, catalog: Path) -> Any:
    """Return a database of Datasette's whose connections have our guard."""
    database = library("datasette.database", "browse", "Browsing")

    class CatalogDatabase(database.Database):  # type: ignore[misc, name-defined]  # an extra's class
        # Datasette's own connections need a path without ?, # and %, and have no authorizer.
        def connect(self, write: bool = False) -> sqlite3.Connection:
            connection = sqlite3.connect(
                catalog.absolute().as_uri() + "?mode=ro", uri=True, check_same_thread=False
            )
            connection.execute("PRAGMA query_only = ON")
            add_functions(connection)
            connection.set_authorizer(Guard())
            self._all_file_connections.append(connection)
            return connection

    return CatalogDatabase(datasette, path=str(catalog))


def _without_plugins() -> None:
    """Leave Datasette what is its own: others may write, publish or show what they like."""
    plugins = library("datasette.plugins", "browse", "Browsing")
    for name, plugin in plugins.pm.list_name_plugin():
        if plugin is not None and name not in plugins.DEFAULT_PLUGINS:
            plugins.pm.unregister(plugin)
