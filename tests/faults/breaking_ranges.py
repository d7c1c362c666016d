"""Downloads that are cut, and go on with something that does not fit."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from lccmirror.demo.messages import Answer
from tests.faults.fault import NASTY_HEADER, Fault, Make, Scene, cut
from tests.support import misbehaving as wrong
from tests.support.misbehaving import Action, Turn, whole


def ranges() -> Iterator[Fault]:
    """Yield downloads that are cut, and go on with something that does not fit."""

    def cut_then(name: str, action: Action) -> Fault:
        return Fault(f"cut, then {name}", after_a_cut(action), needs="file", chooses=True)

    yield cut_then("200 with all of it", _from_its_beginning)
    yield cut_then("200 with another beginning", _another_beginning)
    yield cut_then("206 of another version", wrong.other_version(b"another version " * 900))
    yield cut_then("416", lambda turn: Answer(416, (("Content-Range", "bytes */10"),)))
    yield cut_then("304", wrong.phantom_not_modified())
    yield cut_then("404", wrong.status(404))
    yield cut_then("206 from somewhere else", _shifted(0))
    yield cut_then("206 a byte late", _shifted(1))
    yield cut_then("206 a byte early", _shifted(-1))
    for words, value in {
        "no range": None,
        "a range of nothing": "bytes 0-0/1",
        "a range backwards": "bytes 9-3/10",
        "a range without a total": "bytes 5-9/*",
        "a range of 5000 digits": f"bytes {'9' * 5000}-{'9' * 5000}/{'9' * 5000}",
        "a range in pages": "pages 1-2/3",
        "nonsense": NASTY_HEADER,
    }.items():
        yield cut_then(f"206 with {words}", _ranged(value))
    yield cut_then("206 in parts", wrong.header("Content-Type", "multipart/byteranges"))
    yield cut_then("another ETag", wrong.header("ETag", '"another"'))
    yield cut_then("the ETag gone", _without("ETag", "Last-Modified"))


def after_a_cut(action: Action) -> Make:
    """Cut a download, and do `action` to as many as there are to be of those that go on."""

    def make(scene: Scene) -> Action:
        cutting = cut(inside=True)(scene)
        # Several downloads may come at the same time.
        lock = threading.Lock()
        about: list[str] = []
        left = [action] * scene.times

        def act(turn: Turn) -> Answer | None:
            target = turn.request.target
            with lock:
                if not about:
                    about.append(target)
                    chosen = cutting
                # The last one is for the download that was cut, whoever else asks meanwhile.
                elif len(left) > (target not in about):
                    chosen = left.pop()
                else:
                    return turn.honest()
            return chosen(turn)

        return act

    return make


def _from_its_beginning(turn: Turn) -> Answer:
    """Answer as a server that knows of no ranges."""
    headers = {name: text for name, text in turn.request.headers.items() if name != "range"}
    object.__setattr__(turn.request, "headers", headers)
    return turn.honest()


def _another_beginning(turn: Turn) -> Answer:
    answer = turn.honest()
    if answer.status != 206:
        return answer
    kept = tuple(one for one in answer.headers if one[0] != "Content-Range")
    return Answer(200, kept, b"\x00" * _start(turn) + whole(answer))


def _start(turn: Turn) -> int:
    asked = turn.request.headers.get("range", "bytes=0-")
    return int(asked.removeprefix("bytes=").partition("-")[0] or 0)


def _shifted(by: int) -> Action:
    def act(turn: Turn) -> Answer:
        answer = turn.honest()
        body = whole(answer)
        if answer.status != 206:
            return answer
        start = _start(turn)
        end = start + len(body)
        first = max(0, start + by) if by else 0
        span = f"bytes {first}-{end - 1}/{end}"
        return Answer(206, answer.headers, body).with_headers(("Content-Range", span))

    return act


def _ranged(value: str | None) -> Action:
    def act(turn: Turn) -> Answer:
        answer = turn.honest()
        kept = tuple(one for one in answer.headers if one[0] != "Content-Range")
        more = () if value is None else (("Content-Range", value),)
        return Answer(answer.status, (*kept, *more), whole(answer))

    return act


def _without(*names: str) -> Action:
    def act(turn: Turn) -> Answer:
        answer = turn.honest()
        kept = tuple(one for one in answer.headers if one[0] not in names)
        return Answer(answer.status, kept, answer.body)

    return act
