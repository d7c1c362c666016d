"""Connections that are not made, break, or say nothing, or little."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from random import Random

from lccmirror.demo.messages import Answer
from tests.faults.fault import Fault, Make, Scene, cut, raw, said
from tests.faults.story import some_byte
from tests.faults.ways import BAD_CERTIFICATES
from tests.support import misbehaving as wrong
from tests.support.misbehaving import Action, Turn, whole


def ways() -> Iterator[Fault]:
    """Yield what goes wrong before there is a connection."""

    def way(break_it: Callable[[Scene], None]) -> Make:
        def make(scene: Scene) -> Action:
            def act(turn: Turn) -> None:
                break_it(scene)
                turn.wire.reset()

            return act

        return make

    yield Fault("connection refused", way(lambda s: s.site.resolver.refuse(s.times)))
    yield Fault("a deaf address first", way(lambda s: s.site.resolver.add_deaf(s.times)))
    yield Fault("the network is down", way(lambda s: s.site.resolver.unreachable(s.times)))
    yield Fault("no name server", way(lambda s: s.site.resolver.vanish(s.times)))
    yield Fault(
        "no such name",
        way(lambda s: s.site.resolver.vanish(s.times, socket.EAI_NONAME)),
    )
    for which in BAD_CERTIFICATES:
        yield Fault(f"a certificate {which}", way(_certificate(which)), needs="tls")


def _certificate(which: str) -> Callable[[Scene], None]:
    def show(scene: Scene) -> None:
        assert scene.site.front is not None
        scene.site.front.show(which, scene.times)

    return show


def connections() -> Iterator[Fault]:
    """Yield connections that break, and those that say nothing, or little."""
    yield Fault("reset before the headers", said(wrong.reset()))
    yield Fault("reset within the headers", said(wrong.reset(within_head=True)))
    yield Fault("closed without a word", said(raw(b"")))
    yield Fault("closed within the first line", said(raw(b"HTTP/1.")))
    yield Fault("closed within the headers", said(raw(b"HTTP/1.1 200 OK\r\nContent-Le")))
    yield Fault("closed after the headers", said(raw(b"HTTP/1.1 200 OK\r\nX: y\r\n")))
    yield Fault("cut, with a length", cut())
    yield Fault("cut, without a length", cut(declared=False), needs="body")
    yield Fault("cut by a reset", cut(by_reset=True))
    yield Fault("cut within a chunk", _in_chunks(_cut_chunk), needs="body")
    yield Fault("chunks without an end", _in_chunks(lambda r, b: (b, b"")), needs="body")
    yield Fault(
        "a chunk of a size that is none",
        _in_chunks(lambda r, b: (b, b"zz\r\nabc\r\n")),
        needs="body",
    )
    yield Fault(
        "a chunk larger than the world",
        _in_chunks(lambda r, b: (b, b"f" * 40 + b"\r\nabc\r\n")),
        needs="body",
    )
    yield Fault("silence", said(wrong.hang()), slow=True)
    yield Fault("silence within the body", _hang_within, needs="body", slow=True)
    yield Fault("a byte a second", _drip, needs="body")
    yield Fault("headers, a byte a second", _drip_headers)
    yield Fault("no HTTP", said(raw(b"SSH-2.0-OpenSSH_9.2\r\n")))
    yield Fault("HTTP 0.9", said(raw(b"<html>hello</html>")))
    yield Fault("a header without end", said(raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000)))
    many = b"".join(b"X-%d: y\r\n" % number for number in range(500))
    yield Fault("500 headers", said(raw(b"HTTP/1.1 200 OK\r\n" + many + b"\r\n")))
    yield Fault("early hints", _early)


def _in_chunks(end: Callable[[Random, bytes], tuple[bytes, bytes]]) -> Make:
    def make(scene: Scene) -> Action:
        def act(turn: Turn) -> None:
            answer = turn.honest()
            body, rest = end(scene.random, whole(answer))
            chunked = ("Transfer-Encoding", "chunked")
            turn.wire.send_head(answer.status, (*answer.headers, chunked))
            if body:
                turn.wire.send(b"%x\r\n%s\r\n" % (len(body), body))
            turn.wire.send(rest)
            turn.wire.close()

        return act

    return make


def _cut_chunk(random: Random, body: bytes) -> tuple[bytes, bytes]:
    at = some_byte(random, len(body))
    return b"", b"%x\r\n%s" % (len(body), body[:at])


def _hang_within(scene: Scene) -> Action:
    def act(turn: Turn) -> Answer | None:
        after = some_byte(scene.random, len(whole(turn.honest())))
        return wrong.hang(after=after)(turn)

    return act


def _drip(scene: Scene) -> Action:
    return wrong.trickle(1, lambda: scene.site.clock.forward(1))


def _drip_headers(scene: Scene) -> Action:
    def act(turn: Turn) -> None:
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 30:
            scene.site.clock.forward(1)
            turn.wire.send(bytes([byte]))
        turn.wire.close()

    return act


def _early(scene: Scene) -> Action:
    def act(turn: Turn) -> Answer:
        turn.wire.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 3, body=False)
        return turn.honest()

    return act
