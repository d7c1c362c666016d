"""Lies about a search, line by line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from lccmirror.demo.messages import JSON_TYPE, Answer
from lccmirror.demo.searcher import Fate
from tests.faults.fault import NASTY
from tests.faults.lie import PATHS, Lie, Scene, lying
from tests.support.misbehaving import Turn, whole


def streams() -> Iterator[Lie]:
    """Yield every lie about a search."""

    def lines(change: Callable[[list[dict[str, Any]]], list[Any]]) -> Callable[[Scene], None]:
        def changed(content: bytes) -> bytes:
            told = [json.loads(line) for line in content.splitlines()]
            return b"".join(json.dumps(one).encode() + b"\n" for one in change(told))

        return lambda scene: scene.add(PATHS["search"], lying(changed), "POST")

    for count in (0, 1, 2):
        yield Lie("search", f"ends after {count}", lines(_first(count)))
    yield Lie("search", "the last line first", lines(lambda t: t[::-1]))
    yield Lie("search", "the last line twice", lines(lambda t: [*t, t[-1]]))
    yield Lie("search", "ok, then failed", lines(lambda t: [*t, _line("failed")]))
    yield Lie("search", "failed, then ok", lines(lambda t: [_line("failed"), *t]))
    yield Lie("search", "a status nobody knows", lines(lambda t: [*t[:-1], _line("hm")]))
    yield Lie("search", "10,000 lines more", lines(lambda t: [t[0]] * 10_000 + t))
    for setid in ("../../x", None, 7, NASTY, "nobody-knows", "s" * 300):
        yield Lie("search", f"a setid {str(setid)[:20]!r}", lines(_naming(setid)))
    yield Lie("search", "the setid of another", _setid_of_another)
    for status in ("ok", "background", "running"):
        yield Lie("search", f"{status} without a setid", lines(_only(status)))
    for fate in Fate:
        yield Lie("search", f"{fate.value}, as the running server ends", _fate(fate))
    yield Lie("search", "a byte at a time", _byte_by_byte)
    yield Lie("search", "that runs for ever", _running)
    yield Lie("search", "without end", _endless_search)


def _fate(fate: Fate) -> Callable[[Scene], None]:
    return lambda scene: scene.site.server.next_search(fate)


def _line(status: str) -> dict[str, Any]:
    return {"status": status, "result": {}, "message": NASTY, "time": "2026-01-01T00:00:00Z"}


Lines = list[dict[str, Any]]


def _first(count: int) -> Callable[[Lines], list[Any]]:
    return lambda told: told[:count]


def _only(status: str) -> Callable[[Lines], list[Any]]:
    return lambda told: [_line(status)]


def _naming(setid: object) -> Callable[[Lines], list[Any]]:
    def change(told: Lines) -> list[Any]:
        last = told[-1]
        return [*told[:-1], {**last, "result": {**(last["result"] or {}), "setid": setid}}]

    return change


def _setid_of_another(scene: Scene) -> None:
    def change(content: bytes) -> bytes:
        told = [json.loads(line) for line in content.splitlines()]
        return b"".join(json.dumps(o).encode() + b"\n" for o in _naming(scene.others[0])(told))

    scene.add(PATHS["search"], lying(change), "POST")


def _byte_by_byte(scene: Scene) -> None:
    def act(turn: Turn) -> Answer:
        answer = turn.honest()
        content = whole(answer)
        pieces = (content[at : at + 1] for at in range(len(content)))
        return Answer(answer.status, answer.headers, pieces)

    scene.add(PATHS["search"], act, "POST")


def _running(scene: Scene) -> None:
    """Say every minute that it goes on."""

    def pieces() -> Iterator[bytes]:
        line = json.dumps(_line("running")).encode() + b"\n"
        for _ in range(1_000):
            scene.site.clock.forward(60)
            yield line

    scene.add(PATHS["search"], lambda turn: Answer(200, (JSON_TYPE,), pieces()), "POST")


def _endless_search(scene: Scene) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"status": "running", "message": "'
        for _ in range(100_000):
            yield b"x" * 65_536

    scene.add(PATHS["search"], lambda turn: Answer(200, (JSON_TYPE,), pieces()), "POST")
