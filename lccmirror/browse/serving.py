"""Serving the catalog to one's own browser."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, Final

from ..errors import LocalError
from ..formats.lc_convert import library
from ..query.readonly import ReadOnlyCatalog, opening_error
from .app import datasette_for, only_for_hosts
from .metadata import metadata

LOOPBACK: Final = "127.0.0.1"
_OURSELVES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Listen on an address.

    Parameters
    ----------
    host
        A name or number of this machine's.
    port
        0 for any that is free.

    Raises
    ------
    LocalError
        If it is taken, or not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise LocalError(f"cannot listen on {host}: {error.strerror}") from error
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
        except OSError as error:
            raise LocalError(
                f"cannot listen on {host}, port {port}: {error.strerror}",
                hint="without --port, one that is free is taken"
                if port
                else "an address of this machine; without --host, only this machine can look",
            ) from error
        yield listener


def url_of(listener: socket.socket) -> str:
    """Return where a browser finds it."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def serve(
    catalog: ReadOnlyCatalog,
    listener: socket.socket,
    host: str,
    *,
    plugins: bool = False,
    ready: Callable[[], None] | None = None,
) -> None:
    """Show a catalog to browsers until the process is told to stop.

    Parameters
    ----------
    catalog
        Read once, for what Datasette is told of it.
    listener
        From `listening`.
    host
        The address it was made for.
    plugins
        Keep Datasette's plugins that are installed.
    ready
        Called when browsers can come.

    Raises
    ------
    LccMirrorError
        If Datasette is not installed.
    """
    uvicorn = library("uvicorn", "browse", "Browsing")
    try:
        told = metadata(catalog.connection)
    except sqlite3.Error as error:
        raise opening_error(error, catalog.path) from error
    datasette = datasette_for(catalog.path, told, plugins=plugins)
    app: Any = datasette.app()
    if host in _LOCAL:
        app = only_for_hosts(app, _OURSELVES)
    if ready is not None:
        ready()
    config = uvicorn.Config(app, log_level="warning", lifespan="on", access_log=False)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        for database in datasette.databases.values():
            database.close()
