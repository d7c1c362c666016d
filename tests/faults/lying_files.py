"""Lies about files: a CSV, and a ZIP of light curves, that are not what they should be."""

from __future__ import annotations

import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterable
from random import Random

from tests.faults.fault import NASTY

Change = Callable[[Random, bytes], bytes]


def csv_changes() -> dict[str, Change]:
    """Return what can be done to a CSV, by name."""
    return {
        "empty": lambda r, b: b"",
        "only its header": lambda r, b: b"\n".join(_header(b)) + b"\n",
        "without its header": lambda r, b: b"\n".join(_rows(b)) + b"\n",
        "a header that is no JSON": lambda r, b: b.replace(b'"columns"', b'columns"', 1),
        "a row too few": lambda r, b: b[: b.rstrip().rfind(b"\n") + 1],
        "a row twice": lambda r, b: b + _rows(b)[-1] + b"\n",
        "10,000 rows too many": lambda r, b: b + (_rows(b)[-1] + b"\n") * 10_000,
        "rows in another order": _shuffled,
        "a cell too few": lambda r, b: b[: b.rfind(b"|")] + b"\n",
        "a cell too many": lambda r, b: b.rstrip() + b"|more\n",
        "CRLF": lambda r, b: b.replace(b"\n", b"\r\n"),
        "UTF-8 that is none": lambda r, b: b.rstrip() + b"\xff\xfe\xed\xa0\x80\n",
        "NUL": lambda r, b: b.rstrip() + b"\x00\n",
        "control characters": lambda r, b: b.rstrip() + NASTY.encode() + b"\n",
        "a line of 3 MB": lambda r, b: b.rstrip() + b"x" * 3_000_000 + b"\n",
        "3 MB of separators": lambda r, b: b + b"|" * 3_000_000 + b"\n",
        "numbers that overflow": _numbers(b"1e999"),
        "numbers of 10,000 digits": _numbers(b"9" * 10_000),
        "numbers that are none": _numbers(b"--5"),
        "infinities": _numbers(b"-inf"),
        "other numbers": _numbers(b"7.25"),
        "another's": lambda r, b: b.replace(b'"setid": "', b'"setid": "X', 1),
        "a header without end": lambda r, b: b'# {"a": [\n' * 50_000,
        "a deep header": lambda r, b: b"# " + b"[" * 200_000 + b"\n",
        "a bit flipped": _flipped,
        "a ZIP": lambda r, b: _zip({"a": b"b"}),
    }


def _header(csv: bytes) -> list[bytes]:
    return [line for line in csv.splitlines() if line.startswith(b"#")]


def _rows(csv: bytes) -> list[bytes]:
    return [line for line in csv.splitlines() if not line.startswith(b"#")] or [b"none"]


def _shuffled(random: Random, csv: bytes) -> bytes:
    rows = _rows(csv)
    random.shuffle(rows)
    return b"\n".join([*_header(csv), *rows]) + b"\n"


def _numbers(value: bytes) -> Change:
    def change(random: Random, csv: bytes) -> bytes:
        rows = []
        for row in _rows(csv):
            cells = row.split(b"|")
            numbers = [at for at, cell in enumerate(cells) if _is_number(cell)]
            if numbers:
                cells[random.choice(numbers)] = value
            rows.append(b"|".join(cells))
        return b"\n".join([*_header(csv), *rows]) + b"\n"

    return change


def _is_number(cell: bytes) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _flipped(random: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    changed[random.randrange(len(content))] ^= 1 << random.randrange(8)
    return bytes(changed)


def zip_changes() -> dict[str, Change]:
    """Return what can be done to a ZIP of light curves, by name."""
    return {
        "empty": lambda r, b: b"",
        "a ZIP of nothing": lambda r, b: _zip({}),
        "no ZIP": lambda r, b: b"PK\x03\x04 but no more",
        "a member with a way upwards": _added("../../../lccmirror-was-here"),
        "a member with an absolute name": _added("/tmp/lccmirror-was-here"),  # noqa: S108
        "a member with a drive": _added("C:\\windows\\lccmirror-was-here"),
        "a member in a folder": _added("folder/one-csvlc.gz"),
        "a member that is a folder": _added("folder/"),
        "a member without a name": _added(""),
        "a name of control characters": _added(NASTY.replace("\x00", "")),
        "a name of 60,000 characters": _added("n" * 60_000),
        "a name twice": _twice,
        "all encrypted": _encrypted,
        "a link": _linked,
        "10,000 members": lambda r, b: _changed(
            b, more={f"star-{number}-csvlc.gz": b"" for number in range(10_000)}
        ),
        "a bomb": lambda r, b: _changed(b, more={"bomb": b"\0" * 6_000_000}),
        "members over one another": _overlapping,
        "a directory that is cut": lambda r, b: b[:-30],
        "rubbish in front": lambda r, b: b"rubbish" * 100 + b,
        "rubbish behind": lambda r, b: b + b"rubbish" * 100,
        "a ZIP behind a ZIP": lambda r, b: b + b,
        "sizes that lie": _wrong_sizes,
        "a CRC that lies": _wrong_crc,
        "a bit flipped": _flipped,
        "no manifest": lambda r, b: _changed(b, without="manifest"),
        "a manifest that is no JSON": _manifest(b"not JSON"),
        "a manifest of nothing": _manifest(b"[]"),
        "a deep manifest": _manifest(b"[" * 100_000),
        "a manifest of numbers": _manifest(b"[1, null, {}]"),
        "a manifest of control characters": _manifest(json.dumps([NASTY]).encode()),
        "a manifest of others": _manifest(b'["other-csvlc.gz", "HAT-1-csvlc.gz missing"]'),
        "a manifest of 3 MB": _manifest(json.dumps(["x" * 3_000_000]).encode()),
        "no light curves": lambda r, b: _changed(b, without="csvlc"),
        "light curves that are none": lambda r, b: _changed(b, curve=b"no light curve"),
        "light curves that are empty": lambda r, b: _changed(b, curve=b""),
    }


def _zip(members: dict[str, bytes]) -> bytes:
    return _changed(None, more=members)


def _changed(
    content: bytes | None,
    *,
    more: dict[str, bytes] | None = None,
    without: str | None = None,
    curve: bytes | None = None,
    manifest: bytes | None = None,
) -> bytes:
    """Return a ZIP of the members of another with some added, left out or replaced."""
    members: list[tuple[str, bytes]] = []
    if content is not None:
        with zipfile.ZipFile(io.BytesIO(content)) as old:
            members += [(name, old.read(name)) for name in old.namelist()]
    new = []
    for name, data in members:
        if without is not None and without in name:
            continue
        is_curve = "csvlc" in name
        if curve is not None and is_curve:
            data = curve
        if manifest is not None and not is_curve:
            data = manifest
        new.append((name, data))
    return _written([*new, *(more or {}).items()])


def _written(members: Iterable[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with (
        warnings.catch_warnings(action="ignore"),
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name, data in members:
            new.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _added(name: str) -> Change:
    return lambda r, b: _changed(b, more={name: b"something"})


def _manifest(content: bytes) -> Change:
    return lambda r, b: _changed(b, manifest=content)


def _twice(random: Random, content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        members = [(name, old.read(name)) for name in old.namelist()]
    name, data = members[0]
    return _written([*members, (name, data[::-1])])


def _linked(random: Random, content: bytes) -> bytes:
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a") as old:
        link = zipfile.ZipInfo("link-csvlc.gz")
        link.external_attr = 0o120777 << 16
        old.writestr(link, "/etc/passwd")
    return out.getvalue()


def _entries(content: bytes) -> list[int]:
    """Return where the entries of the central directory begin."""
    found, at = [], content.find(b"PK\x01\x02")
    while at >= 0:
        found.append(at)
        at = content.find(b"PK\x01\x02", at + 4)
    return found


def _patched(content: bytes, offset: int, kind: str, value: int) -> bytes:
    """Change a field of every entry of the central directory."""
    changed = bytearray(content)
    for at in _entries(content):
        struct.pack_into(kind, changed, at + offset, value)
    return bytes(changed)


def _encrypted(random: Random, content: bytes) -> bytes:
    return _patched(content, 8, "<H", 1)


def _overlapping(random: Random, content: bytes) -> bytes:
    return _patched(content, 42, "<I", 0)


def _wrong_sizes(random: Random, content: bytes) -> bytes:
    return _patched(content, random.choice([20, 24]), "<I", random.choice([1, 0xFFFFFFF0]))


def _wrong_crc(random: Random, content: bytes) -> bytes:
    return _patched(content, 16, "<I", random.randrange(2**32))
