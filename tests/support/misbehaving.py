"""The demo server, misbehaving on order.

A `Rule` says which requests it takes, how often, and what becomes of them; an action is a
callable that gets a `Turn` and either returns the answer to send or writes to the
connection itself. The first rule that applies takes the request; without one the server
is honest. Which rule took a request is in the request log.

::

    with MisbehavingServer() as server:
        server.add(r"/d/.*csv", cut(100), times=2)  # the first two downloads of CSVs
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from lccmirror.demo import DemoServer
from lccmirror.demo.messages import Answer, Request, html_error, json_answer
from lccmirror.demo.web import Wire
from tests.support.broken import cut, hang, reset, trickle, wrong_length
from tests.support.turns import Action, Turn, whole

# Answers and connections are spoiled by actions of one kind, and are asked for here.
__all__ = [
    "Action",
    "MisbehavingServer",
    "Rule",
    "Turn",
    "altered",
    "altered_body",
    "altered_result",
    "body",
    "cut",
    "damaged_body",
    "empty_page",
    "glued",
    "growing",
    "gzip_bomb",
    "hang",
    "header",
    "html_instead",
    "in_turn",
    "other_version",
    "phantom_not_modified",
    "rate_limited",
    "redirect",
    "reset",
    "status",
    "stream_ends_after",
    "trickle",
    "whole",
    "wrong_length",
]


@dataclass
class Rule:
    """What to do to which requests.

    Parameters
    ----------
    path
        A regular expression found anywhere in path and query.
    times
        How many requests it takes; None: all.
    skip
        How many fitting requests it lets pass before.
    method
        A regular expression for the whole method.
    when
        A further condition on the request.
    """

    path: str
    action: Action
    times: int | None = 1
    skip: int = 0
    method: str = "GET|POST"
    name: str = ""
    when: Callable[[Request], bool] | None = None
    fired: int = field(default=0, init=False)
    _seen: int = field(default=0, init=False)

    def takes(self, request: Request) -> bool:
        """Whether this rule takes `request`; counts it if so."""
        fits = re.search(self.path, request.target) and re.fullmatch(
            self.method, request.method
        )
        if not fits or not (self.when is None or self.when(request)):
            return False
        self._seen += 1
        if self._seen <= self.skip or (self.times is not None and self.fired >= self.times):
            return False
        self.fired += 1
        return True


class MisbehavingServer(DemoServer):
    """A `DemoServer` with rules; its parameters are those of `DemoServer`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, hook=self._hook)
        self.rules: list[Rule] = []
        self._released = threading.Event()
        self._lock = threading.Lock()

    def add(self, path: str, action: Action, **options: Any) -> Rule:
        """Add a rule (see `Rule`) and return it, to see how often it fired."""
        rule = Rule(path, action, **options)
        self.rules.append(rule)
        return rule

    def behave(self) -> None:
        """Forget all rules."""
        self.rules.clear()

    def close(self) -> None:
        """Release what hangs, then stop."""
        self._released.set()
        super().close()

    def _hook(
        self, request: Request, honest: Callable[[Request], Answer], wire: Wire
    ) -> Answer | None:
        with self._lock:
            rule = next((r for r in self.rules if r.takes(request)), None)
        if rule is None:
            return honest(request)
        wire.exchange.rule = rule.name or rule.path
        return rule.action(Turn(request, lambda: honest(request), wire, self._released))


# Other answers


def in_turn(*actions: Action) -> Action:
    """Do one action for the first request, the next for the second …; the last stays."""
    waiting = list(actions)

    def act(turn: Turn) -> Answer | None:
        action = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return action(turn)

    return act


def status(code: int, *, as_json: bool = False, **headers: str) -> Action:
    """Answer with `code`, as a bare HTML page or as the server's JSON for failures."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())

    def act(turn: Turn) -> Answer:
        answer = html_error(code)
        if as_json:
            text = "Your API key appears to be invalid or has expired."
            failed = {"status": "failed", "message": text, "result": None}
            answer = json_answer(json.dumps(failed).encode(), code)
        return answer.with_headers(*named)

    return act


def rate_limited(retry_after: str | None = "120") -> Action:
    """Answer 429; `retry_after` is sent as it is (seconds, a date, nonsense)."""
    body = {
        "status": "failed",
        "result": {"rate": 1237.99},
        "message": "You have exceeded your API request rate.",
    }

    def act(turn: Turn) -> Answer:
        answer = json_answer(json.dumps(body).encode(), 429)
        return answer.with_headers(("Retry-After", retry_after)) if retry_after else answer

    return act


def redirect(location: str, code: int = 302) -> Action:
    """Send the client elsewhere; ``""`` sends it to the same address again."""

    def act(turn: Turn) -> Answer:
        return Answer(code, (("Location", location or turn.request.target),))

    return act


def body(content: bytes, content_type: str = "application/json; charset=UTF-8") -> Action:
    """Answer 200 with `content`, whatever was asked."""
    return lambda turn: Answer(200, (("Content-Type", content_type),), content)


def html_instead() -> Action:
    """Answer 200 with a web page, as a captive portal does."""
    page = b"<!doctype html><html><title>Sign in to the network</title></html>"
    return body(page, "text/html; charset=UTF-8")


def glued(*objects: object) -> Action:
    """Answer 200 with JSON objects one after the other, nothing between them."""
    return body("".join(json.dumps(o) for o in objects).encode())


def phantom_not_modified() -> Action:
    """Answer 304 to a request that has no condition."""
    return lambda turn: Answer(HTTPStatus.NOT_MODIFIED)


def gzip_bomb(size: int) -> Action:
    """Answer 200 with `size` bytes of blanks in a gzip a thousand times smaller."""
    packed = gzip.compress(b" " * size, mtime=0)

    def act(turn: Turn) -> Answer:
        return json_answer(packed).with_headers(("Content-Encoding", "gzip"))

    return act


# The honest answer, altered


def altered(change: Callable[[Answer], Answer]) -> Action:
    """Answer honestly, but for what `change` does to the answer."""
    return lambda turn: change(turn.honest())


def altered_body(change: Callable[[bytes], bytes]) -> Action:
    """Answer honestly, but for what `change` does to the body (never compressed).

    The ETag of a JSON answer is that of the changed one.
    """

    def act(turn: Turn) -> Answer:
        answer = damaged_body(change)(turn)
        assert answer is not None
        tag = answer.header("ETag") or ""
        if len(tag) != len('""') + 40:
            return answer
        sha1 = hashlib.sha1(whole(answer), usedforsecurity=False).hexdigest()
        told = ("Etag", f'"{sha1}"')
        if turn.request.headers.get("if-none-match") == told[1]:
            return Answer(304, (told,))
        return answer.with_headers(told)

    return act


def damaged_body(change: Callable[[bytes], bytes]) -> Action:
    """Answer honestly, and let `change` happen to the body on its way (never compressed)."""

    def act(turn: Turn) -> Answer:
        answer = turn.honest()
        content = whole(answer)
        if answer.header("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        headers = tuple(h for h in answer.headers if h[0] != "Content-Encoding")
        return Answer(answer.status, headers, change(content))

    return act


def altered_result(change: Callable[[dict[str, Any]], object]) -> Action:
    """Answer honestly, but for what `change` does to the ``result`` of a JSON answer."""

    def act(content: bytes) -> bytes:
        answer = json.loads(content)
        change(answer["result"])
        return json.dumps(answer).encode()

    return altered_body(act)


def header(name: str, value: str) -> Action:
    """Answer honestly with one header changed (a stale ETag, a wrong Content-Range …)."""
    return altered(lambda answer: answer.with_headers((name, value)))


def empty_page() -> Action:
    """Answer a dataset's page without its rows, as for a page not yet rendered."""

    def change(content: bytes) -> bytes:
        page = json.loads(content)
        page["rows"] = []
        return json.dumps(page).encode()

    return altered_body(change)


def stream_ends_after(word: str) -> Action:
    """Answer a search's stream up to its last line of status `word`, and end it properly."""

    def act(turn: Turn) -> Answer:
        lines = whole(turn.honest()).splitlines(keepends=True)
        last = max(i for i, line in enumerate(lines) if json.loads(line)["status"] == word)
        return replace(json_answer(b""), body=iter(lines[: last + 1]))

    return act


def other_version(content: bytes) -> Action:
    """Answer from a file of `content`, though the client knows another version.

    A range of it is sent as 206 under the tag of the old one, as the server does.
    """

    def act(turn: Turn) -> Answer:
        honest = turn.honest()
        found = re.match(r"bytes=(\d+)-", turn.request.headers.get("range", ""))
        start = int(found[1]) if found else 0
        if start and honest.status == HTTPStatus.PARTIAL_CONTENT:
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            honest = honest.with_headers(("Content-Range", span))
        return replace(honest, body=content[start:])

    return act


def growing(part: float) -> Action:
    """Answer with the first `part` of the file as if it were all of it."""

    def act(turn: Turn) -> Answer:
        answer = turn.honest()
        content = whole(answer)
        return replace(answer, body=content[: int(len(content) * part)])

    return act
