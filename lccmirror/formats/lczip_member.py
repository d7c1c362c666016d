"""One light curve out of a ZIP, without reading the ZIP's directory entry by entry."""

from __future__ import annotations

from io import BufferedReader, FileIO
from pathlib import Path

from ..closing import Closing
from ..errors import FormatError
from .zip_directory import find_directory, read_entry
from .zip_members import MemberReader

MAX_MEMBER_BYTES = 1 << 30
_ENTRY_HEAD = 46
_SIGNATURE = b"PK\x01\x02"


class OpenLczip(Closing):
    """A light-curve ZIP that is open for reading.

    Its directory is kept as the bytes it is, and a name is looked for in them: a hundred
    times faster than making an object of each of twenty thousand entries, for one of them.

    Parameters
    ----------
    path
        The ZIP.

    Raises
    ------
    OSError
        If it cannot be opened.
    FormatError
        If it is no whole ZIP.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._file = BufferedReader(FileIO(path))
        try:
            self._directory = find_directory(self._file, self._name)
            self._file.seek(self._directory.offset)
            self._entries = self._file.read(self._directory.size)
            self._last = 0
            self._reader = MemberReader(self._file.fileno(), lambda: False)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self, member: str) -> bytes:
        """Return the content of a member, its CRC and length checked.

        Raises
        ------
        FormatError
            If it is not there, or not what the directory says.
        """
        at = self._find(member)
        entry, _ = read_entry(self._entries, at, self._name, 1)
        if entry.size > MAX_MEMBER_BYTES:
            raise FormatError(f"{self._name}: {member} is larger than any light curve")
        try:
            _, content = self._reader.check(entry, self._directory.offset, keep=True)
        except FormatError as error:
            raise FormatError(f"{self._name}: {member} {error.message}") from error
        assert content is not None
        return content

    def _find(self, member: str) -> int:
        """Return where in the directory the entry of `member` begins."""
        name = member.encode("utf-8", "surrogateescape")
        # Many are read in the order in which they are there: from the last one on, then all.
        for start in (self._last, 0):
            at = self._entries.find(name, start)
            while at >= 0:
                begin = at - _ENTRY_HEAD
                # a name may also stand in a longer one, or in a comment
                if (
                    begin >= 0
                    and self._entries.startswith(_SIGNATURE, begin)
                    and int.from_bytes(self._entries[begin + 28 : begin + 30], "little")
                    == len(name)
                ):
                    self._last = begin
                    return begin
                at = self._entries.find(name, at + 1)
        raise FormatError(f"{self._name} has no member {member}")
