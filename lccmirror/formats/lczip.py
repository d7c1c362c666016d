"""Checking a dataset's light-curve ZIP: every byte of every member, and trusting none.

The server writes the ZIP with members stored, named ``<collection_id>-<objectid>-csvlc.gz``,
and ``lczip-manifest.json`` as the last: a list of ``<objectid>-csvlc.gz``, with `` missing``
behind those that it could not make. An object that a cross-match found twice is in it
twice, under the same name with the same bytes.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

from .. import foreign_json
from ..names import printable
from .problems import Problems
from .zip_directory import ZipEntry, find_directory, read_directory
from .zip_members import DEFLATED, STORED
from .zip_threads import check_members

MANIFEST = "lczip-manifest.json"
_MISSING = " missing"
_ENCRYPTED = 1 | 1 << 6 | 1 << 13
_MAX_NAME = 255
_BUFFER = 1 << 16
_TELL = 1 << 20


@dataclass(frozen=True, slots=True)
class ZipLimits:
    """How much a ZIP may ask of us.

    Parameters
    ----------
    max_members
        Twice what an anonymous dataset can have, by default.
    max_expanded
        Bytes of all members together.
    max_ratio
        Expanded to packed, of one member.
    max_manifest
        Bytes of the manifest.
    """

    max_members: int = 200_000
    max_expanded: int = 1 << 40
    max_ratio: int = 1000
    max_manifest: int = 16 << 20


class ZipMember(NamedTuple):
    """A member that was read whole and has its CRC; `offset` is that of its local header."""

    name: str
    size: int
    crc32: int
    offset: int


@dataclass(frozen=True, slots=True)
class ZipReport:
    """What a ZIP holds.

    Parameters
    ----------
    members
        Those without a problem, in the file's order, each name once, without the manifest.
    manifest
        The manifest's entries as they are, None if there is none.
    missing
        Names (``<objectid>-csvlc.gz``) that the manifest says could not be made.
    repeated
        Names that the ZIP has again with the same bytes.
    problems
        Why it is not as it should be; empty for a sound ZIP.
    """

    members: tuple[ZipMember, ...]
    manifest: tuple[str, ...] | None
    missing: tuple[str, ...]
    repeated: tuple[str, ...]
    problems: tuple[str, ...]


def check_lczip(
    path: Path,
    limits: ZipLimits | None = None,
    progress: Callable[[int], None] | None = None,
    stop: Callable[[], bool] | None = None,
    *,
    threads: int | None = None,
) -> ZipReport:
    """Read the ZIP at `path` whole and report on it.

    Memory does not grow with the size of the file or of a member; it does, by some 300
    bytes each, with the number of members.

    Parameters
    ----------
    path
        The file.
    limits
        See `ZipLimits`. A ZIP beyond them is a problem and not read further.
    progress
        Called with the number of bytes passed since the last call.
    stop
        Asked at least once a mebibyte whether to give up, perhaps by another thread.
    threads
        How many check its members; None for as many as are worth it.

    Raises
    ------
    FormatError
        If it is no ZIP, or its directory is damaged, with the place.
    Stopped
        If `stop` said so.
    """
    limits = limits or ZipLimits()
    with path.open("rb", buffering=0) as raw, BufferedReader(raw, _BUFFER) as file:
        directory = find_directory(file, path.name)
        if directory.count > limits.max_members:
            return _refused(f"{directory.count} members; the limit is {limits.max_members}")
        problems = Problems()
        entries, repeated = _acceptable(
            read_directory(file, directory, path.name), limits, problems
        )
        if sum(entry.size for entry in entries) > limits.max_expanded:
            return _refused(f"expands to more than {limits.max_expanded} bytes")
        # the server's are in this order already, and sort() sees that at once
        entries.sort(key=_offset)
        members: dict[str, ZipMember] = {}
        manifest: bytes | None = None
        passed = 0

        def keep(entry: ZipEntry) -> bool:
            return entry.name == MANIFEST and entry.size <= limits.max_manifest

        checked = check_members(
            file.fileno(), entries, directory.offset, keep, stop or _never, threads=threads
        )
        with contextlib.closing(checked):
            for entry, end, content, error in checked:
                if error is not None:
                    problems.add(_about(entry, error.message))
                    continue
                passed += end - entry.offset
                if passed >= _TELL and progress is not None:
                    progress(passed)
                    passed = 0
                if entry.name == MANIFEST:
                    manifest = content
                    if content is None:
                        problems.add(_about(entry, f"longer than {limits.max_manifest} bytes"))
                else:
                    # of a repeated name, which has passed the same checks, the first is listed
                    members.setdefault(
                        entry.name, ZipMember(entry.name, entry.size, entry.crc32, entry.offset)
                    )
    listed = _listed(manifest, limits, problems)
    return ZipReport(
        members=tuple(members.values()),
        manifest=listed,
        missing=_compared(listed, members, problems),
        repeated=repeated,
        problems=tuple(problems),
    )


def _refused(problem: str) -> ZipReport:
    return ZipReport((), None, (), (), (problem,))


def _offset(entry: ZipEntry) -> int:
    return entry.offset


def _never() -> bool:
    return False


def _about(entry: ZipEntry, what: str) -> str:
    return f"member {printable(entry.name, 100)} at byte {entry.offset}: {what}"


def _acceptable(
    entries: Iterable[ZipEntry], limits: ZipLimits, problems: Problems
) -> tuple[list[ZipEntry], tuple[str, ...]]:
    """Return the entries worth reading, and the names that come more than once."""
    accepted: list[ZipEntry] = []
    first: dict[str, tuple[int, int]] = {}
    repeated: dict[str, None] = {}
    for entry in entries:
        why = _refusal(entry, limits)
        if why is None:
            content = (entry.size, entry.crc32)
            if entry.name not in first:
                first[entry.name] = content
            elif first[entry.name] == content:
                repeated[entry.name] = None
            else:
                why = "a second member of this name, with other content"
        if why is None:
            accepted.append(entry)
        else:
            problems.add(_about(entry, why))
    return accepted, tuple(repeated)


def _refusal(entry: ZipEntry, limits: ZipLimits) -> str | None:
    name = entry.name
    if not name or len(entry.raw_name) > _MAX_NAME or not name.isprintable():
        return "not a usable name"
    if "/" in name or "\\" in name or name in (".", "..") or name[1:2] == ":":
        return "its name is a path"
    if stat.S_IFMT(entry.mode) not in (0, stat.S_IFREG):
        return "not a regular file"
    if entry.flags & _ENCRYPTED:
        return "encrypted"
    if entry.method == STORED:
        return None if entry.packed == entry.size else "stored, but its sizes differ"
    if entry.method != DEFLATED:
        return f"packed by method {entry.method}, which is neither stored nor deflated"
    if entry.size > limits.max_ratio * max(entry.packed, 1):
        return f"expands more than {limits.max_ratio}-fold"
    return None


def _listed(
    manifest: bytes | None, limits: ZipLimits, problems: Problems
) -> tuple[str, ...] | None:
    if manifest is None:
        return None
    # Each value takes some hundred bytes of memory, however short it is written.
    most = 2 * limits.max_members
    if manifest.count(b",") >= most:
        problems.add(f"{MANIFEST} has more than {most} entries")
        return None
    try:
        listed = foreign_json.load(manifest)
    except ValueError as error:
        problems.add(f"{MANIFEST} is not JSON: {error}")
        return None
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        problems.add(f"{MANIFEST} is not a list of names")
        return None
    return tuple(listed)


def _compared(
    listed: tuple[str, ...] | None, members: Iterable[str], problems: Problems
) -> tuple[str, ...]:
    """Compare the manifest with the members, and return what it says is missing."""
    if listed is None:
        return ()
    missing = tuple(name.removesuffix(_MISSING) for name in listed if name.endswith(_MISSING))
    expected = {name: False for name in listed if not name.endswith(_MISSING)}
    for member in members:
        found = False
        at = 0
        # what the manifest calls it: collection IDs and objects both have "-"
        while True:
            name = member[at:]
            if name in expected:
                expected[name] = found = True
            at = member.find("-", at) + 1
            if not at:
                break
        if not found:
            problems.add(f"member {printable(member, 100)} is not in the manifest")
    for name, seen in expected.items():
        if not seen:
            problems.add(f"{printable(name, 100)} is in the manifest, but not in the ZIP")
    return missing
