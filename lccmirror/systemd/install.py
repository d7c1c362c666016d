"""Put the units in place, and never over what somebody has changed by hand.

Each file is written with a last line that has the hash of all others: a file that fits its
last line is as we wrote it, perhaps by an older version, and may be replaced.
"""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from ..durable import make_folder, write_file
from ..errors import UsageError

PLACES: Final[Mapping[str, str]] = {
    "lccmirror@.service": "/etc/systemd/system/lccmirror@.service",
    "lccmirror-sync@.service": "/etc/systemd/system/lccmirror-sync@.service",
    "lccmirror-sync@.timer": "/etc/systemd/system/lccmirror-sync@.timer",
    "lccmirror.sysusers.conf": "/etc/sysusers.d/lccmirror.conf",
    "lccmirror.tmpfiles.conf": "/etc/tmpfiles.d/lccmirror.conf",
}
"""The files in this folder, and where they go."""

_PACKAGED_EXECUTABLE = "ExecStart=/usr/bin/lccmirror "
_SEAL = "# as lccmirror install-service wrote it, unless this is wrong: sha256 "
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9_.,:+@/-]+")
# What the units' ProtectHome= and PrivateTmp= hide from the service.
_HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108 -- names, not used
_MODE = 0o644


class Action(enum.Enum):
    """What becomes of one file."""

    WRITTEN = "written"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    REPLACED = "replaced"


@dataclass(frozen=True)
class Placed:
    """A file, where it goes, and what becomes of it.

    Attributes
    ----------
    saved_as
        Where the file that somebody had changed is kept, if it was replaced.
    """

    name: str
    path: Path
    action: Action
    saved_as: Path | None = None


def packaged(name: str) -> str:
    """Return one of the files as it is shipped."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def render(name: str, executable: Path) -> str:
    """Return one of the files as it is installed: with the executable, and sealed."""
    text = packaged(name).replace(_PACKAGED_EXECUTABLE, f"ExecStart={executable} ")
    return f"{text}{_SEAL}{_digest(text)}\n"


def install(
    executable: Path,
    *,
    prefix: Path = Path("/"),
    dry_run: bool = False,
    overwrite: bool = False,
) -> list[Placed]:
    """Put the units, the user and the folders in place.

    Parameters
    ----------
    executable
        The absolute path of the command that the units start.
    prefix
        Put in front of every place, as packagers do.
    dry_run
        Only find out what would become of each file.
    overwrite
        Replace files that somebody has changed, too; those are kept beside.

    Raises
    ------
    UsageError
        If the service could not start the executable.
    """
    check_executable(executable)
    placed = []
    for name, place in PLACES.items():
        path = prefix / place.lstrip("/")
        content = render(name, executable)
        one = _decide(name, path, content, overwrite=overwrite)
        placed.append(one)
        if dry_run or one.action in (Action.UNCHANGED, Action.KEPT):
            continue
        make_folder(path.parent, mode=0o755)
        if one.saved_as is not None:
            write_file(one.saved_as, path.read_bytes(), mode=_MODE)
        write_file(path, content.encode(), mode=_MODE)
    return placed


def check_executable(executable: Path) -> None:
    """Make sure that a unit can name an executable, and the service start it.

    Raises
    ------
    UsageError
        If not, saying why.
    """
    if not _PLAIN_PATH.fullmatch(str(executable)):
        raise UsageError(
            f"systemd would read the path of the command otherwise: {executable}",
            hint="install lccmirror under a plain path such as /opt/lccmirror",
        )
    for hidden in _HIDDEN:
        if executable.is_relative_to(hidden):
            raise UsageError(
                f"the service cannot see {executable}: {hidden} is hidden from it",
                hint="install lccmirror elsewhere (python3 -m venv /opt/lccmirror), or name "
                "the command of that installation with --executable",
            )


def _decide(name: str, path: Path, content: str, *, overwrite: bool) -> Placed:
    try:
        there = path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return Placed(name, path, Action.WRITTEN)
    if there == content:
        return Placed(name, path, Action.UNCHANGED)
    if _is_ours(there):
        return Placed(name, path, Action.UPDATED)
    if overwrite:
        return Placed(name, path, Action.REPLACED, path.with_name(f"{path.name}.old"))
    return Placed(name, path, Action.KEPT)


def _is_ours(text: str) -> bool:
    """Whether a file is as some version of us wrote it."""
    lines = text.splitlines(keepends=True)
    return bool(lines) and lines[-1] == f"{_SEAL}{_digest(''.join(lines[:-1]))}\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
