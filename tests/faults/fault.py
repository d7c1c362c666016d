"""A fault of the network, and where it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from lccmirror.demo.messages import Answer
from tests.faults.story import StorySite, some_byte
from tests.support import misbehaving as wrong
from tests.support.misbehaving import Action, Turn, whole

NASTY = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp\u2028\x00\r\n\tend"
"""Text that must reach no terminal as it is."""


# The same, as far as it can stand in a header.
NASTY_HEADER = "\x1b]0;owned\x07\x1b[2J\x9b31m"


@dataclass(frozen=True)
class Scene:
    """Where a fault is made.

    Parameters
    ----------
    site
        The server, and the way to it.
    elsewhere
        The URL of another server, which nothing may be sent to.
    """

    site: StorySite
    random: Random
    times: int
    elsewhere: str


Make = Callable[[Scene], Action]


@dataclass(frozen=True)
class Fault:
    """A way for a request to fail.

    Parameters
    ----------
    name
        In words.
    needs
        Which requests it can be done to: ``any``; ``body``, one whose answer has one;
        ``file``, one for a file; ``json``, one that is answered in JSON; ``tls``.
    slow
        It takes real time, so it is not done many times in a row.
    chooses
        It sees every request of its sort, and chooses itself which ones it breaks.
    """

    name: str
    make: Make
    needs: str = "any"
    slow: bool = False
    chooses: bool = False

    def suits(self, sort: str) -> bool:
        """Whether it can be done to a request of this sort."""
        method, _, path = sort.partition(" ")
        is_file = path.split("/")[1] in ("d", "p", "l", "c")
        if self.needs == "body":
            return method != "HEAD"
        if self.needs == "file":
            return is_file and method == "GET"
        if self.needs == "json":
            return not is_file
        return True


def said(action: Action) -> Make:
    return lambda scene: action


def raw(content: bytes) -> Action:
    def act(turn: Turn) -> None:
        turn.wire.send(content)
        turn.wire.close()

    return act


def cut(*, declared: bool = True, by_reset: bool = False, inside: bool = False) -> Make:
    def make(scene: Scene) -> Action:
        def act(turn: Turn) -> Answer | None:
            size = len(whole(turn.honest()))
            at = some_byte(scene.random, size)
            if inside:
                at = min(max(1, at), size - 1)
            return wrong.cut(at, declared=declared, by_reset=by_reset)(turn)

        return act

    return make
