"""What users and other programs of this machine hand in: config, filters, positions, keys."""

from __future__ import annotations

import math
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lccmirror.config import load_config
from lccmirror.config_cron import cron_points, least_gap
from lccmirror.config_lines import locate
from lccmirror.errors import ConfigError, UsageError
from lccmirror.filters import MAX_SERVER_LENGTH, parse_filter, to_server
from lccmirror.positions import parse_position, parse_targets, position_text
from lccmirror.server.keystore import read_key_file
from lccmirror.server.urls import Origin
from lccmirror.units import parse_duration, parse_moment, parse_rate, parse_size

from . import seeds
from .target import Target, find, storable

_NOON = datetime(2026, 2, 28, 12, tzinfo=UTC)


def _config(data: bytes, folder: Path) -> None:
    path = folder / "lccmirror.toml"
    path.write_bytes(data)
    config = load_config(path, thorough=False)
    for warning in config.warnings:
        if not warning.isprintable():
            find(f"a warning that is not printable: {warning!r:.200}")
    for search in config.searches:
        storable([search.name, search.text, search.columns, search.server_filters()])
    if not config.mirror.root.is_absolute():
        find("a root that is not absolute")


def _lines(data: bytes, folder: Path) -> None:
    """The walk that finds the lines of keys, against the reader that finds the keys."""
    del folder
    try:
        text = data.decode()
        document = tomllib.loads(text)
    except (ValueError, RecursionError):
        return
    # As the configuration is read: tomllib takes both line ends.
    text = text.replace("\r\n", "\n")
    told = locate(text)
    last = text.count("\n") + 1
    for key in document:
        line = told.of((key,))
        if line is None or not 1 <= line <= last:
            find(f"line {line} for the key {key!r:.60}")


def _cron(data: bytes, folder: Path) -> None:
    del folder
    text = data.decode("utf-8", "surrogateescape")
    if least_gap(text) <= timedelta(0):
        find("two runs at once")
    point = cron_points(text, UTC)(_NOON)
    if point is None or point <= _NOON:
        find(f"the next run after {_NOON} is {point}")


def _filters(data: bytes, folder: Path) -> None:
    del folder
    text = data.decode("utf-8", "surrogateescape")
    found = parse_filter(text)
    written = to_server(found)
    storable(written)
    if len(written) > MAX_SERVER_LENGTH:
        find("a filter that the server cuts")
    if parse_filter(written) != found:
        find(f"what is written for the server means something else: {written!r:.200}")


def _positions(data: bytes, folder: Path) -> None:
    del folder
    for one in parse_targets(data.split(b"\n"), "targets.txt"):
        ra, decl = parse_position(position_text(one.ra, one.decl))
        if not math.isclose(decl, one.decl, abs_tol=1e-9) or not (
            math.isclose(ra, one.ra, abs_tol=1e-9) or abs(one.ra - 360) < 1e-9
        ):
            find("another position when it is written and read again")


def _keys(data: bytes, folder: Path) -> None:
    path = folder / "key.json"
    path.touch(mode=0o600)
    path.write_bytes(data)
    key = read_key_file(path, Origin.parse("https://host"))
    text = key.value.reveal()
    if not (text.isascii() and text.isprintable() and " " not in text):
        find("a key that cannot stand in a header")
    if text in repr(key):
        find("a key that is shown")
    if key.expires is not None:
        key.expires.isoformat()


def _values(data: bytes, folder: Path) -> None:
    """Sizes, rates, durations and moments, and the URL of a server."""
    del folder
    text = data.decode("utf-8", "surrogateescape")
    refused = []
    for parse in (parse_size, parse_rate, parse_duration, parse_moment):
        try:
            parse(text)
        except UsageError as error:
            refused.append(error)
    try:
        origin = Origin.parse(text)
        if Origin.parse(str(origin)) != origin or not origin.holds(origin.url("/api/key")):
            find("an origin that does not come back")
    except ConfigError as error:
        raise error from None
    if len(refused) == 4:
        raise refused[0]


TARGETS = (
    Target(
        "config",
        _config,
        (
            *("lccmirror.config", "lccmirror.config_convert", "lccmirror.config_values"),
            *("lccmirror.config_search_values", "lccmirror.config_checks"),
            *("lccmirror.config_lines", "lccmirror.config_cron", "lccmirror.units"),
        ),
        seeds.configs,
        (
            *(
                b"[server]\n",
                b"[mirror]\n",
                b"[[search]]\n",
                b"[[notify]]\n",
                b"cron = ",
                b'"""',
            ),
            *(b"every = ", b"kind = ", b"'conesearch'", b"center = ", b"radius_arcmin = "),
            *(
                b"filters = ",
                b"file = ",
                b"'xmatch'",
                b"'columnsearch'",
                b"nan",
                b"inf",
                b"true",
            ),
            *(b"1979-05-27", b"\\u0000", b"{", b"}", b"[", b"]", b"timezone = ", b"nightly = "),
        ),
    ),
    Target(
        "lines",
        _lines,
        ("lccmirror.config_lines",),
        seeds.configs,
        (
            b'"""',
            b"'''",
            b"[[a.b]]\n",
            b"{",
            b"}",
            b"[",
            b"]",
            b"#",
            b"\\",
            b"=",
            b".",
            b"\r\n",
        ),
        max_len=1024,
    ),
    Target(
        "cron",
        _cron,
        ("lccmirror.config_cron",),
        seeds.crons,
        (b"*", b"*/", b"-", b",", b"mon", b"sun", b"7", b"L", b"last", b"0 0 29 2 *", b"jan"),
        max_len=100,
    ),
    Target(
        "filters",
        _filters,
        ("lccmirror.filters", "lccmirror.filter_tree"),
        seeds.filters,
        (
            *(
                b" and ",
                b" or ",
                b" not ",
                b"(",
                b")",
                b" between ",
                b" is null",
                b" contains ",
            ),
            *(b"''", b"\xe2\x89\xa4", b"\xef\xbc\x91", b" lt ", b"1e5", b" like ", b" in "),
        ),
        max_len=1500,
    ),
    Target(
        "positions",
        _positions,
        ("lccmirror.positions",),
        seeds.positions,
        (b"12:34:56.7", b" -0 ", b"359.9999999999", b"#", b"h", b"m", b"s", b"d", b"90", b"60"),
        max_len=1024,
    ),
    Target(
        "keys",
        _keys,
        ("lccmirror.server.keystore", "lccmirror.server.secret"),
        seeds.keys,
        (b'"apikey"', b'"expires"', b'"result"', b"0001-01-01T00:00:00+23:59", b"null", b"{"),
        max_len=1024,
    ),
    Target(
        "values",
        _values,
        ("lccmirror.units", "lccmirror.server.urls"),
        seeds.values,
        (b"GB", b"MiB/s", b"https://", b"[::1]", b"@", b":", b"0001-01-01", b"Z", b"1e5"),
        max_len=256,
    ),
)
