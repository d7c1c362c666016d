"""HTTP as the tests of this tier speak it: the standard library, and nothing of ours.

What is stated here about the genuine server must not depend on the client under test.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_S = 120.0

Form = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """A whole response."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        """Return the body as one JSON document."""
        return json.loads(self.body)

    def documents(self) -> list[Any]:
        """Return the JSON documents of a body that holds several.

        They are usually a line each, but the server also glues two together.
        """
        decoder, text, at, found = json.JSONDecoder(), self.body.decode(), 0, []
        while text[at:].strip():
            at += len(text[at:]) - len(text[at:].lstrip())
            document, at = decoder.raw_decode(text, at)
            found.append(document)
        return found

    @property
    def etag(self) -> str:
        """Return the ETag, which must be there."""
        return str(self.headers["ETag"])


@dataclass(frozen=True)
class Wire:
    """Requests to one server, with a key or without one; a connection for each."""

    url: str
    key: str | None = None

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        form: Form | None = None,
    ) -> Answer:
        """Send one request and read the whole answer."""
        sent = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        sent |= headers or {}
        body = None
        if form is not None:
            body = urlencode(list(form)).encode()
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        split = urlsplit(self.url)
        connection = http.client.HTTPConnection(
            split.hostname or "", split.port, timeout=TIMEOUT_S
        )
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a GET."""
        return self.request("GET", path, headers)

    def head(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a HEAD."""
        return self.request("HEAD", path, headers)

    def post(
        self, path: str, form: Form = (), headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a POST of a form."""
        return self.request("POST", path, headers, form)

    def new_key(self) -> str:
        """Return a new anonymous key, asked for without one."""
        answer = replace(self, key=None).get("/api/key")
        assert answer.status == 200, answer
        return str(answer.json()["result"]["apikey"])

    def with_new_key(self) -> Wire:
        """Return the same server, spoken to with a key of its own."""
        return replace(self, key=self.new_key())
