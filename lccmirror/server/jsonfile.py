"""Reading a spooled JSON answer piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import ijson  # type: ignore[import-untyped]  # the package has no types

from ..errors import CutShort, ProtocolError, RequestRefused
from ..names import printable
from .classify import plain
from .fields import text

# A level takes a hundred bytes of memory for one that came; no answer has ten.
_DEEPEST = 200
# The parser gathers a text before it tells of it, and looks at it anew with every piece.
LONGEST_VALUE = 4 << 20
# What may be held of an answer at once: its members but those only counted, or one of their
# items. Each value takes about a hundred bytes, and each byte of a text four if only one of
# its characters is beyond the first 65,536.
_MOST_HELD = 128 << 20
_PER_VALUE, _PER_BYTE = 100, 4


class Readable(Protocol):
    """What an outline is read from."""

    def read(self, size: int = ..., /) -> bytes:
        """Return some of the next bytes, none at the end."""

    def seek(self, at: int, /) -> object:
        """Go back to the beginning."""


class _Bounded:
    """A file, read as long as what comes of it is neither too long nor too much.

    Its reader sets `quiet` to 0 with each value, and counts in `held` what it keeps.
    """

    def __init__(self, file: Readable, what: str) -> None:
        self._file = file
        self._what = what
        self.quiet = 0  # bytes since the last value
        self.held = 0  # bytes

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self.quiet += len(data)
        self.held += _PER_BYTE * len(data)
        if self.quiet > LONGEST_VALUE:
            raise ProtocolError(f"{self._what}: a value longer than {LONGEST_VALUE:,} bytes")
        if self.held > _MOST_HELD:
            raise ProtocolError(f"{self._what}: more values in one place than memory can hold")
        return data


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Turn the JSON parser's errors into ours.

    Raises
    ------
    CutShort
        If the document ends early.
    ProtocolError
        If it is not JSON.
    """
    try:
        yield
    except ijson.IncompleteJSONError:
        # also what the parser says of some documents that are merely wrong: a second
        # look at the server is cheap
        raise CutShort(f"{what}: the JSON is not complete") from None
    except (ijson.JSONError, UnicodeDecodeError, OverflowError):
        raise ProtocolError(f"{what}: something came that is not JSON") from None


@dataclass(frozen=True)
class Outline:
    """A document's top level.

    Parameters
    ----------
    fields
        The values, without those that were only counted.
    lengths
        Of each array that was only counted, its number of items; None if it is no array.
    """

    fields: dict[str, Any]
    lengths: dict[str, int | None]


def read_outline(file: Readable, what: str, *, count_only: frozenset[str]) -> Outline:
    """Read a document's top level without ever holding its large parts.

    Parameters
    ----------
    file
        Is read from its beginning, and left there.
    what
        For messages.
    count_only
        Top-level keys whose items are counted and forgotten.

    Raises
    ------
    CutShort
        If the document ends early.
    ProtocolError
        If it is no JSON object, has a key twice, is nested too deeply, or has a value too
        long, or too many at once, to be held.
    """
    fields: dict[str, Any] = {}
    lengths: dict[str, int | None] = {}
    file.seek(0)
    source = _Bounded(file, what)
    with understood(what):
        events = iter(ijson.basic_parse(source, use_float=True))
        if next(events, (None, None))[0] != "start_map":
            raise ProtocolError(f"{what}: the answer is not a JSON object")
        for event, key in events:
            source.quiet = 0
            source.held += _PER_VALUE
            if event != "map_key":
                continue  # the end of the outermost object
            if key in fields or key in lengths:
                # Which of the two counts, every reader decides for itself.
                raise ProtocolError(f"{what}: the key {printable(key, 40)} is there twice")
            if key in count_only:
                lengths[key] = _skip(events, source, what)
            else:
                fields[key] = _build(events, source, what)
    file.seek(0)
    return Outline(fields, lengths)


def _skip(events: Iterator[tuple[str, Any]], source: _Bounded, what: str) -> int | None:
    first, _ = next(events)
    if first not in {"start_array", "start_map"}:
        return None
    depth, count, held = 1, 0, source.held
    for event, _ in events:
        source.quiet = 0
        # One item after the other is held later, when they are read.
        source.held = held if depth == 1 else source.held + _PER_VALUE
        if event in {"start_map", "start_array"}:
            count += depth == 1
            depth += 1
            _check_depth(depth, what)
        elif event in {"end_map", "end_array"}:
            depth -= 1
            if depth == 0:
                break
        elif depth == 1:
            count += 1
    return count if first == "start_array" else None


def _build(events: Iterator[tuple[str, Any]], source: _Bounded, what: str) -> Any:
    builder = ijson.ObjectBuilder()
    depth = 0
    for event, value in events:
        source.quiet = 0
        source.held += _PER_VALUE
        builder.event(event, value)
        depth += (event in {"start_map", "start_array"}) - (event in {"end_map", "end_array"})
        if depth == 0:
            break
        _check_depth(depth, what)
    return builder.value


def _check_depth(depth: int, what: str) -> None:
    if depth > _DEEPEST:
        raise ProtocolError(f"{what}: JSON nested deeper than {_DEEPEST} levels")


def read_items(file: Readable, prefix: str, what: str) -> Iterator[Any]:
    """Yield the values at `prefix` (in ijson's way of writing it), one at a time."""
    file.seek(0)
    with understood(what):
        yield from ijson.items(file, prefix, use_float=True)


def check_ok(fields: dict[str, Any], what: str) -> None:
    """Let an envelope pass whose status begins with ``ok``.

    Raises
    ------
    RequestRefused
        With the server's own words, if the status says ``failed``: under HTTP 200, too.
    ProtocolError
        If there is no status.
    """
    status = text(fields.get("status"))
    if status is None:
        raise ProtocolError(
            f"{what}: the answer has no status",
            hint="is [server] url that of an LCC-Server?",
        )
    # "ok pf-ok sc-ok" tells a person with an account what more they may do
    if status.partition(" ")[0] != "ok":
        said = plain(fields.get("message")) or "no reason given"
        raise RequestRefused(f"{what}: the server refused: {said}")
