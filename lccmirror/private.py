"""Reading a file that holds a secret: nobody else may be able to read it or to swap it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .credentials import is_credential
from .errors import ConfigError
from .owners import owner_told

ITS_GROUP = "its group"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_private(path: Path, largest: int, *, what: str, links: bool = True) -> bytes:
    """Read a file that only its owner may read; all is asked of the open file.

    Parameters
    ----------
    path
        The file.
    largest
        No more bytes than this are read.
    what
        What it is, for messages: ``API key file``.
    links
        Whether `path` may be a symbolic link: to be ours, or root's.

    Raises
    ------
    ConfigError
        If others can read it, it belongs to somebody else, or it is no plain file.
    OSError
        If it cannot be read.
    """
    if path.is_symlink():
        if not links:
            raise ConfigError(
                f"the {what} {path} is a symbolic link",
                hint="something put it there; remove it",
            )
        if owner_trouble(path.lstat()):
            raise ConfigError(f"the {what} {path} is somebody else's symbolic link")
    # A FIFO in its place would let us wait for ever.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags if links else flags | os.O_NOFOLLOW), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError(f"the {what} {path} is no plain file")
        mode = stat.S_IMODE(status.st_mode)
        if mode & _OTHERS and not is_credential(path):
            raise ConfigError(
                f"others can read the {what} {path} (mode {mode:04o})",
                hint=f"chmod 600 {path}",
            )
        if owner_trouble(status):
            # Root is not to take it from the service that it belongs to.
            hint = owner_told(status)[1] if os.geteuid() == 0 else None
            raise ConfigError(
                f"the {what} {path} belongs to another user, who can read and change it",
                hint=hint or f"chown {os.geteuid()} {path}, or a copy of your own, mode 0600",
            )
        return file.read(largest)


def owner_trouble(status: os.stat_result) -> bool:
    """Whether a file is neither this user's nor root's."""
    return status.st_uid not in (os.geteuid(), 0)


def check_private_folder(folder: Path, what: str) -> None:
    """Make sure that nobody else can put files into a folder.

    Raises
    ------
    ConfigError
        If somebody can.
    """
    status = folder.stat()
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(
            f"others can write to the folder of {what}: {folder}", hint=f"chmod 700 {folder}"
        )
    if owner_trouble(status):
        raise ConfigError(f"the folder of {what} belongs to another user: {folder}")


def who_else_writes(status: os.stat_result) -> str | None:
    """Say who but this user and root may write to a file or folder; None if nobody.

    A group that is its owner's own, as most systems make one for every user, is nobody else.
    """
    if owner_trouble(status):
        return "another user, who owns it"
    if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
        return "everybody"
    if status.st_mode & stat.S_IWGRP and not _is_own_group(status):
        return ITS_GROUP
    return None


def _is_own_group(status: os.stat_result) -> bool:
    # Only where a group may write: looking users up can ask a server.
    import grp
    import pwd

    try:
        owner = pwd.getpwuid(status.st_uid)
        group = grp.getgrgid(status.st_gid)
    except KeyError:
        return False
    return (
        owner.pw_gid == group.gr_gid
        and owner.pw_name == group.gr_name
        and set(group.gr_mem) <= {owner.pw_name}
    )
