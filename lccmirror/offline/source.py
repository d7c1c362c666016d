"""Which mirror is meant: a folder, a config file, or a catalog's file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ..catalog.connection import CATALOG_NAME
from ..config import FILE_NAME, find_config, load_config
from ..errors import Damaged, MirrorUnusable
from .reading import Catalog

_SQLITE = b"SQLite format 3\0"


def find_catalog(
    source: Path | str | None,
    *,
    files: Path | str | None = None,
    time_limit_s: float | None = None,
) -> Catalog:
    """Find the catalog that `source` means.

    Parameters
    ----------
    source
        As for `lccmirror.open`.
    files
        The mirror's folder, where a catalog does not lie in it.
    time_limit_s
        How long a statement may take.

    Raises
    ------
    MirrorUnusable
        If there is no mirror there.
    ConfigError
        If a config file is to be read, and is not there or wrong.
    """
    root = None if files is None else Path(files).expanduser().absolute()
    if source is None:
        path = _of_config(find_config(None, os.environ, Path.cwd()))
    else:
        path = _named(Path(source).expanduser().absolute())
    return Catalog(path, root or path.parent, time_limit_s)


def _named(path: Path) -> Path:
    if path.is_dir():
        config = path / FILE_NAME
        inside = path / CATALOG_NAME
        # as `lccmirror init` and `lccmirror demo` make it: the config, and the root below
        return _of_config(config) if config.is_file() and not inside.exists() else inside
    if path.suffix == ".toml":
        return _of_config(path)
    if not path.exists():
        raise MirrorUnusable(
            f"no mirror at {path}: no such file or folder",
            hint="name the mirror's folder, its config file, or a catalog or snapshot",
        )
    return path


def _of_config(config: Path) -> Path:
    return load_config(config, thorough=False).mirror.root / CATALOG_NAME


@contextlib.contextmanager
def no_database_told(path: Path) -> Iterator[None]:
    """Say of a file that somebody named, and that is no database at all, that it is none.

    It is looked at only when SQLite has refused it: POSIX takes all locks of a process on a
    file away when any descriptor of it is closed, and rows of a catalog may be being read.

    Parameters
    ----------
    path
        From `find_catalog`; opened in the block.

    Raises
    ------
    MirrorUnusable
        In place of `Damaged`, which a mirror's own catalog is.
    """
    try:
        yield
    except Damaged as error:
        if path.name == CATALOG_NAME or _begins_as_database(path):
            raise
        raise MirrorUnusable(
            f"{path} is neither a catalog nor a config file",
            hint="a config file's name ends in .toml; a catalog is an SQLite database",
        ) from error


def _begins_as_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE
