"""A folder of files that belong together: replaced as a whole, and nobody else's touched.

While there is a ``manifest.json`` in it, what that lists is there and belongs together.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from ..durable import flush_folder, write_file
from ..errors import InTheWay

MANIFEST: Final = "manifest.json"
_PREVIOUS: Final = ".previous.json"


def put_in_place(folder: Path, partial: Path, files: Sequence[str]) -> None:
    """Replace what an earlier export left in `folder` by what is ready in `partial`.

    Cut off in the middle there is no manifest, but still a list of what is ours.

    Parameters
    ----------
    folder
        Where it goes; other files in it are left alone.
    partial
        A folder below it, with the new files and their manifest, flushed.
    files
        Their paths below either, without the manifest.

    Raises
    ------
    InTheWay
        If a file that no earlier manifest lists has the name of a new one.
    """
    before = _files_of(folder / MANIFEST) | _files_of(folder / _PREVIOUS)
    for file in files:
        if file not in before and os.path.lexists(folder / file):
            raise InTheWay(
                f"{folder / file} is not of an earlier export",
                hint="move it away, or name another folder",
            )
    write_file(folder / _PREVIOUS, msgspec.json.encode({"files": sorted(before | set(files))}))
    (folder / MANIFEST).unlink(missing_ok=True)
    flush_folder(folder)
    for file in files:
        final = folder / file
        final.parent.mkdir(parents=True, exist_ok=True)
        (partial / file).replace(final)
    for file in sorted(before - set(files)):
        _remove(folder, file)
    for one in {folder, *((folder / file).parent for file in files)}:
        flush_folder(one)
    (partial / MANIFEST).replace(folder / MANIFEST)
    flush_folder(folder)
    (folder / _PREVIOUS).unlink()


def _remove(folder: Path, file: str) -> None:
    (folder / file).unlink(missing_ok=True)
    parent = (folder / file).parent
    while parent != folder and parent.is_relative_to(folder):
        try:
            parent.rmdir()
        except OSError:
            # Somebody else's files are in it.
            return
        parent = parent.parent


def _files_of(manifest: Path) -> set[str]:
    """Return the files that a manifest lists, within its folder; none if there is none."""
    try:
        listed: Any = msgspec.json.decode(manifest.read_bytes())
        files = msgspec.convert(listed["files"], list[str])
    except FileNotFoundError:
        return set()
    except (msgspec.MsgspecError, KeyError, TypeError):
        raise InTheWay(
            f"{manifest} is not of an earlier export", hint="name another folder"
        ) from None
    return {file for file in files if ".." not in Path(file).parts and file[:1] != "/"}
