"""An offline mirror and sync daemon for LCC-Servers.

`open` gives Python programs what a mirror has: SQL, datasets, positions, light curves.
"""

from __future__ import annotations

# Not imported from `typing`: that takes longer than `lccmirror --version` may.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from . import errors as errors
    from .offline import Mirror as Mirror

__version__ = "0.1.0.dev0"
__all__ = ["Mirror", "__version__", "errors", "open"]


def open(  # noqa: A001 -- as gzip.open is: it is called lccmirror.open
    source: Path | str | None = None,
    *,
    files: Path | str | None = None,
    time_limit_s: float | None = None,
) -> Mirror:
    """Open a mirror for reading.

    Parameters
    ----------
    source
        The mirror's folder, its config file (``.toml``), or a catalog's file: a snapshot,
        say. None for the config that the command `lccmirror` finds: ``LCCMIRROR_CONFIG``,
        ``./lccmirror.toml``, the user's, the system's.
    files
        The mirror's folder, if `source` is a catalog's file that lies elsewhere: where its
        light curves are.
    time_limit_s
        How long a statement may take, in seconds; None for as long as it needs.

    Returns
    -------
    lccmirror.offline.Mirror

    Raises
    ------
    lccmirror.errors.MirrorUnusable
        If there is no mirror there, nothing has been mirrored yet, or it is not for us.
    lccmirror.errors.ConfigError
        If the config file is not there, or wrong.
    lccmirror.errors.CatalogTooNew
        If a newer lccmirror wrote it.

    Examples
    --------
    >>> import lccmirror
    >>> with lccmirror.open("lccmirror-demo") as mirror:
    ...     mirror.query("SELECT count(*) FROM datasets").one()
    (12,)
    """
    from .offline import Mirror
    from .offline.session import Session
    from .offline.source import find_catalog, no_database_told

    catalog = find_catalog(source, files=files, time_limit_s=time_limit_s)
    with no_database_told(catalog.path):
        return Mirror(Session(catalog))


def __getattr__(name: str) -> object:
    """Import what is not needed to open a mirror when somebody asks for it."""
    import importlib

    if name == "Mirror":
        return importlib.import_module(f"{__name__}.offline").Mirror
    if name == "errors":
        return importlib.import_module(f"{__name__}.errors")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
