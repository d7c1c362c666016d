"""The outline of an answer takes no more memory than it may, whatever the server writes."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterable

import pytest

from lccmirror import errors
from lccmirror.server import jsonfile
from lccmirror.server.jsonfile import LONGEST_VALUE, read_outline

COUNTED = frozenset({"rows"})


class Endless:
    """A file that begins with something and goes on with something else without end."""

    def __init__(self, begin: bytes, more: bytes) -> None:
        self._begin, self._more = begin, more
        self.seek(0)

    def read(self, size: int = -1, /) -> bytes:
        data = b"".join(itertools.islice(self._pieces, 64)) if size else b""
        self.given += len(data)
        return data

    def seek(self, at: int, /) -> None:
        self._pieces = itertools.chain([self._begin], itertools.repeat(self._more * 100))
        self.given = 0


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (b'{"message": "', b"long"),
        (b'{"message', b"long"),
        (b'{"message": ', b"    "),
        (b'{"message": 1', b"0000"),
        (b'{"rows": [[1, "', b"long"),
    ],
)
def test_a_value_without_end_is_refused_when_it_is_too_long(begin: bytes, more: bytes) -> None:
    file = Endless(begin, more)
    with pytest.raises(
        errors.ProtocolError, match=f"it: a value longer than {LONGEST_VALUE:,}"
    ):
        read_outline(file, "it", count_only=COUNTED)
    assert LONGEST_VALUE < file.given < 1.1 * LONGEST_VALUE


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (b'{"columns": [1', b",2.5"),
        (b'{"columns": [[]', b",[]"),
        (b'{"columns": {"a": 1', b',"a": 1'),
        (b'{"rows": [[1', b",2.5"),
        (b'{"rows": [{"a": [1', b",2.5"),
        # a single emoji, and each of a text's characters takes four bytes
        (b'{"columns": [1', b',"%b\xf0\x9f\x98\x80"' % (b"x" * 100)),
        (b'{"rows": [[1', b',"%b\xf0\x9f\x98\x80"' % (b"x" * 100)),
    ],
)
def test_values_without_end_are_refused_when_they_are_too_many(
    begin: bytes, more: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonfile, "_MOST_HELD", 8 << 20)
    file = Endless(begin, more)
    with pytest.raises(errors.ProtocolError, match="it: more values in one place than memory"):
        read_outline(file, "it", count_only=COUNTED)
    assert file.given < 3 << 20


def test_members_without_end_are_refused_when_they_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jsonfile, "_MOST_HELD", 8 << 20)
    answer = {f"member {number}": number for number in range(100_000)}
    with pytest.raises(errors.ProtocolError, match="it: more values in one place than memory"):
        read_outline(_file([json.dumps(answer)]), "it", count_only=COUNTED)


def test_of_what_is_only_counted_there_may_be_more_than_memory_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jsonfile, "_MOST_HELD", 8 << 20)
    rows = ",".join(["[1,2,3,4,5]"] * 40_000)
    outline = read_outline(
        _file(['{"name": "a", "rows": [', rows, '], "desc": "b"}']), "it", count_only=COUNTED
    )
    assert outline == jsonfile.Outline({"name": "a", "desc": "b"}, {"rows": 40_000})


def test_a_text_may_be_as_long_as_is_said() -> None:
    text = "x" * (LONGEST_VALUE - 100_000)
    outline = read_outline(_file([json.dumps({"desc": text})]), "it", count_only=COUNTED)
    assert outline.fields == {"desc": text}


def _file(parts: Iterable[str]) -> jsonfile.Readable:
    return io.BytesIO("".join(parts).encode())
