"""What is known of a file that has come whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MD5_ETAG: Final = re.compile(r'(?:W/)?"([0-9a-f]{32})"\Z')
"""What an ETag looks like that is an MD5."""


@dataclass(frozen=True)
class Downloaded:
    """A file that has come whole.

    Parameters
    ----------
    size
        Bytes in the part.
    sha256
        Of all of it, in hex.
    md5
        In hex, where the ETag has an MD5's form; else None.
    etag, last_modified
        Verbatim.
    received_bytes
        Bytes of bodies that came for it in this call, those thrown away included.
    resumed_from
        Where the last answer went on; 0 if the file came in one piece.
    declared
        Whether the server told the size before, so that a lost end would have shown.
    """

    size: int
    sha256: str
    md5: str | None
    etag: str | None
    last_modified: str | None
    received_bytes: int
    resumed_from: int
    declared: bool

    @property
    def etag_agrees(self) -> bool | None:
        """Whether the ETag is this content's MD5; None if it has not the form.

        False means "look closer", not "corrupt": the server computes a file's ETag once,
        and keeps it when the file changes.
        """
        match = MD5_ETAG.match(self.etag or "")
        return None if match is None else match.group(1) == self.md5
