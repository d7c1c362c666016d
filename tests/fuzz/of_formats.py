"""The files that the server publishes: tables, light curves, ZIPs, pictures."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lccmirror.errors import FormatError
from lccmirror.formats import (
    LightCurve,
    Problems,
    TableHeader,
    ZipLimits,
    check_lczip,
    exact_table,
    iter_rows,
    open_json,
    read_header,
    read_lightcurve,
    read_lightcurve_header,
)
from lccmirror.formats.inflate import expand
from lccmirror.formats.lc_values import column_of
from lccmirror.formats.lczip import MANIFEST
from lccmirror.formats.lczip_member import OpenLczip
from lccmirror.formats.png import check_png

from . import seeds
from .target import Target, find, storable

_EXPANDED = 1 << 20
"""What a gzip may expand to here: enough, and soon reached."""


def _file(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _sound(problems: Iterator[str] | tuple[str, ...] | Problems) -> None:
    for problem in problems:
        if not problem.isprintable():
            find(f"a problem that is not printable: {problem!r:.200}")


def _storable_header(header: TableHeader) -> None:
    storable([header.setid, header.nrows, header.collections])
    for column in header.columns:
        storable([column.name, column.title, column.description, column.dtype, column.format])


def _table(data: bytes, folder: Path) -> None:
    path = _file(folder, "dataset.csv", data)
    header = read_header(path)
    _storable_header(header)
    problems = Problems()
    rows: list[tuple[str, ...]] = []
    failure = None
    try:
        for row in iter_rows(path, header, problems):
            rows.append(row)
            storable(row)
            if len(row) != len(header.columns):
                find(f"{len(row)} values in {len(header.columns)} columns")
    except FormatError as error:
        failure = error
    _sound(problems)
    plain_ = _plain_rows(data[header.offset :], len(header.columns))
    if plain_ is not None and header.nrows in (None, len(plain_)):
        if failure is not None:
            raise AssertionError(f"a plain table that cannot be read: {failure.message}")
        if rows != plain_:
            find("other rows than the plainest reader finds")
    if failure is not None:
        raise failure


def _plain_rows(data: bytes, ncols: int) -> list[tuple[str, ...]] | None:
    """Read rows in the plainest way; None if not every line is one of them."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    lines = text.split("\n")
    if lines.pop() or (ncols > 1 and any(line.count("|") != ncols - 1 for line in lines)):
        return None
    return [tuple(line.split("|")) if ncols > 1 else (line,) for line in lines]


def _json(data: bytes, folder: Path) -> None:
    table = open_json(_file(folder, "dataset.json.gz", data), max_bytes=_EXPANDED)
    storable([table.setid, table.nrows, [column.name for column in table.columns]])
    rows = list(table.iter_rows())
    for row in rows:
        storable(row)
        if len(row) != len(table.columns):
            find(f"{len(row)} values in {len(table.columns)} columns")
    try:
        plain_ = _plain_documents(expand(data, max_bytes=_EXPANDED, what="it"))
    except _Twice:
        return
    if plain_ is None:
        # What comes behind all rows is not looked at.
        if b'"result"' not in expand(data, max_bytes=_EXPANDED, what="it"):
            find("rows of what the plainest reader does not take for JSON")
        return
    names = [column.name for column in table.columns]
    if len(set(names)) < len(names):
        return
    ours = json.dumps(rows)
    theirs = json.dumps(_plain_table(plain_, names))
    if ours != theirs:
        find("other rows than the plainest reader finds")


class _Twice(Exception):
    """A document with two tables: it is refused when it comes (`server.jsonfile`)."""


def _with_one_table(members: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in members]
    if any(keys.count(key) > 1 for key in ("result", "rows")):
        raise _Twice
    return dict(members)


def _plain_documents(data: bytes) -> list[dict[str, Any]] | None:
    decoder = json.JSONDecoder(object_pairs_hook=_with_one_table)
    documents = []
    try:
        text = data.decode("utf-8", "backslashreplace").lstrip(" \t\r\n")
        while text:
            document, end = decoder.raw_decode(text)
            documents.append(document)
            text = text[end:].lstrip(" \t\r\n")
            if "result" in document:
                break  # all rows are in the first
    except (ValueError, TypeError, RecursionError):
        return documents or None
    return documents


def _plain_table(documents: list[dict[str, Any]], names: list[str]) -> list[list[Any]]:
    first = documents[0]
    if isinstance(first.get("result"), list):
        return [[row[name] for name in names] for row in first["result"]]
    return [row for document in documents for row in document.get("rows") or ()]


def _exact(data: bytes, folder: Path) -> None:
    """The CSV, a NUL, and the JSON."""
    csv, _, json_ = data.partition(b"\0")
    table = exact_table(_file(folder, "t.csv", csv), _file(folder, "t.json.gz", json_))
    ncols = len(table.columns)
    try:
        for row in table.rows:
            storable(row)
            if len(row) != ncols:
                find(f"{len(row)} values in {ncols} columns")
    finally:
        _sound(table.problems)


def _said(curve: LightCurve) -> Any:
    """All that is in a light curve, as text: NaN is not equal to itself, and 0 is to -0."""
    arrays = [(a.dtype.str, [repr(v) for v in a.tolist()]) for a in curve.arrays.values()]
    masks = {name: mask.tolist() for name, mask in curve.masks.items()}
    return arrays, masks, curve.problems


def _lightcurve(data: bytes, folder: Path) -> None:
    del folder
    read_header_too = _attempt(lambda: read_lightcurve_header(data))
    curve = read_lightcurve(data, max_bytes=_EXPANDED)
    _sound(curve.problems)
    storable([curve.objectid, curve.descriptions])
    storable([[c.name, c.description, c.dtype, c.unit] for c in curve.columns])
    _ = (curve.time, curve.filters, curve.magnitudes)
    if not data.startswith(b"\x1f\x8b") and read_header_too is None:
        find("a light curve whose header alone cannot be read")
    if any(len(values) != len(curve) for values in curve.arrays.values()):
        find("columns of several lengths")
    said = _said(curve)
    if said != _said(read_lightcurve(data, max_bytes=_EXPANDED, arrow=True)):
        find("other values by way of Arrow")
    _compare_slowly(data, curve)


def _compare_slowly(data: bytes, curve: LightCurve) -> None:
    """Read the rows as plainly as can be, value by value, and compare."""
    header = read_lightcurve_header(data)
    body = expand(data, max_bytes=_EXPANDED, what="it")[header.size :]
    # As texts, like the separator, which need not be UTF-8 either.
    lines = body.decode("utf-8", "backslashreplace").split("\n")
    if not lines[-1]:
        lines.pop()
    separator, width = header.separator, len(header.columns)
    cells = [
        [cell.rstrip("\0").strip() for cell in line.split(separator)]
        for line in lines
        if line.count(separator) == width - 1
    ]
    for place, column in enumerate(header.columns):
        values, mask = column_of([row[place] for row in cells], column.dtype)
        ours = curve.arrays[column.name]
        same = [repr(one) for one in values.tolist()] == [repr(one) for one in ours.tolist()]
        our_mask = curve.masks.get(column.name)
        if not same or (mask is None) != (our_mask is None) or values.dtype != ours.dtype:
            find(f"column {place}: another value than value by value")


def _attempt(call: Callable[[], object]) -> object:
    try:
        return call()
    except FormatError:
        return None


_ZIP_LIMITS = ZipLimits(max_members=200, max_expanded=1 << 22, max_manifest=1 << 16)


def _zip(data: bytes, folder: Path) -> None:
    path = _file(folder, "lightcurves.zip", data)
    report = check_lczip(path, _ZIP_LIMITS)
    _sound(report.problems)
    storable([member.name for member in report.members])
    if report.problems:
        return
    # A sound ZIP is one for everybody, and everybody finds the same in it.
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except NotImplementedError:
        return  # it says that readers of another time are needed
    with archive, OpenLczip(path) as ours:
        names = [name for name in archive.namelist() if name != MANIFEST]
        if {member.name for member in report.members} != set(names):
            find("other members than the standard library finds")
        for member in report.members:
            content = archive.read(archive.getinfo(member.name))
            if (len(content), zlib.crc32(content)) != (member.size, member.crc32):
                find("another content than the standard library finds")
            if ours.read(member.name) != content:
                find("another content when it is read alone")
            if "/" in member.name or member.name in ("", ".", ".."):
                find("a member's name that is a path")


def _zip_mended(data: bytes) -> bytes:
    """Put the right CRCs of stored members into a ZIP, as far as it is one."""
    out = bytearray(data)
    at = out.find(b"PK\x01\x02")
    while at >= 0 and at + 46 <= len(out):
        packed, name_length = struct.unpack_from("<L4xH", out, at + 20)
        (method,) = struct.unpack_from("<H", out, at + 10)
        (offset,) = struct.unpack_from("<L", out, at + 42)
        if method == 0 and packed < len(out) and offset + 30 <= len(out):
            ends = struct.unpack_from("<2H", out, offset + 26)
            begin = offset + 30 + sum(ends)
            crc = struct.pack("<L", zlib.crc32(out[begin : begin + packed]))
            out[at + 16 : at + 20] = crc
            out[offset + 14 : offset + 18] = crc
        at = out.find(b"PK\x01\x02", at + 46 + name_length)
    return bytes(out)


def _png(data: bytes, folder: Path) -> None:
    del folder
    size = check_png(data, 100_000)
    try:
        from PIL import Image  # comes with Matplotlib
    except ImportError:
        return
    with Image.open(io.BytesIO(data)) as image:
        if image.size != (size.width, size.height):
            find("another size than a well-known library finds")
        image.load()


def _png_mended(data: bytes) -> bytes:
    """Put the right CRCs into a PNG, as far as it is one."""
    out = bytearray(data)
    at = 8
    while at + 12 <= len(out):
        (length,) = struct.unpack_from(">I", out, at)
        end = at + 8 + length
        if end + 4 > len(out):
            break
        struct.pack_into(">I", out, end, zlib.crc32(out[at + 4 : end]))
        at = end + 4
    return bytes(out)


def _gzip_mended(data: bytes) -> bytes:
    """Pack what was damaged inside of a gzip anew; half of all inputs, by their length."""
    return gzip.compress(data, 1, mtime=0) if len(data) % 2 else data


_F = "lccmirror.formats."
_JSON_WORDS = tuple(
    b'"nan" nan null NaN -9999 \\n \\u \\ud800 1e999 9223372036854775808 { } [ ] "result":'
    b' "rows": [] "columns": "coldesc": "format": "%.3f" "%i" "dtype": "f8"'.split(b" ")
)
TARGETS = (
    Target(
        "table",
        _table,
        (f"{_F}table", f"{_F}columns"),
        seeds.tables,
        (*_JSON_WORDS, b"# {\n", b"# }\n", b"\n|", b"|\n", b"\r", b"\xe2\x80\xa8", b"||"),
    ),
    Target(
        "json",
        _json,
        (f"{_F}dataset_json", f"{_F}json_stream", f"{_F}expanded", f"{_F}columns"),
        seeds.table_jsons,
        _JSON_WORDS,
        mend=_gzip_mended,
    ),
    Target(
        "exact",
        _exact,
        (f"{_F}exact", f"{_F}damage", f"{_F}columns", f"{_F}table", f"{_F}dataset_json"),
        seeds.pairs,
        (*_JSON_WORDS, b"\0", b"; ", b"|", b"\\null", b"\nan"),
    ),
    Target(
        "lightcurve",
        _lightcurve,
        (
            *(f"{_F}lightcurve", f"{_F}lc_header", f"{_F}lc_values", f"{_F}lc_arrow"),
            *(f"{_F}lc_meaning", f"{_F}inflate"),
        ),
        seeds.lightcurves,
        (
            *(b"LCC-CSVLC-V1\n", b"#\n,\n", b"# LIGHTCURVE\n", b'"colnum"', b'"dtype"', b"nan"),
            *(b"# OBJECT METADATA\n", b"# COLUMN DEFINITIONS\n", b"i8", b"f4", b"U3", b"bool"),
            *(b"1_0", b"0x1F", b"1e400", b"inf", b"-1", b"+1", b"256", b"\0", b"\r", b"\x1c"),
        ),
    ),
    Target(
        "zip",
        _zip,
        (f"{_F}lczip", f"{_F}lczip_member", f"{_F}zip_directory", f"{_F}zip_members"),
        seeds.zips,
        (
            *(b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"),
            *(b"\x08\x00", b"../", b"lczip-manifest.json", b"-csvlc.gz", b"\xff\xff\xff\xff"),
            *(b" missing", b"\x01\x00\x10\x00", b"\x00\x08"),
        ),
        mend=_zip_mended,
    ),
    Target(
        "png",
        _png,
        (f"{_F}png",),
        seeds.pngs,
        (b"IHDR", b"IDAT", b"IEND", b"PLTE", b"\x08\x02", b"\x00\x00\x00\x01"),
        max_len=1024,
        mend=_png_mended,
    ),
)
