"""Give a read-only catalog the functions ``lightcurve(…)`` and ``dataset(…)``."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from .apsw_connection import ApswConnection, open_guarded
from .dataset_table import DatasetTable
from .functions import add_functions
from .guard import Deadline, Guard
from .lightcurve_table import LightCurveTable
from .lightcurves import LightCurveFiles
from .readonly import ReadOnlyCatalog, opening_error
from .table_functions import FunctionConnection


def has_functions() -> bool:
    """Tell whether what they need is installed: the extra ``sql``."""
    try:
        import apsw  # noqa: F401 (whether it is there)
    except ImportError:
        return False
    return True


def switch(catalog: ReadOnlyCatalog) -> None:
    """Replace the catalog's connection by one that has the functions, and the same guard.

    Parameters
    ----------
    catalog
        No statement may be running on it.

    Raises
    ------
    LccMirrorError
        If APSW is not installed.
    MirrorUnusable, Damaged, MirrorLocked
        As from `lccmirror.query.open_readonly`.
    """
    # First, because two copies of SQLite in a process must not have the same file open.
    catalog.connection.close()
    catalog.connection = connect_with_functions(
        catalog.path, catalog.root, catalog.guard, catalog.deadline
    )


def connect_with_functions(
    path: Path, root: Path, guard: Guard, deadline: Deadline
) -> sqlite3.Connection:
    """Connect to a catalog by APSW: to read only, from any thread, with the functions.

    Parameters
    ----------
    path
        The catalog. Python's `sqlite3` must not have it open in this process.
    root
        The folder below which the light curves are.
    guard, deadline
        As for `lccmirror.query.readonly.connect_guarded`.

    Returns
    -------
    sqlite3.Connection
        To be used like one, though it is not of that class.

    Raises
    ------
    LccMirrorError
        If APSW is not installed.
    MirrorUnusable, Damaged, MirrorLocked
        As from `lccmirror.query.open_readonly`.
    """
    try:
        raw = open_guarded(path, guard, deadline).raw
    except sqlite3.Error as error:
        raise opening_error(error, path) from error
    inner = ApswConnection(raw)
    files = LightCurveFiles(root)
    connection: Any = _Connection(
        raw, (LightCurveTable(inner, files), DatasetTable(inner)), files
    )
    add_functions(connection)
    opened: sqlite3.Connection = connection
    return opened


class _Connection(FunctionConnection):
    """The connection and the light curves that it has open: closed together."""

    def __init__(self, raw: Any, functions: Any, files: LightCurveFiles) -> None:
        super().__init__(raw, functions)
        self._files = files

    def close(self) -> None:
        """Close both."""
        self._files.close()
        super().close()
