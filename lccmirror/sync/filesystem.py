"""Whether a folder can hold a mirror: local, writable, with room."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..errors import MirrorUnusable, NoRoom
from ..owners import is_root_abroad, nearest_folder, owner_told

MOUNTS = Path("/proc/self/mountinfo")
# How mountinfo writes a blank, a tab, a newline and a backslash.
_OCTAL = re.compile(r"\\([0-7]{3})")

# SQLite's WAL needs shared memory and its locks POSIX locks that work.
NETWORK_FILESYSTEMS = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "coda", "9p"),
        *("ceph", "glusterfs", "fuse.glusterfs", "lustre", "beegfs", "gpfs", "ocfs2", "gfs2"),
        *("fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.davfs", "davfs", "fuse.curlftpfs"),
    )
)


def filesystem_type(folder: Path, mountinfo: str) -> str | None:
    """Return the type of the filesystem that holds `folder`, from Linux's mountinfo text."""
    best, found = -1, None
    for line in mountinfo.splitlines():
        fields = line.split()
        try:
            point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4])
            kind = fields[fields.index("-") + 1]
        except (IndexError, ValueError):
            continue
        # The last of equally long mount points is the one on top.
        if folder.is_relative_to(point) and len(point) >= best:
            best, found = len(point), kind
    return found


def check_folder(root: Path, mounts: Path = MOUNTS) -> None:
    """Make sure that `root` can hold a mirror.

    Raises
    ------
    MirrorUnusable
        If it is a file, not writable, on a network filesystem, or in another user's folder
        while this is root.
    """
    if root.exists() and not root.is_dir():
        raise MirrorUnusable(
            f"{root} is not a folder",
            hint="name a folder as [mirror] root in the configuration",
        )
    existing = nearest_folder(root)
    if not os.access(existing, os.W_OK | os.X_OK):
        raise MirrorUnusable(
            f"{existing} is not writable for this user",
            hint="run as the user who owns the mirror, or change its permissions",
        )
    require_own(existing, existing.stat(), os.geteuid())
    if mounts.exists():
        kind = filesystem_type(existing.resolve(), mounts.read_text("utf-8", "surrogateescape"))
        if kind in NETWORK_FILESYSTEMS:
            raise MirrorUnusable(
                f"{root} is on a network filesystem ({kind}), where SQLite's locks do not work",
                hint="put the mirror on a local disk; others can read it from there",
            )


def require_own(folder: Path, status: os.stat_result, euid: int) -> None:
    """Make sure that root does not write a mirror in somebody else's folder.

    What root writes is root's, and closed to the mirror's user, whose next run then fails.

    Parameters
    ----------
    folder
        The mirror's, or what is to hold it.
    status
        What `os.stat` tells of it.
    euid
        Who is about to write.

    Raises
    ------
    MirrorUnusable
        If that is root, and the folder is another user's.
    """
    if is_root_abroad(status, euid):
        owner, hint = owner_told(status)
        raise MirrorUnusable(
            f"{folder} belongs to {owner}: the mirror that root writes there is closed to them",
            hint=hint,
        )


@dataclass(frozen=True)
class Room:
    """How much the mirror may still grow.

    Attributes
    ----------
    min_free
        Bytes that must stay free on the disk.
    max_bytes
        Bytes that all mirrored files may take together, or None.
    """

    root: Path
    min_free: int
    max_bytes: int | None

    def check(
        self, what: str, whole: int, on_hand: int = 0, *, promised: int = 0, mirrored: int
    ) -> None:
        """Make sure that a file fits.

        Parameters
        ----------
        what
            Its name, for the message.
        whole
            Bytes of all of it.
        on_hand
            Bytes of it that are on the disk already.
        promised
            Bytes that others are about to put on the disk.
        mirrored
            Bytes of all other files, as `max_bytes` counts.

        Raises
        ------
        NoRoom
            If it does not.
        """
        free = max(0, shutil.disk_usage(self.root).free - promised)
        wanted = whole - on_hand
        if free - wanted < self.min_free:
            raise NoRoom(
                f"no room for {what}: {wanted:,} bytes wanted, {free:,} free, "
                f"{self.min_free:,} must stay free (mirror.min_free)",
                hint="free some space on the disk, or lower mirror.min_free",
            )
        if self.max_bytes is not None and mirrored + whole > self.max_bytes:
            raise NoRoom(
                f"no room for {what}: {whole:,} bytes wanted, the mirror holds {mirrored:,} "
                f"of {self.max_bytes:,} allowed (mirror.max_bytes)",
                hint="raise mirror.max_bytes, or narrow [select]",
            )
