"""Whose a folder is, where root would write: what root writes there is closed to its owner."""

from __future__ import annotations

import os
import pwd
from pathlib import Path


def is_root_abroad(status: os.stat_result, euid: int) -> bool:
    """Whether this is root in a folder that is another user's."""
    return euid == 0 and status.st_uid != 0


def nearest_folder(path: Path) -> Path:
    """Return `path` if it is a folder, else the nearest folder above it."""
    return next(one for one in (path, *path.absolute().parents) if one.is_dir())


def owner_told(status: os.stat_result) -> tuple[str, str]:
    """Return whose something is, in words, and a hint how root does its work as that user."""
    try:
        owner = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        return f"the user {status.st_uid}", "run it as that user"
    return owner, f"run it as that user: runuser -u {owner} -- lccmirror …"
