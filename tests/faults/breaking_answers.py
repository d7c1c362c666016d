"""Whole answers that are others: of another status, of other content, under false headers."""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Callable, Iterator
from email.utils import formatdate

from lccmirror.demo.messages import Answer
from tests.faults.fault import NASTY, NASTY_HEADER, Fault, Make, Scene, raw, said
from tests.support import misbehaving as wrong
from tests.support.misbehaving import Action, Turn, whole


def statuses() -> Iterator[Fault]:
    """Yield answers of another status."""
    for code in (400, 401, 403, 404, 405, 408, 410, 418, 429, 500, 502, 503, 504):
        yield Fault(f"{code}", said(wrong.status(code)))
    yield Fault("401 in JSON", said(wrong.status(401, as_json=True)))
    for words, value in {
        "in seconds": "7",
        "in a fraction": "0.5",
        "as nonsense": "soon",
        "negative": "-30",
        "a year": "31536000",
        "of 400 digits": "9" * 400,
        "empty": "",
        "with control characters": NASTY_HEADER,
    }.items():
        yield Fault(f"429, Retry-After {words}", said(wrong.rate_limited(value)))
        yield Fault(f"503, Retry-After {words}", said(wrong.status(503, Retry_After=value)))
    for words, ahead in {"soon": 5.0, "past": -1e6, "in a year": 3.2e7}.items():
        yield Fault(f"503, Retry-After a date {words}", _retry_date(ahead))
    for code in (100, 101, 102, 199, 204, 205, 207, 226, 300, 305, 306, 599, 600, 999):
        yield Fault(f"status {code}", said(raw(b"HTTP/1.1 %d What\r\n\r\n" % code)))
    yield Fault("status 20", said(raw(b"HTTP/1.1 20 OK\r\n\r\n")))
    yield Fault("status -200", said(raw(b"HTTP/1.1 -200 OK\r\n\r\n")))
    nasty = NASTY_HEADER.encode("latin-1")
    yield Fault("a phrase of control characters", said(raw(b"HTTP/1.1 500 " + nasty)))
    yield Fault("304 for what we do not have", said(wrong.phantom_not_modified()))
    yield Fault("a redirect to itself", said(wrong.redirect("")))
    for code in (301, 302, 303, 307, 308):
        yield Fault(f"{code} to another host", _redirect("{elsewhere}{target}", code))
    for words, location in {
        "another scheme": "ftp://lcc.test/x",
        "a file": "file:///etc/passwd",
        "nowhere": "http://",
        "a host by two slashes": "//{host}{target}",
        "a host with our name in it": "http://lcc.test@{host}{target}",
        "nonsense": "http://[::1{target}",
        "control characters": f"/{NASTY_HEADER}",
        "another port": "http://lcc.test:99999/",
        "a parent": "/../../../x",
    }.items():
        yield Fault(f"a redirect to {words}", _redirect(location, 302))


def bodies() -> Iterator[Fault]:
    """Yield whole answers that are something else."""
    yield Fault("HTML", said(wrong.html_instead()), needs="body")
    yield Fault("HTML as JSON", said(wrong.body(b"<!doctype html><html></html>")), "body")
    yield Fault("nothing", said(wrong.body(b"")), needs="body")
    for text in (b"null", b"[]", b"{}", b"7", b'"text"', b"{", b"\xff\xfe{}", b"\x00" * 50):
        yield Fault(f"{text[:8]!r}", said(wrong.body(text)), needs="body")
    failed = json.dumps({"status": "failed", "message": NASTY, "result": None})
    yield Fault("failed, with control characters", said(wrong.body(failed.encode())), "json")
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


def headers_that_lie() -> Iterator[Fault]:
    """Yield honest bodies under headers that lie."""
    for difference in (1, 1000, -1, -20):
        yield Fault(f"a length wrong by {difference}", said(wrong.wrong_length(difference)))
    for value in ("-5", "abc", "1e3", "", "9" * 30, "9" * 5000, "5, 6", "+7", "\xb2"):
        words = value if len(value) < 40 else f"of {len(value)} digits"
        yield Fault(f"a length {words!r}", _length(value))
    for name, value in {
        "Content-Type": NASTY_HEADER,
        "ETag": f'"{NASTY_HEADER}"',
        "Last-Modified": NASTY_HEADER,
        "Set-Cookie": "a=b; Domain=test",
        "Transfer-Encoding": "gzip",
        "Connection": "close",
        "Content-Range": "bytes 0-5/9",
        "Age": "9" * 5000,
        "Date": "Tue, 31 Feb 99999 25:61:61 GMT",
    }.items():
        yield Fault(f"{name}: {value[:20]!r}", said(wrong.header(name, value)))
    yield Fault("a date long past", _dated(-1e9))
    yield Fault("a date far ahead", _dated(1e9))


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
    return said(lambda turn: Answer(code, (("Content-Type", kind),), content))


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
