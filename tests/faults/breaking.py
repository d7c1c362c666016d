"""What can go wrong with one request: every fault of the network by its name.

A fault is made for a request that has come (`Turn`): it answers, or writes to the
connection itself, or breaks the way that the next connections take.
"""

from __future__ import annotations

import functools
import gzip
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from random import Random

from lccmirror.demo.messages import Answer, Request
from tests.faults.story import StorySite, some_byte
from tests.faults.ways import BAD_CERTIFICATES
from tests.support import misbehaving as wrong
from tests.support.misbehaving import Action, Turn, whole

NASTY = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp\u2028\x00\r\n\tend"
"""Text that must reach no terminal as it is."""

# The same, as far as it can stand in a header.
_NASTY_HEADER = "\x1b]0;owned\x07\x1b[2J\x9b31m"


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
    """

    name: str
    make: Make
    needs: str = "any"
    slow: bool = False

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


def faults() -> list[Fault]:
    """Return every fault of the network."""
    return [*_ways(), *_connections(), *_statuses(), *_bodies(), *_headers(), *_ranges()]


def _said(action: Action) -> Make:
    return lambda scene: action


def _ways() -> Iterator[Fault]:
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


def _connections() -> Iterator[Fault]:
    """Yield connections that break, and those that say nothing, or little."""
    yield Fault("reset before the headers", _said(wrong.reset()))
    yield Fault("reset within the headers", _said(wrong.reset(within_head=True)))
    yield Fault("closed without a word", _said(_raw(b"")))
    yield Fault("closed within the first line", _said(_raw(b"HTTP/1.")))
    yield Fault("closed within the headers", _said(_raw(b"HTTP/1.1 200 OK\r\nContent-Le")))
    yield Fault("closed after the headers", _said(_raw(b"HTTP/1.1 200 OK\r\nX: y\r\n")))
    yield Fault("cut, with a length", _cut())
    yield Fault("cut, without a length", _cut(declared=False), needs="body")
    yield Fault("cut by a reset", _cut(by_reset=True))
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
    yield Fault("silence", _said(wrong.hang()), slow=True)
    yield Fault("silence within the body", _hang_within, needs="body", slow=True)
    yield Fault("a byte a second", _drip, needs="body")
    yield Fault("headers, a byte a second", _drip_headers)
    yield Fault("no HTTP", _said(_raw(b"SSH-2.0-OpenSSH_9.2\r\n")))
    yield Fault("HTTP 0.9", _said(_raw(b"<html>hello</html>")))
    yield Fault("a header without end", _said(_raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000)))
    many = b"".join(b"X-%d: y\r\n" % number for number in range(500))
    yield Fault("500 headers", _said(_raw(b"HTTP/1.1 200 OK\r\n" + many + b"\r\n")))
    yield Fault("early hints", _early)


def _statuses() -> Iterator[Fault]:
    """Yield answers of another status."""
    for code in (400, 401, 403, 404, 405, 408, 410, 418, 429, 500, 502, 503, 504):
        yield Fault(f"{code}", _said(wrong.status(code)))
    yield Fault("401 in JSON", _said(wrong.status(401, as_json=True)))
    for words, value in {
        "in seconds": "7",
        "in a fraction": "0.5",
        "as nonsense": "soon",
        "negative": "-30",
        "a year": "31536000",
        "of 400 digits": "9" * 400,
        "empty": "",
        "with control characters": _NASTY_HEADER,
    }.items():
        yield Fault(f"429, Retry-After {words}", _said(wrong.rate_limited(value)))
        yield Fault(f"503, Retry-After {words}", _said(wrong.status(503, Retry_After=value)))
    for words, ahead in {"soon": 5.0, "past": -1e6, "in a year": 3.2e7}.items():
        yield Fault(f"503, Retry-After a date {words}", _retry_date(ahead))
    for code in (100, 101, 102, 199, 204, 205, 207, 226, 300, 305, 306, 599, 600, 999):
        yield Fault(f"status {code}", _said(_raw(b"HTTP/1.1 %d What\r\n\r\n" % code)))
    yield Fault("status 20", _said(_raw(b"HTTP/1.1 20 OK\r\n\r\n")))
    yield Fault("status -200", _said(_raw(b"HTTP/1.1 -200 OK\r\n\r\n")))
    nasty = _NASTY_HEADER.encode("latin-1")
    yield Fault("a phrase of control characters", _said(_raw(b"HTTP/1.1 500 " + nasty)))
    yield Fault("304 for what we do not have", _said(wrong.phantom_not_modified()))
    yield Fault("a redirect to itself", _said(wrong.redirect("")))
    for code in (301, 302, 303, 307, 308):
        yield Fault(f"{code} to another host", _redirect("{elsewhere}{target}", code))
    for words, location in {
        "another scheme": "ftp://lcc.test/x",
        "a file": "file:///etc/passwd",
        "nowhere": "http://",
        "a host by two slashes": "//{host}{target}",
        "a host with our name in it": "http://lcc.test@{host}{target}",
        "nonsense": "http://[::1{target}",
        "control characters": f"/{_NASTY_HEADER}",
        "another port": "http://lcc.test:99999/",
        "a parent": "/../../../x",
    }.items():
        yield Fault(f"a redirect to {words}", _redirect(location, 302))


def _bodies() -> Iterator[Fault]:
    """Yield whole answers that are something else."""
    yield Fault("HTML", _said(wrong.html_instead()), needs="body")
    yield Fault("HTML as JSON", _said(wrong.body(b"<!doctype html><html></html>")), "body")
    yield Fault("nothing", _said(wrong.body(b"")), needs="body")
    for text in (b"null", b"[]", b"{}", b"7", b'"text"', b"{", b"\xff\xfe{}", b"\x00" * 50):
        yield Fault(f"{text[:8]!r}", _said(wrong.body(text)), needs="body")
    failed = json.dumps({"status": "failed", "message": NASTY, "result": None})
    yield Fault("failed, with control characters", _said(wrong.body(failed.encode())), "json")
    for code in (400, 401, 403, 404, 429, 500):
        page = f"<html><title>{NASTY}</title></html>".encode()
        yield Fault(f"{code}, a page of control characters", _page(code, page, "text/html"))
        yield Fault(f"{code}, control characters in JSON", _page(code, failed.encode()))
    yield Fault("a bit turned on its way", _turned, needs="body")
    yield Fault("a gzip bomb", _bomb, needs="body")
    yield Fault("a gzip that is cut", _packed(lambda b: gzip.compress(b)[:-9]), "body")
    yield Fault("a gzip that is damaged", _packed(_damaged), needs="body")
    yield Fault("a gzip in a gzip", _packed(lambda b: gzip.compress(gzip.compress(b))), "body")
    yield Fault(
        "a gzip with rubbish behind", _packed(lambda b: gzip.compress(b) + b"?"), "body"
    )
    yield Fault("a gzip that is none", _packed(lambda b: b), needs="body")
    yield Fault("a gzip that is not called so", _packed(gzip.compress, "identity"), "body")
    for name in ("deflate", "br", "zstd", "gzip, gzip", "\x1b[2J"):
        yield Fault(f"packed by {name!r}", _packed(lambda b: b, name), needs="body")


def _headers() -> Iterator[Fault]:
    """Yield honest bodies under headers that lie."""
    for difference in (1, 1000, -1, -20):
        yield Fault(f"a length wrong by {difference}", _said(wrong.wrong_length(difference)))
    for value in ("-5", "abc", "1e3", "", "9" * 30, "9" * 5000, "5, 6", "+7", "\xb2"):
        words = value if len(value) < 40 else f"of {len(value)} digits"
        yield Fault(f"a length {words!r}", _length(value))
    for name, value in {
        "Content-Type": _NASTY_HEADER,
        "ETag": f'"{_NASTY_HEADER}"',
        "Last-Modified": _NASTY_HEADER,
        "Set-Cookie": "a=b; Domain=test",
        "Transfer-Encoding": "gzip",
        "Connection": "close",
        "Content-Range": "bytes 0-5/9",
        "Age": "9" * 5000,
        "Date": "Tue, 31 Feb 99999 25:61:61 GMT",
    }.items():
        yield Fault(f"{name}: {value[:20]!r}", _said(wrong.header(name, value)))
    yield Fault("a date long past", _dated(-1e9))
    yield Fault("a date far ahead", _dated(1e9))


def _ranges() -> Iterator[Fault]:
    """Yield downloads that are cut, and go on with something that does not fit."""

    def after_a_cut(name: str, action: Action) -> Fault:
        def make(scene: Scene) -> Action:
            return wrong.in_turn(_cut(inside=True)(scene), action)

        return Fault(f"cut, then {name}", make, needs="file")

    yield after_a_cut("200 with all of it", _whole_again)
    yield after_a_cut("206 of another version", wrong.other_version(b"another version " * 900))
    yield after_a_cut("416", lambda turn: Answer(416, (("Content-Range", "bytes */10"),)))
    yield after_a_cut("304", wrong.phantom_not_modified())
    yield after_a_cut("404", wrong.status(404))
    yield after_a_cut("206 from somewhere else", _shifted(0))
    yield after_a_cut("206 a byte late", _shifted(1))
    yield after_a_cut("206 a byte early", _shifted(-1))
    for words, value in {
        "no range": None,
        "a range of nothing": "bytes 0-0/1",
        "a range backwards": "bytes 9-3/10",
        "a range without a total": "bytes 5-9/*",
        "a range of 5000 digits": f"bytes {'9' * 5000}-{'9' * 5000}/{'9' * 5000}",
        "a range in pages": "pages 1-2/3",
        "nonsense": _NASTY_HEADER,
    }.items():
        yield after_a_cut(f"206 with {words}", _ranged(value))
    yield after_a_cut("206 in parts", wrong.header("Content-Type", "multipart/byteranges"))
    yield after_a_cut("another ETag", wrong.header("ETag", '"another"'))
    yield after_a_cut("the ETag gone", _without("ETag", "Last-Modified"))


# How each is done


def _raw(content: bytes) -> Action:
    def act(turn: Turn) -> None:
        turn.wire.send(content)
        turn.wire.close()

    return act


def _cut(*, declared: bool = True, by_reset: bool = False, inside: bool = False) -> Make:
    def make(scene: Scene) -> Action:
        def act(turn: Turn) -> Answer | None:
            size = len(whole(turn.honest()))
            at = some_byte(scene.random, size)
            if inside:
                at = min(max(1, at), size - 1)
            return wrong.cut(at, declared=declared, by_reset=by_reset)(turn)

        return act

    return make


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


def _retry_date(ahead: float) -> Make:
    def make(scene: Scene) -> Action:
        def act(turn: Turn) -> Answer | None:
            at = formatdate(scene.site.clock() + ahead, usegmt=True)
            return wrong.status(503, Retry_After=at)(turn)

        return act

    return make


def _redirect(location: str, code: int) -> Make:
    def make(scene: Scene) -> Action:
        host = scene.elsewhere.removeprefix("http://")

        def act(turn: Turn) -> Answer | None:
            to = location.replace("{elsewhere}", scene.elsewhere).replace("{host}", host)
            return wrong.redirect(to.replace("{target}", turn.request.target), code)(turn)

        return act

    return make


def _page(code: int, content: bytes, kind: str = "application/json") -> Make:
    return _said(lambda turn: Answer(code, (("Content-Type", kind),), content))


@functools.cache
def _zeros() -> bytes:
    """The smallest body that unpacks to more than any limit of the story."""
    return gzip.compress(b" " * 8_000_000, mtime=0)


def _bomb(scene: Scene) -> Action:
    def act(turn: Turn) -> Answer:
        return Answer(200, (("Content-Encoding", "gzip"),), _zeros())

    return act


def _packed(pack: Callable[[bytes], bytes], name: str = "gzip") -> Make:
    def make(scene: Scene) -> Action:
        def act(turn: Turn) -> Answer:
            answer = turn.honest()
            content = whole(answer)
            if answer.header("Content-Encoding") == "gzip":
                content = gzip.decompress(content)
            packed = Answer(answer.status, answer.headers, pack(content))
            return packed.with_headers(("Content-Encoding", name))

        return act

    return make


def _damaged(content: bytes) -> bytes:
    packed = bytearray(gzip.compress(content))
    packed[len(packed) // 2] ^= 0xFF
    return bytes(packed)


def _turned(scene: Scene) -> Action:
    def change(content: bytes) -> bytes:
        turned = bytearray(content)
        turned[scene.random.randrange(len(turned))] ^= 1 << scene.random.randrange(8)
        return bytes(turned)

    return wrong.damaged_body(change)


def _length(value: str) -> Make:
    def make(scene: Scene) -> Action:
        def act(turn: Turn) -> None:
            answer = turn.honest()
            turn.wire.send_head(answer.status, (*answer.headers, ("Content-Length", value)))
            turn.wire.send(whole(answer))
            turn.wire.close()

        return act

    return make


def _dated(ahead: float) -> Make:
    def make(scene: Scene) -> Action:
        def act(turn: Turn) -> None:
            answer = turn.honest()
            content = whole(answer)
            at = formatdate(max(0.0, scene.site.clock() + ahead), usegmt=True)
            head = f"HTTP/1.1 {answer.status} OK\r\nDate: {at}\r\n"
            head += "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
            head += f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
            turn.wire.send(head.encode("latin-1"), body=False)
            if turn.request.method != "HEAD":
                turn.wire.send(content)
            turn.wire.close()

        return act

    return make


def _without_range(request: Request) -> Request:
    headers = {name: text for name, text in request.headers.items() if name != "range"}
    return Request(
        request.method,
        request.target,
        request.path,
        request.query,
        headers,
        request.body,
        request.address,
    )


def _whole_again(turn: Turn) -> Answer:
    answer = turn.honest()
    start = _start(turn)
    if answer.status != 206:
        return answer
    rest = whole(answer)
    # What comes before the range is not in the honest answer: the file itself has it.
    return Answer(200, answer.headers, b"\x00" * start + rest).with_headers(
        ("Content-Range", "")
    )


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
