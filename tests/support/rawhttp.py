"""HTTP without help: `http.client`, so that a test sees what is on the wire."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    def lines(self) -> list[Any]:
        """Return the body as one JSON document a line."""
        return [json.loads(line) for line in self.body.splitlines()]


Form = Mapping[str, str | list[str]]


class RawClient:
    """One connection that is kept open.

    `key` is sent with every request while it is set.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=10)
        self.key: str | None = None

    def ask(
        self,
        method: str,
        target: str,
        *,
        form: Form | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request and read its whole answer."""
        sent = dict(headers or {})
        if self.key is not None:
            sent.setdefault("Authorization", f"Bearer {self.key}")
        body = None
        if form is not None:
            body = urlencode(form, doseq=True)
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, target, body, sent)
        response = self._connection.getresponse()
        return Reply(response.status, response.headers, response.read())

    def ask_raw(self, method: str, target: str, body: bytes, content_type: str) -> Reply:
        """Send a body of any kind."""
        headers = {"Content-Type": content_type}
        if self.key is not None:
            headers["Authorization"] = f"Bearer {self.key}"
        self._connection.request(method, target, body, headers)
        response = self._connection.getresponse()
        return Reply(response.status, response.headers, response.read())

    def get(self, target: str, **headers: str) -> Reply:
        """GET; header names are written with ``_`` for ``-``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("GET", target, headers=named)

    def post(self, target: str, **form: str | list[str]) -> Reply:
        """POST a form."""
        return self.ask("POST", target, form=form)

    def search(self, service: str, form: Form) -> Reply:
        """POST a search."""
        return self.ask("POST", f"/api/{service}", form=form)

    def take_key(self) -> str:
        """Get an anonymous key and use it from now on."""
        self.key = None
        self.key = str(self.get("/api/key").json()["result"]["apikey"])
        return self.key

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@contextmanager
def raw_client(url: str, *, with_key: bool = False) -> Iterator[RawClient]:
    """Open a client for a test."""
    client = RawClient(url)
    try:
        if with_key:
            client.take_key()
        yield client
    finally:
        client.close()
