"""A first look at a file that has just come: is it what it is called at all?

A proxy's page has the length that was announced for it. What is cheap to see is seen here,
before the file gets its final name.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path

from ..errors import FormatError

_PIECE = 1 << 20
_GZIP = b"\x1f\x8b\x08"
# A description of a few dozen columns has some kilobytes.
_LARGEST_DESCRIPTION = 16 << 20


def check_beginning(kind: str, part: Path, name: str) -> None:
    """Let a file pass that begins as its kind must.

    Parameters
    ----------
    kind
        As in the catalog's ``files``; a table, a ZIP and a light curve are read
        whole elsewhere.
    part
        Where it is.
    name
        What to call it in a message.

    Raises
    ------
    FormatError
        If it is something else.
    """
    if kind == "pickle":
        with part.open("rb") as file:
            if file.read(len(_GZIP)) != _GZIP:
                raise FormatError(f"{name} is no gzip file")
    elif kind == "lcformat":
        _check_description(part, name)


def is_whole_gzip(part: Path, most: int) -> bool:
    """Whether a file is a gzip that expands to the end, its CRC and length checked.

    Parameters
    ----------
    most
        Bytes that it may expand to; one that is larger is not looked at further, and passes.
    """
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    expanded = 0
    try:
        with part.open("rb") as file:
            while packed := file.read(_PIECE):
                while packed and not inflate.eof:
                    expanded += len(inflate.decompress(packed, _PIECE))
                    packed = inflate.unconsumed_tail
                    if expanded > most:
                        return True
    except zlib.error:
        return False
    return inflate.eof


def _check_description(part: Path, name: str) -> None:
    if part.stat().st_size > _LARGEST_DESCRIPTION:
        raise FormatError(f"{name} is too large for a format's description")
    try:
        description = json.loads(part.read_bytes())
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{name} is not JSON") from error
    if not isinstance(description, dict):
        raise FormatError(f"{name} is not a JSON object")
