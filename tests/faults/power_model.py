"""What a power cut may leave of a run: one of many disks that fit its `journal`.

The model, harsher than the filesystems that we know:

- The bytes of a file are on the disk for good once it was flushed (``fsync``). Of what was
  written since, there may be nothing, a part, all of it, or blocks of zeros in its place.
- A name (made, renamed, linked, removed) is for good once its folder was flushed. Until
  then each change of names may be there or not, whatever became of the ones before it.
- A rename is one change. Flushing the new name's folder makes the new name good, and the
  old one may be there as well; but a file that had a name does not lose its only one.
- A folder that is not there has nothing in it.
- The catalog is as its last commit left it. That is a premise about SQLite, which holds
  with ``synchronous=FULL`` (looked at after each commit, see `commits`). Names that it was
  given or lost otherwise are like any other file's.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal

from tests.faults.journal import Event, Journal

Mode = Literal["nothing", "names", "bytes", "zeros", "anything"]
MODES: tuple[Mode, ...] = ("anything", "names", "zeros", "bytes", "nothing")
_BLOCKS = (16, 64, 512)


@dataclass
class _Change:
    """Changes of names that are there together or not at all."""

    put: list[tuple[str, int]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    folder: str | None = None

    def folders(self) -> set[str]:
        """Return the folders whose flushing concerns it."""
        names = [name for name, _ in self.put] + self.gone
        return {_parent(one) for one in names + ([self.folder] if self.folder else [])}

    def apply(self, names: dict[str, int], folders: set[str]) -> None:
        """Do it."""
        for name in self.gone:
            names.pop(name, None)
            folders.discard(name)
        names.update(self.put)
        if self.folder is not None:
            folders.add(self.folder)


@dataclass
class _File:
    """The bytes of a file: those for good, and those after each write since."""

    good: bytes = b""
    since: list[bytes] = field(default_factory=list)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


class PowerCut:
    """The disk at a moment of a run.

    Parameters
    ----------
    cut
        How many of the journal's events have happened.
    """

    def __init__(self, journal: Journal, cut: int) -> None:
        self._folders = set(journal.folders)
        self._names = dict(journal.names)
        self._files = {number: _File(content) for number, content in journal.contents.items()}
        self._pending: list[_Change] = []
        for event in journal.events[:cut]:
            self._take(event)

    def _take(self, event: Event) -> None:
        if event.content is not None:
            self._wrote(event)
        match event.kind:
            case "create" | "write" | "commit" if event.file:
                if not self._is_named(event.path, event.file):
                    self._pending.append(_Change(put=[(event.path, event.file)]))
            case "commit" if event.databases:
                self._committed(event)
            case "mkdir":
                self._pending.append(_Change(folder=event.path))
            case "rmdir" | "unlink":
                self._pending.append(_Change(gone=[event.path]))
            case "link" if event.to is not None:
                self._pending.append(_Change(put=[(event.to, event.file)]))
            case "rename" if event.to is not None:
                change = _Change(put=[(event.to, event.file)], gone=[event.path])
                self._pending.append(change)
            case "flush" if not event.file:
                self._flush_folder(event.path)

    def _committed(self, event: Event) -> None:
        about = set(event.databases)
        left = []
        for change in self._pending:
            if about.isdisjoint([name for name, _ in change.put] + change.gone):
                left.append(change)
            else:
                change.apply(self._names, self._folders)
        self._pending = left
        for path, file in event.databases.items():
            if file is None:
                self._names.pop(path, None)
            else:
                self._names[path] = file[0]
                self._files[file[0]] = _File(file[1])

    def _wrote(self, event: Event) -> None:
        assert event.content is not None
        file = self._files.setdefault(event.file, _File())
        if event.kind == "flush":
            file.good, file.since = event.content, []
        elif event.content != (file.since[-1] if file.since else file.good):
            file.since.append(event.content)

    def _is_named(self, path: str, file: int) -> bool:
        names, _ = self._with(self._pending)
        return names.get(path) == file

    def _with(self, changes: list[_Change]) -> tuple[dict[str, int], set[str]]:
        names, folders = dict(self._names), set(self._folders)
        for change in changes:
            change.apply(names, folders)
        return names, folders

    def _flush_folder(self, path: str) -> None:
        left = []
        for change in self._pending:
            if path not in change.folders():
                left.append(change)
                continue
            change.apply(self._names, self._folders)
            # The old name of a rename, if it was in another folder, may come back.
            elsewhere = [one for one in change.gone if _parent(one) != path]
            if change.put and elsewhere and path == _parent(change.put[0][0]):
                for one in elsewhere:
                    self._names[one] = change.put[0][1]
                left.append(_Change(gone=elsewhere))
        self._pending = left

    def build(self, mode: Mode, random: Random) -> None:
        """Make the files and folders of one disk that there may be now.

        The folders of the run must not be there.

        Parameters
        ----------
        mode
            ``nothing`` of what was not flushed; all ``names`` and no bytes; all names, and
            ``zeros`` for bytes; all ``bytes`` and no names; or ``anything``.
        """
        changes = [one for one in self._pending if _happened(mode, random)]
        names, folders = self._with(changes)
        for folder in sorted(folders):
            if Path(_parent(folder)).is_dir():
                Path(folder).mkdir(mode=0o700, exist_ok=True)
        made: dict[int, str] = {}
        for name, number in sorted(names.items()):
            if not Path(_parent(name)).is_dir() or not number:
                continue
            if number in made:
                os.link(made[number], name)
                continue
            made[number] = name
            Path(name).write_bytes(self._content(number, mode, random))
            Path(name).chmod(0o600)

    def _content(self, number: int, mode: Mode, random: Random) -> bytes:
        file = self._files[number]
        if not file.since or mode in ("nothing", "names"):
            return file.good
        if mode == "bytes":
            return file.since[-1]
        if mode == "zeros":
            return _zeros(file.good, file.since[-1])
        new = random.choice(file.since)
        kinds = [
            lambda: file.good,
            lambda: new,
            lambda: _zeros(file.good, new),
            lambda: _holes(file.good, new, random),
            lambda: _prefix(file.good, new, random),
        ]
        return random.choice(kinds)()


def _happened(mode: Mode, random: Random) -> bool:
    if mode == "anything":
        return random.random() < 0.5
    return mode in ("names", "zeros")


def _kept(good: bytes, new: bytes) -> int:
    """Return how many bytes at the beginning were flushed and are the same still."""
    return len(good) if new.startswith(good) else 0


def _zeros(good: bytes, new: bytes) -> bytes:
    return new[: _kept(good, new)] + bytes(len(new) - _kept(good, new))


def _prefix(good: bytes, new: bytes, random: Random) -> bytes:
    return new[: random.randint(_kept(good, new), len(new))]


def _holes(good: bytes, new: bytes, random: Random) -> bytes:
    """Return the new bytes, but for blocks that have not been written."""
    kept = _kept(good, new)
    pieces = [new[:kept]]
    # Small files stand for large ones here.
    block = random.choice(_BLOCKS)
    for start in range(kept, len(new), block):
        piece = new[start : start + block]
        pieces.append(piece if random.getrandbits(1) else bytes(len(piece)))
    return b"".join(pieces)
