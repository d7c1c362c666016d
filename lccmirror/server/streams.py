"""A search's answer, read live: JSON objects cut out of a stream, and what they say.

The server writes one JSON object a line, except that the last line may lack its newline
and two objects may stand without any between them; and the stream may end, properly, in
the middle of the search, because something crashed behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from .. import foreign_json
from ..errors import (
    CutShort,
    FormatError,
    ProtocolError,
    RequestRefused,
    TooLarge,
    TransientError,
)
from ..names import checked_setid, printable
from .classify import plain
from .fields import integer, text

_OUTSIDE = re.compile(rb'[{}"]')
_IN_STRING = re.compile(rb'["\\]')
_BLANK = b" \t\r\n"
# Servers refuse twice over; more words than these are no answer.
_MOST_REFUSALS = 10


class ObjectSplitter:
    """Cuts a stream of bytes into its JSON objects, wherever its chunks were cut.

    All that matters for the cut are ASCII bytes, which never occur inside a UTF-8
    character, so the stream is cut before it is decoded.

    Parameters
    ----------
    limit
        The longest object, in bytes.
    """

    def __init__(self, limit: int = 4 * 1024 * 1024) -> None:
        self._limit = limit
        self._held = bytearray()
        self._seen = 0
        self._depth = 0
        self._in_string = False

    @property
    def unfinished(self) -> bool:
        """Whether an object has begun and not ended."""
        return bool(self._held)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Take a chunk and yield the objects it completes, to the last.

        What came before something that makes no sense is good, and may name the setid: so
        each object is given before the next is looked for.

        Raises
        ------
        ProtocolError
            If something stands between objects.
        TooLarge
            If an object does not end within the limit.
        """
        self._held += chunk
        while (end := self._find_end()) is not None:
            whole = bytes(self._held[:end])
            del self._held[:end]
            self._seen = 0
            yield whole
        if len(self._held) > self._limit:
            raise TooLarge(f"a line of the search's answer has more than {self._limit:,} bytes")

    def _find_end(self) -> int | None:
        """Go on from where the last chunk ended to the end of the object, if it is there."""
        if self._depth == 0:
            blanks = len(self._held) - len(self._held.lstrip(_BLANK))
            del self._held[:blanks]
            if self._held and not self._held.startswith(b"{"):
                raise ProtocolError("the search's answer is not made of JSON objects")
        while True:
            pattern = _IN_STRING if self._in_string else _OUTSIDE
            match = pattern.search(self._held, self._seen)
            if match is None:
                self._seen = len(self._held)
                return None
            mark = match.group()
            self._seen = match.end()
            if mark == b"\\":
                if self._seen == len(self._held):
                    self._seen -= 1  # the escaped character is still to come
                    return None
                self._seen += 1
            elif mark == b'"':
                self._in_string = not self._in_string
            else:
                self._depth += 1 if mark == b"{" else -1
                if self._depth == 0:
                    return self._seen


@dataclass(frozen=True)
class SearchEvent:
    """A state of a running search.

    Parameters
    ----------
    setid
        The dataset the search will become; known from the first event on.
    message
        The server's words, as plain text.
    time
        When, by the server (UTC), if it said so.
    """

    setid: str | None
    message: str
    time: str | None


@dataclass(frozen=True)
class Queued(SearchEvent):
    """The server has taken the search and named its dataset."""


@dataclass(frozen=True)
class Running(SearchEvent):
    """The search goes on.

    Parameters
    ----------
    total_nmatches
        Objects matched, once known.
    lczip_ready
        Whether this event says that the light curves' ZIP is there.
    """

    total_nmatches: int | None
    lczip_ready: bool


@dataclass(frozen=True)
class Background(SearchEvent):
    """The search goes on without us; its dataset is to be asked for later."""


@dataclass(frozen=True)
class Finished(SearchEvent):
    """The dataset is complete.

    Parameters
    ----------
    total_nmatches
        Objects matched (None where the server does not say).
    actual_nrows
        Rows in the dataset, after sample and limit.
    npages, rows_per_page
        How the dataset is paged.
    created, updated
        As in the dataset.
    visibility
        As stored.
    """

    total_nmatches: int | None
    actual_nrows: int | None
    npages: int | None
    rows_per_page: int | None
    created: str | None
    updated: str | None
    visibility: str | None


@dataclass(frozen=True)
class NoMatch(SearchEvent):
    """Nothing matched, or a column is unknown, or the filter is wrong: all look alike."""


def read_search(chunks: Iterable[bytes], what: str) -> Iterator[SearchEvent]:
    """Yield a search's events as they come; the last one is final.

    Parameters
    ----------
    chunks
        The body, in any pieces.
    what
        Which search, for messages.

    Yields
    ------
    SearchEvent
        The last is `Finished`, `Background` or `NoMatch`.

    Raises
    ------
    RequestRefused
        If the server refused the search's arguments.
    CutShort
        If the stream ended before a final event; it names the setid, if one was told.
    ProtocolError
        If it is no such stream.
    """
    splitter = ObjectSplitter()
    setid: str | None = None
    state: str | None = None
    refusals: list[str] = []
    try:
        for chunk in chunks:
            for document in splitter.feed(chunk):
                answer = _document(document, what)
                state = text(answer.get("status")) or ""
                result = answer.get("result")
                fields = result if isinstance(result, dict) else {}
                setid = _setid(fields, what) or setid
                event = _event(state, answer, fields, setid)
                if event is None:
                    if len(refusals) < _MOST_REFUSALS:
                        refusals.append(plain(answer.get("message")) or "no reason given")
                    continue
                yield event
                if isinstance(event, Finished | Background | NoMatch):
                    return
    except TransientError as error:
        _cut(what, setid, state, error.message)
    if refusals:
        # bad coordinates are told twice over, in two objects
        raise RequestRefused(f"{what}: refused: {'; '.join(refusals)}")
    _cut(what, setid, state, None)


def _cut(what: str, setid: str | None, state: str | None, why: str | None) -> NoReturn:
    last = f"the answer ended after {printable(state, 40)!r}" if state else "no answer came"
    known = f"its dataset would be {setid}" if setid else "it has no setid"
    raise CutShort(f"{what}: {last}; {known}" + (f" ({why})" if why else ""))


def _document(document: bytes, what: str) -> dict[str, Any]:
    try:
        answer = foreign_json.load(document)
    except ValueError:
        raise ProtocolError(f"{what}: a line of the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise ProtocolError(f"{what}: a line of the answer is not an object")
    return answer


def _setid(fields: dict[str, Any], what: str) -> str | None:
    told = fields.get("setid")
    try:
        return None if told is None else checked_setid(told)
    except FormatError as error:
        raise ProtocolError(f"{what}: {error.message}") from None


def _event(
    state: str, answer: dict[str, Any], fields: dict[str, Any], setid: str | None
) -> SearchEvent | None:
    """Return the event a line stands for, or None for a refusal."""
    message, time = plain(answer.get("message")), text(answer.get("time"))
    # documented servers count in `nobjects`, the running one in the other two
    nobjects = integer(fields.get("nobjects"))
    matched = integer(fields.get("total_nmatches"))
    rows = integer(fields.get("actual_nrows"))
    match state.partition(" ")[0]:
        case "queued":
            return Queued(setid, message, time)
        case "ok":
            return Finished(
                setid,
                message,
                time,
                nobjects if matched is None else matched,
                nobjects if rows is None else rows,
                integer(fields.get("npages")),
                integer(fields.get("rows_per_page")),
                text(fields.get("created")),
                text(fields.get("updated")),
                text(fields.get("visibility")),
            )
        case "background":
            return Background(setid, message, time)
        case "failed" if setid is not None and (rows == 0 or nobjects == 0):
            return NoMatch(setid, message, time)
        case "failed":
            return None
        case _:
            return Running(
                setid,
                message,
                time,
                nobjects if matched is None else matched,
                bool(fields.get("lczip")),
            )
