"""Whether a file is sound by itself, where nothing is known of it but its kind."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import FormatError
from ..formats.inflate import inflater
from ..formats.object_info import read_object_file
from ..formats.png import check_png

if TYPE_CHECKING:
    from ..config import LimitsConfig

_CHUNK = 1 << 20
# zlib's way to say: a gzip header and trailer around it, and its CRC checked
_GZIP_BITS = 31


def check_gzip(path: Path, limit: int) -> None:
    """Make sure that a file is whole gzip: every CRC is checked, nothing is kept.

    Raises
    ------
    FormatError
        If it is not, or larger than `limit` bytes when unpacked.
    """
    library = inflater()
    inflate = library.decompressobj(_GZIP_BITS)
    total = 0
    with path.open("rb", buffering=0) as file:
        while data := file.read(_CHUNK):
            while data:
                if inflate.eof:  # another gzip member follows
                    inflate = library.decompressobj(_GZIP_BITS)
                try:
                    total += len(inflate.decompress(data, _CHUNK))
                except (zlib.error, library.error) as error:
                    raise FormatError(f"{path.name} is no sound gzip file: {error}") from error
                if total > limit:
                    raise FormatError(f"{path.name} is larger than {limit:,} bytes unpacked")
                data = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
    if not inflate.eof:
        raise FormatError(f"{path.name} ends in the middle")


def why_unsound(path: Path, kind: str, limits: LimitsConfig) -> str | None:
    """Return what is wrong with a file that stands alone; None if nothing is found.

    Parameters
    ----------
    kind
        ``json``, ``pickle``, ``lc``, ``lcformat``, ``objectinfo`` or ``png``. A pickle is
        never opened: that its gzip is whole is all that is asked.
    """
    try:
        match kind:
            case "json":
                check_gzip(path, 1 << 62)
            case "pickle":
                check_gzip(path, 1 << 62)
            case "lc":
                check_gzip(path, limits.max_lightcurve)
            case "lcformat":
                if not isinstance(json.loads(_content(path, limits.max_json)), dict):
                    return f"{path.name} is no description of light curves"
            case "objectinfo":
                read_object_file(path, limits.max_object_info)
            case "png":
                check_png(_content(path, limits.max_object_info), limits.max_pixels)
    except FormatError as error:
        return error.message
    except (ValueError, RecursionError) as error:
        return f"{path.name} is not JSON: {error}"
    return None


def _content(path: Path, limit: int) -> bytes:
    if path.stat().st_size > limit:
        raise FormatError(f"{path.name} is larger than {limit:,} bytes")
    return path.read_bytes()
