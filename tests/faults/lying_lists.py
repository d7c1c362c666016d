"""Lies about the list of datasets, and one item of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from lccmirror.demo.messages import JSON_TYPE, Answer
from tests.faults.fault import NASTY
from tests.faults.lie import PATHS, Lie, Scene, endless, honest, lying
from tests.support.misbehaving import Turn, whole


def items() -> Iterator[Lie]:
    """Yield lies about one item of the list."""
    values: dict[str, Iterable[object]] = {
        "last_updated": (
            "2001-01-01T00:00:00.000000",
            "9999-12-31T23:59:59.999999",
            "0000-00-00T00:00:00",
            "2026-11-22 18:38:07",
            "soon",
            None,
            7,
            "2" * 100_000,
            NASTY,
        ),
        "created_on": ("9999-12-31T23:59:59.999999", "0001-01-01T00:00:00", None, NASTY),
        "nobjects": (-1, 10**30, "many", None, 2**63, 0.5, 0),
        "name": (NASTY, None, 7, "n" * 1_000_000, {"a": 1}),
        "description": (NASTY, ["a"], "d" * 1_000_000),
        "citation": (NASTY, 7),
        "queried_collections": (NASTY, "", None, ", ".join(f"c{n}" for n in range(10_000))),
        "query_type": (NASTY, None, "'; DROP TABLE datasets; --"),
        "query_params": (NASTY, None, "[" * 100_000, '{"a": NaN}', {"a": 1}, "x" * 1_000_000),
        "dataset_visibility": (NASTY, None, "private", "unlisted", "nobody's"),
        "dataset_csv": ("http://lcc.test@127.0.0.1:1/d/x.csv", "/../../x", None, NASTY),
        "lczip_fpath": (None, "/p/../../x", "http://127.0.0.1:1/x.zip", 7, NASTY),
        "owned": ("yes", None, 7),
        "setid": (
            "../../../../tmp/lccmirror-was-here",
            "a/b",
            ".",
            "",
            None,
            7,
            "s" * 300,
            NASTY,
            "sætid",
            "AAAAAAAAAAA\n",
        ),
    }
    for key, lies_of in values.items():
        for value in lies_of:
            text = json.dumps(value)
            words = text if len(text) < 40 else f"{text[:20]} … ({len(text)})"
            yield Lie("list", f"{key} {words}", _item(_with(key, value)))
    yield Lie("list", "the time goes backwards with each answer", _backwards)
    for value in (None, 7, [], "an item", {}):
        yield Lie("list", f"an item that is {value!r}", _item(_instead(value)))


def _with(key: str, value: object) -> Callable[[Scene, dict[str, Any]], object]:
    return lambda scene, item: {**item, key: value}


def _instead(value: object) -> Callable[[Scene, dict[str, Any]], object]:
    return lambda scene, item: value


def _item(change: Callable[[Scene, dict[str, Any]], object]) -> Callable[[Scene], None]:
    """Change the item of the victim."""

    def tell(scene: Scene) -> None:
        def items(found: list[Any]) -> list[Any]:
            return [
                change(scene, one) if one["setid"] == scene.victim else one for one in found
            ]

        scene.add(PATHS["list"], lying(_result(items)))

    return tell


def _result(change: Callable[[list[Any]], object]) -> Callable[[bytes], bytes]:
    def changed(content: bytes) -> bytes:
        answer = json.loads(content)
        answer["result"] = change(answer["result"] or [])
        return json.dumps(answer).encode()

    return changed


def _backwards(scene: Scene) -> None:
    year = 2020

    def items(found: list[Any]) -> list[Any]:
        nonlocal year
        year -= 1
        return [{**one, "last_updated": f"{year}-01-01T00:00:00.000001"} for one in found]

    scene.add(PATHS["list"], lying(_result(items)))


def lists() -> Iterator[Lie]:
    """Yield lies about the list as a whole."""

    def all_of(change: Callable[[list[Any]], object]) -> Callable[[Scene], None]:
        return lambda scene: scene.add(PATHS["list"], lying(_result(change)))

    yield Lie("list", "backwards", all_of(lambda items: items[::-1]))
    yield Lie("list", "each item twice", all_of(lambda items: items + items))
    yield Lie("list", "nothing", all_of(lambda items: []), hides=True)
    yield Lie("list", "null", all_of(lambda items: None), hides=True)
    yield Lie("list", "an object", all_of(lambda items: {"a": items}), hides=True)
    yield Lie("list", "only the first", all_of(lambda items: items[:1]), hides=True)
    yield Lie("list", "one setid for all", all_of(_one_setid), hides=True)
    yield Lie("list", "one time for all", all_of(_one_time))
    for count in (0, 1, 25, 1000, 999_999, 10**12):
        yield Lie("list", f"a count of {count}", _message(f"found {count} datasets in total"))
    for message in ("found -5 datasets in total", NASTY, None, 7, ["a", "b"], "m" * 1_000_000):
        yield Lie("list", f"a count {str(message)[:20]!r}", _message(message))
    yield Lie("list", "failed, with items", _envelope(status="failed"), hides=True)
    yield Lie("list", "a status of control characters", _envelope(status=NASTY), hides=True)
    yield Lie("list", "3,000 datasets that are not there", _invented(3_000))
    yield Lie(
        "list",
        "100,000 datasets that are not there",
        _invented(100_000),
        heavy=True,
        room="200 MB",
    )
    yield Lie("list", "without end", endless(PATHS["list"]), hides=True)
    yield Lie("collections", "without end", endless(PATHS["collections"]), hides=True)
    yield Lie("object", "without end", endless(PATHS["object"]))
    for about in ("list", "collections", "set"):
        hides = about != "set"
        for words, unit in (("blanks", b" "), ("one text", b"x"), ("lists", b"[")):
            tell = _huge(about, unit, 200_000_000)
            name = f"200 MB of {words}"
            yield Lie(about, name, tell, hides=hides, heavy=True, room="3 GB")
        tell = _huge(about, b"x", 100_000_000)
        yield Lie(about, "a text of 100 MB", tell, hides=hides, heavy=True, room="3 GB")
    tell = _huge("list", b" ", 2_000_000_000)
    yield Lie("list", "2 GB of blanks", tell, hides=True, heavy=True, room="1 GB")


def _huge(about: str, unit: bytes, size: int) -> Callable[[Scene], None]:
    """Answer with so many bytes, within what is allowed."""
    before = b'{"status": "ok", "message": ' + {b"x": b'"', b"[": b"", b" ": b""}[unit]
    after = {b"x": b'"}', b"[": b"}", b" ": b"null}"}[unit]

    def pieces() -> Iterator[bytes]:
        yield before
        piece = unit * 1_000_000
        for _ in range(size // len(piece)):
            yield piece
        yield after

    def tell(scene: Scene) -> None:
        path = PATHS.get(about, f"^/set/{scene.victim}")
        scene.site.server.add(
            path, lambda turn: Answer(200, (JSON_TYPE,), pieces()), times=1, method="GET"
        )

    return tell


def _one_setid(items: list[Any]) -> list[Any]:
    return [{**one, "setid": items[0]["setid"]} for one in items]


def _one_time(items: list[Any]) -> list[Any]:
    return [{**one, "last_updated": items[0]["last_updated"]} for one in items]


def _message(message: object) -> Callable[[Scene], None]:
    return _envelope(message=message)


def _envelope(**fields: object) -> Callable[[Scene], None]:
    def change(content: bytes) -> bytes:
        return json.dumps({**json.loads(content), **fields}).encode()

    return lambda scene: scene.add(PATHS["list"], lying(change))


def _invented(count: int) -> Callable[[Scene], None]:
    """Name so many more datasets; they are too large to be wanted."""

    def tell(scene: Scene) -> None:
        scene.invented += [f"invented-{number}" for number in range(count)]

        def pieces(found: list[Any]) -> Iterator[bytes]:
            message = f"found {len(found) + count} datasets in total"
            yield b'{"status": "ok", "message": "%b", "result": [' % message.encode()
            yield json.dumps(found)[1:-1].encode()
            like = json.dumps({**found[-1], "nobjects": 10**9, "setid": "no such setid"})
            for at in range(0, count, 100):
                some = scene.invented[at : at + 100]
                told = [like.replace("no such setid", setid) for setid in some]
                yield ", ".join(["", *told]).encode()
            yield b"]}"

        def act(turn: Turn) -> Answer:
            found = json.loads(whole(honest(turn)))["result"]
            return Answer(200, (JSON_TYPE,), pieces(found))

        scene.add(PATHS["list"], act)

    return tell
