"""Lies that any JSON can be made of, whatever it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from tests.faults.fault import NASTY

Change = Callable[[Random, bytes], bytes]

_DEEP = 100_000


def changes() -> dict[str, Change]:
    """Return what can be done to the text of a JSON answer, by name."""
    return {**_of_text(), **_of_values()}


def _of_text() -> dict[str, Change]:
    deep = b"[" * _DEEP + b"]" * _DEEP
    deeper = b'{"a":' * _DEEP + b"1" + b"}" * _DEEP
    return {
        "UTF-8 that is none": _within_a_text(b"\xff\xc3\x28\xed\xa0\x80"),
        "half of a surrogate pair": _within_a_text(b"\\ud83d"),
        "NUL as it is": _within_a_text(b"\x00"),
        "NUL escaped": _within_a_text(b"\\u0000"),
        "a line break in a text": _within_a_text(b"\n"),
        "an escape that is none": _within_a_text(b"\\x41"),
        "a text of 2 MB": _within_a_text(b"long " * 400_000),
        "a mark of byte order": lambda r, b: b"\xef\xbb\xbf" + b,
        "UTF-16": lambda r, b: b.decode().encode("utf-16"),
        "Latin-1": lambda r, b: b.decode().replace("e", "é").encode("latin-1"),
        "twice, glued": lambda r, b: b + b,
        "rubbish behind": lambda r, b: b + b"}]\x00",
        "comments": lambda r, b: b"/* hello */" + b,
        "cut, as if whole": lambda r, b: b[: r.randrange(1, len(b))],
        "a bit flipped": _flipped,
        "deep lists": _more(b'"deep":' + deep),
        "deep objects": _more(b'"deep":' + deeper),
        "deep lists in the result": _more(b'"result":' + deep),
        "NaN": _more(b'"x": NaN'),
        "Infinity": _more(b'"x": [Infinity, -Infinity]'),
        "a number of 100,000 digits": _more(b'"x": ' + b"7" * 100_000),
        "1e999": _more(b'"x": 1e999'),
        "a number that is none": _more(b'"x": -.5e'),
        "a key of 2 MB": _more(b'"' + b"k" * 2_000_000 + b'": 1'),
        "20,000 keys": _more(b",".join(b'"k%d": 1' % n for n in range(20_000))),
        "an empty key": _more(b'"": {"": [""]}'),
        "a key twice": _more(b'"status": "failed", "result": null, "setid": "other"'),
        "in a list": lambda r, b: b"[" + b + b"]",
        "as a text": lambda r, b: json.dumps(b.decode()).encode(),
    }


def _of_values() -> dict[str, Change]:
    def number(value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)

    def text(value: object) -> bool:
        return isinstance(value, str) and value not in ("ok", "complete")

    return {
        "control characters in every text": _every(text, lambda v: NASTY),
        "HTML in every text": _every(text, lambda v: "<script>alert(1)</script>"),
        "every text empty": _every(text, lambda v: ""),
        "every text a number": _every(text, lambda v: 7),
        "every text a list": _every(text, lambda v: [v]),
        "every number a text": _every(number, str),
        "every number huge": _every(number, lambda v: 10**25),
        "every number negative": _every(number, lambda v: -abs(v) - 1),
        "every number 1e308": _every(number, lambda v: 1e308),
        "every number half": _every(number, lambda v: 0.5),
        "every null an object": _every(lambda v: v is None, lambda v: {"a": None}),
        "every list empty": _every(lambda v: isinstance(v, list), lambda v: []),
        "every list doubled": _every(lambda v: isinstance(v, list), lambda v: v + v),
        "every list short": _every(lambda v: isinstance(v, list), lambda v: v[:1]),
        "one value null": _one(lambda r, v: None),
        "one value an object": _one(lambda r, v: {"a": {"b": []}}),
        "one value a list": _one(lambda r, v: [v, None]),
        "one value true": _one(lambda r, v: True),
        "one value huge": _one(lambda r, v: 10**18),
        "one value a path": _one(lambda r, v: "../../../../tmp/lccmirror-was-here"),
        "one value control characters": _one(lambda r, v: NASTY),
        "one key gone": _without_a_key,
        "every second key gone": lambda r, b: _rewritten(b, _thinned),
        "every key in capitals": lambda r, b: _rewritten(b, _capital),
    }


def _within_a_text(piece: bytes) -> Change:
    """Put `piece` into one of the texts."""

    def change(random: Random, body: bytes) -> bytes:
        places = [at for at in range(len(body) - 2) if body[at : at + 2] == b": "]
        places = [at + 3 for at in places if body[at + 2 : at + 3] == b'"']
        if not places:
            return body + piece
        at = random.choice(places)
        return body[:at] + piece + body[at:]

    return change


def _flipped(random: Random, body: bytes) -> bytes:
    changed = bytearray(body)
    changed[random.randrange(len(body))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _more(members: bytes) -> Change:
    """Add members to the outermost object, in front or behind."""

    def change(random: Random, body: bytes) -> bytes:
        start, end = body.find(b"{"), body.rfind(b"}")
        if start < 0:
            return body
        if random.random() < 0.5:
            return body[: start + 1] + members + b"," + body[start + 1 :]
        return body[:end] + b"," + members + body[end:]

    return change


def _every(which: Callable[[Any], bool], to: Callable[[Any], Any]) -> Change:
    def change(random: Random, body: bytes) -> bytes:
        return _rewritten(body, lambda value: to(value) if which(value) else value)

    return change


def _one(to: Callable[[Random, Any], Any]) -> Change:
    def change(random: Random, body: bytes) -> bytes:
        count = 0

        def counting(value: Any) -> Any:
            nonlocal count
            count += 1
            return value

        _rewritten(body, counting)
        chosen = random.randrange(max(1, count))
        count = 0

        def changing(value: Any) -> Any:
            nonlocal count
            count += 1
            return to(random, value) if count - 1 == chosen else value

        return _rewritten(body, changing)

    return change


def _without_a_key(random: Random, body: bytes) -> bytes:
    def change(value: Any) -> Any:
        if isinstance(value, dict) and value and random.random() < 0.3:
            value = dict(value)
            del value[random.choice(list(value))]
        return value

    return _rewritten(body, change)


def _thinned(value: Any) -> Any:
    return dict(list(value.items())[::2]) if isinstance(value, dict) else value


def _capital(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key.upper(): one for key, one in value.items()}


def _rewritten(body: bytes, change: Callable[[Any], Any]) -> bytes:
    """Change every value of every document, the innermost first; documents may be glued."""
    return b"\n".join(
        json.dumps(_walked(document, change)).encode() for document in _documents(body)
    )


def _documents(body: bytes) -> Iterator[Any]:
    text, decoder = body.decode(), json.JSONDecoder()
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        yield document
        text = text[end:]


def _walked(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        value = {key: _walked(one, change) for key, one in value.items()}
    elif isinstance(value, list):
        value = [_walked(one, change) for one in value]
    return change(value)
