"""What the server told of an object, read from the mirror; and its pictures as files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import Damaged, FormatError
from ..formats.object_info import Period, read_object_file
from ..formats.object_pictures import find_pictures
from .new_file import new_file, real_path, require_not_ours, room_in
from .readonly import ReadOnlyCatalog, no_permission
from .run import run_query

_TOLD: Final = """
SELECT state, asked_at, not_before AS next_try, last_error, fetched_at, objectisvar, vartags,
       objecttags, comments, period, epoch, xmatch, neighbors, problems, info, path,
       finderchart, magseries
FROM object_info WHERE collection = ? AND objectid = ?
"""
_PERIODS: Final = """
SELECT method, rank, period, epoch FROM object_periods
WHERE collection = ? AND objectid = ? ORDER BY method, rank
"""


@dataclass(frozen=True)
class Told:
    """What the server told of an object.

    Parameters
    ----------
    state
        How it ended when it was last asked: ``ok``, ``missing``, ``refused``, ``failed``.
    asked_at, next_try, last_error
        When that was; and if it was in vain, when it is tried again, and why.
    fetched_at
        When the rest came; None if nothing ever did.
    objectisvar, vartags, objecttags, comments, period, epoch, neighbors
        As in the table ``object_info``.
    xmatch, info
        Decoded JSON.
    problems
        What was odd about it.
    path, finderchart, magseries
        Its files, below the mirror's root.
    periods
        Of all methods.
    """

    state: str
    asked_at: str
    next_try: str | None
    last_error: str | None
    fetched_at: str | None
    objectisvar: int | None
    vartags: str | None
    objecttags: str | None
    comments: str | None
    period: float | None
    epoch: float | None
    xmatch: Any
    neighbors: int | None
    problems: tuple[str, ...]
    info: Any
    path: str | None
    finderchart: str | None
    magseries: str | None
    periods: tuple[Period, ...]

    def pictures(self) -> tuple[str, ...]:
        """Return the names of all its pictures, in alphabetical order."""
        found: list[str] = []
        waiting = [self.info]
        while waiting:
            one = waiting.pop()
            if isinstance(one, dict) and isinstance(one.get("picture"), str):
                found.append(one["picture"])
            elif isinstance(one, dict | list):
                waiting.extend(one.values() if isinstance(one, dict) else one)
        return tuple(sorted(found))


def told_of(catalog: ReadOnlyCatalog, collection: str, objectid: str) -> Told | None:
    """Return what the server told of an object; None if it was never asked.

    Parameters
    ----------
    catalog
        From `lccmirror.query.open_readonly`.
    collection, objectid
        The object.
    """
    result = run_query(catalog, _TOLD, (collection, objectid))
    row = next(result.rows, None)
    if row is None:
        return None
    # Our own tables, so types are those of the schema.
    facts: dict[str, Any] = dict(zip(result.columns, row, strict=True))
    periods: Any = run_query(catalog, _PERIODS, (collection, objectid)).rows
    for name in ("xmatch", "problems", "info"):
        facts[name] = None if facts[name] is None else json.loads(facts[name])
    facts["problems"] = tuple(facts["problems"] or ())
    return Told(**facts, periods=tuple(Period(*one) for one in periods))


def write_pictures(
    root: Path, told: Told, folder: Path, prefix: str, *, max_bytes: int, max_pixels: int
) -> list[Path]:
    """Write all pictures that the server told of an object into a folder, as PNG.

    Parameters
    ----------
    root
        The mirror's folder.
    told
        From `told_of`.
    folder
        Made if it is not there; files of the same names are replaced. Not one of the mirror's
        own.
    prefix
        What the files' names begin with.
    max_bytes, max_pixels
        ``limits.max_object_info`` and ``limits.max_pixels``.

    Returns
    -------
    list of Path
        The files; what is no sound picture is left out (`Told.problems` has it).

    Raises
    ------
    Damaged
        If the mirror's file is gone or broken.
    UsageError
        If the folder is the mirror's own.
    MirrorUnusable
        If this user may not read the mirror's file.
    """
    if told.path is None:
        return []
    require_not_ours(real_path(folder), root)
    try:
        answer = read_object_file(root / told.path, max_bytes)
    except PermissionError as error:
        raise no_permission(root / told.path) from error
    except (FormatError, FileNotFoundError) as error:
        what = error.message if isinstance(error, FormatError) else "it is not there"
        raise Damaged(
            f"{told.path}: {what}", hint="run `lccmirror verify --repair` to have it again"
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for picture in find_pictures(answer):
        try:
            content, _ = picture.decoded(max_pixels)
        except FormatError:
            continue
        target = new_file(folder / f"{prefix}-{picture.name}.png", root, force=True)
        with room_in(folder), target.temporary() as temporary:
            temporary.write_bytes(content)
            target.put_in_place(temporary)
        written.append(target.path)
    return written
