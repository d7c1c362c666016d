"""Give a read-only catalog the functions ``lightcurve(…)`` and ``dataset(…)``."""

from __future__ import annotations

import sqlite3
from typing import Any

from .apsw_connection import ApswConnection, open_guarded
from .dataset_table import DatasetTable
from .functions import add_functions
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
    try:
        opened = open_guarded(catalog.path, catalog.guard, catalog.deadline)
    except sqlite3.Error as error:
        raise opening_error(error, catalog.path) from error
    inner = ApswConnection(opened.raw)
    files = LightCurveFiles(catalog.path.parent)
    # It does all that is asked of a connection here, though it is not of that class.
    replaced: Any = _Connection(
        opened.raw, (LightCurveTable(inner, files), DatasetTable(inner)), files
    )
    catalog.connection = replaced
    add_functions(catalog.connection)


class _Connection(FunctionConnection):
    """The connection and the light curves that it has open: closed together."""

    def __init__(self, raw: Any, functions: Any, files: LightCurveFiles) -> None:
        super().__init__(raw, functions)
        self._files = files

    def close(self) -> None:
        """Close both."""
        self._files.close()
        super().close()
