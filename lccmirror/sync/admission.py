"""Who may fetch how much: asked before each download, for all workers together."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import LccMirrorError
from .filesystem import Room

if TYPE_CHECKING:
    from .progress import Progress


class TooLargeForUs(LccMirrorError):
    """A file is larger than ``[select] max_size`` wants."""


@dataclass
class _Coming:
    """A file that was let in, and how much of it is on the disk."""

    whole: int
    on_hand: int


class Admission:
    """The room of one cycle, given out.

    Parameters
    ----------
    room
        What the disk and the limit leave.
    mirrored
        Bytes that the mirror held at the beginning, as `mirror.max_bytes` counts.
    """

    def __init__(self, room: Room, mirrored: int) -> None:
        self._room = room
        self._mirrored = mirrored
        self._files: dict[str, _Coming] = {}
        # Sums over these files, so that no question takes longer the more there are.
        self._whole = self._to_come = 0
        self._lock = threading.Lock()

    def ask(self, path: str, whole: int, on_hand: int) -> None:
        """Let a file in, or one more attempt at it.

        Parameters
        ----------
        path
            Where it is to go, below the mirror's root.
        whole
            Bytes of all of it.
        on_hand
            How many of them are on the disk already.

        Raises
        ------
        NoRoom
            If it does not fit beside what others have been let in for.
        """
        with self._lock:
            before = self._files.get(path, _Coming(0, 0))
            promised = self._to_come - (before.whole - before.on_hand)
            counted = self._mirrored + self._whole - before.whole
            name = path.rpartition("/")[2]
            self._room.check(name, whole, on_hand, promised=promised, mirrored=counted)
            self._forget(path)
            self._files[path] = _Coming(whole, on_hand)
            self._whole += whole
            self._to_come += whole - on_hand

    def came(self, path: str, on_hand: int) -> None:
        """Note how much of a file is on the disk by now."""
        with self._lock:
            if (one := self._files.get(path)) is not None:
                now = min(on_hand, one.whole)
                self._to_come -= now - one.on_hand
                one.on_hand = now

    def give_back(self, path: str) -> None:
        """A file did not come: what was kept for it is for others."""
        with self._lock:
            self._forget(path)

    def settle(self, path: str) -> None:
        """A file is in the mirror, and counts with all that is there; none of that path: fine.

        Nothing is kept of it alone, so that a cycle's memory does not grow with its files.
        """
        with self._lock:
            if (one := self._forget(path)) is not None:
                self._mirrored += one.whole

    def _forget(self, path: str) -> _Coming | None:
        one = self._files.pop(path, None)
        if one is not None:
            self._whole -= one.whole
            self._to_come -= one.whole - one.on_hand
        return one


class Watch:
    """Asks for room before a download, and shows how far it is.

    Parameters
    ----------
    max_size
        ``select.max_size``.
    path
        Of the file, below the mirror's root.
    part
        Where it arrives.
    """

    def __init__(
        self,
        admission: Admission,
        progress: Progress,
        max_size: int | None,
        path: str,
        part: Path,
    ) -> None:
        self._admission = admission
        self._progress = progress
        self._max_size = max_size
        self._path = path
        self._part = part
        self._label = path.rpartition("/")[2]
        self._at: int | None = None

    def admit(self, wanted: int) -> None:
        """Ask for so many more bytes than there are."""
        try:
            on_hand = self._part.stat().st_size
        except FileNotFoundError:
            on_hand = 0
        self._ask(on_hand + wanted, on_hand)

    def _ask(self, whole: int, on_hand: int) -> None:
        if self._max_size is not None and whole > self._max_size:
            raise TooLargeForUs(f"{self._label} has {whole:,} bytes (select.max_size)")
        self._admission.ask(self._path, whole, on_hand)

    def __call__(self, on_hand: int, total: int | None) -> None:
        if self._at is None:
            self._progress.begin(self._path, self._label, total)
            self._at = 0
        self._progress.advance(self._path, on_hand - self._at)
        self._at = on_hand
        if total is None:
            # Nobody told how large it is: it is asked for as it comes.
            self._ask(on_hand, on_hand)
        else:
            self._admission.came(self._path, on_hand)

    def end(self, *, ok: bool) -> None:
        """It has come, or not."""
        if not ok:
            self._admission.give_back(self._path)
        if self._at is not None:
            self._progress.end(self._path, ok=ok)
