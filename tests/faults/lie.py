"""A lie of the server, and where it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from lccmirror.demo.messages import JSON_TYPE, Answer
from tests.faults.story import StorySite
from tests.support.misbehaving import Action, Turn, whole


@dataclass
class Scene:
    """Where a lie is told.

    Parameters
    ----------
    victim
        The dataset that most lies are about.
    others
        Those that nothing is said of.
    invented
        Setids of the lie's own making: of these the mirror needs nothing but words.
    """

    site: StorySite
    random: Random
    victim: str
    others: tuple[str, ...]
    invented: list[str] = field(default_factory=list)

    def add(self, path: str, action: Action, method: str = "GET|HEAD") -> None:
        """Lie to all requests for a path."""
        self.site.server.add(path, action, times=None, method=method)


@dataclass(frozen=True)
class Lie:
    """A lie.

    Parameters
    ----------
    about
        ``list``, ``collections``, ``set``, ``object``, ``search``, ``csv``, ``zip``.
    hides
        While it is told, the other datasets cannot be told of either.
    heavy
        It takes much time; it is not part of the short form.
    room
        How large an answer may be while it is told.
    """

    about: str
    name: str
    tell: Callable[[Scene], None]
    hides: bool = False
    heavy: bool = False
    room: str = "4 MB"

    def __str__(self) -> str:
        return f"{self.about}: {self.name}"


PATHS = {
    "list": r"^/api/datasets",
    "collections": r"^/api/collections",
    "object": r"^/api/object",
    "search": r"^/api/columnsearch",
}


def replaced(answer: Answer, content: bytes, *more: tuple[str, str]) -> Answer:
    """Return an answer of other content; what its headers say of the old one goes."""
    gone = ("Content-Encoding", "ETag", "Etag")
    kept = tuple(one for one in answer.headers if one[0] not in gone)
    return Answer(answer.status, kept, content).with_headers(*more)


def honest(turn: Turn) -> Answer:
    """Answer as the demo server would, but never "not modified", and not packed."""
    headers = dict(turn.request.headers)
    for name in ("if-none-match", "accept-encoding"):
        headers.pop(name, None)
    object.__setattr__(turn.request, "headers", headers)
    return turn.honest()


def lying(change: Callable[[bytes], bytes], *more: tuple[str, str]) -> Action:
    """Answer with something else, its ETag and all."""

    def act(turn: Turn) -> Answer:
        answer = honest(turn)
        return (
            answer if answer.status >= 400 else replaced(answer, change(whole(answer)), *more)
        )

    return act


def endless(path: str) -> Callable[[Scene], None]:
    def pieces() -> Iterator[bytes]:
        yield b'{"status": "ok", "message": "found 5 datasets in total", "result": ['
        for _ in range(100_000):
            yield b" " * 65_536

    def act(turn: Turn) -> Answer:
        return Answer(200, (JSON_TYPE,), pieces())

    return lambda scene: scene.add(path, act)
