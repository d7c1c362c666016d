"""What is done to a mirror's files behind its back, and what must not be touched by it."""

from __future__ import annotations

import os
import shutil
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from random import Random


class Canary:
    """A folder beside the mirror, of which nothing may change.

    Parameters
    ----------
    folder
        Where it is made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "outside"
        self.file = self.folder / "precious"
        self.nowhere = folder / "nowhere"
        (self.folder / "inner").mkdir(parents=True)
        self.file.write_bytes(b"precious" * 999)
        (self.folder / "inner" / "dataset.csv").write_bytes(b"also precious")
        (self.folder / "executable").write_bytes(b"#!/bin/false\n")
        (self.folder / "executable").chmod(0o700)
        self._before = self._seen()

    def changed(self) -> list[str]:
        """Return what is not as it was."""
        now = self._seen()
        names = [
            name
            for name in self._before.keys() | now.keys()
            if self._before.get(name) != now.get(name)
        ]
        if os.path.lexists(self.nowhere):
            names.append(self.nowhere.name)
        return sorted(names)

    def _seen(self) -> dict[str, tuple[int, float, bytes]]:
        seen = {}
        for one in (self.folder, *self.folder.rglob("*")):
            status = one.lstat()
            content = one.read_bytes() if stat.S_ISREG(status.st_mode) else b""
            # The time of a folder tells of a file that came and went.
            seen[one.relative_to(self.folder).as_posix()] = (
                status.st_mode,
                status.st_mtime,
                content,
            )
        return seen


Damage = Callable[[Path, Canary, Random], None]


def remove(path: Path, canary: Canary, random: Random) -> None:
    """Remove a file, or a folder with all in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _truncate(path: Path, canary: Canary, random: Random) -> None:
    os.truncate(path, random.randrange(max(1, path.stat().st_size)))


def _empty(path: Path, canary: Canary, random: Random) -> None:
    os.truncate(path, 0)


def _flip(path: Path, canary: Canary, random: Random) -> None:
    """Change one bit, and neither length nor times: what a bad disk does."""
    status = path.stat()
    content = bytearray(path.read_bytes())
    if content:
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
        path.write_bytes(content)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _grow(path: Path, canary: Canary, random: Random) -> None:
    with path.open("ab") as file:
        file.write(random.randbytes(random.choice((1, 4096))))


def _zero_end(path: Path, canary: Canary, random: Random) -> None:
    """Zeros in place of the end: what is left of blocks that were never written."""
    size = path.stat().st_size
    os.truncate(path, size - size // 3)
    os.truncate(path, size)


def _age(path: Path, canary: Canary, random: Random) -> None:
    """Other times and another mode, the same bytes."""
    os.utime(path, (0, random.choice((0, -(10**9), 4 * 10**9))))
    path.chmod(0o444)


def _link_outside(path: Path, canary: Canary, random: Random) -> None:
    inside = path.is_dir()
    remove(path, canary, random)
    path.symlink_to(canary.folder if inside else canary.file)


def _link_to_nowhere(path: Path, canary: Canary, random: Random) -> None:
    remove(path, canary, random)
    path.symlink_to(canary.nowhere)


def _link_to_itself(path: Path, canary: Canary, random: Random) -> None:
    remove(path, canary, random)
    path.symlink_to(path)


def _second_name(path: Path, canary: Canary, random: Random) -> None:
    """Make it one file with a precious one: whoever writes into it, writes into both."""
    remove(path, canary, random)
    path.hardlink_to(canary.file)


def _other_product(path: Path, canary: Canary, random: Random) -> None:
    """Make it one file with another product of the mirror."""
    root = next(one for one in path.parents if one.name == "mirror")
    others = [one for one in sorted(root.glob("datasets/*/*/*")) if one.is_file()]
    remove(path, canary, random)
    other = random.choice([one for one in others if one.exists()] or [canary.file])
    path.hardlink_to(other)


def _folder(path: Path, canary: Canary, random: Random) -> None:
    remove(path, canary, random)
    path.mkdir()
    if random.randrange(2):
        (path / "something").write_bytes(b"of a person")


def _file(path: Path, canary: Canary, random: Random) -> None:
    remove(path, canary, random)
    path.write_bytes(b"of a person")


def _fifo(path: Path, canary: Canary, random: Random) -> None:
    remove(path, canary, random)
    os.mkfifo(path)


def _socket(path: Path, canary: Canary, random: Random) -> None:
    remove(path, canary, random)
    # A socket's address is short, and a mirror's path need not be.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(f"/proc/self/fd/{folder}/{path.name[-40:]}")
        (path.parent / path.name[-40:]).rename(path)
    finally:
        os.close(folder)


def _device(path: Path, canary: Canary, random: Random) -> None:
    """A device that takes everything and gives nothing, where one may be made."""
    remove(path, canary, random)
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        os.mkfifo(path)


DAMAGES: dict[str, Damage] = {
    "removed": remove,
    "truncated": _truncate,
    "emptied": _empty,
    "bit flipped": _flip,
    "grown": _grow,
    "zeros at its end": _zero_end,
    "given other times": _age,
    "one file with a precious one": _second_name,
    "one file with another product": _other_product,
}
"""What can happen to a file; it stays one, or goes."""

OBSTACLES: dict[str, Damage] = {
    "a link to the outside": _link_outside,
    "a link to nowhere": _link_to_nowhere,
    "a link to itself": _link_to_itself,
    "a folder": _folder,
    "a pipe": _fifo,
    "a socket": _socket,
    "a device": _device,
}
"""What can be put in the place of a file."""

OF_FOLDERS: dict[str, Damage] = {
    "removed": remove,
    "a link to the outside": _link_outside,
    "a link to nowhere": _link_to_nowhere,
    "a file": _file,
    "a pipe": _fifo,
}
"""What can happen to a folder."""


def clear_way(path: Path) -> None:
    """Move away what was put in the place of a file or a folder, as a person is told to."""
    if not os.path.lexists(path):
        return
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
