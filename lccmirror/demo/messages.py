"""Requests and answers, as the application sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

_PIECE = 1 << 18
JSON_TYPE = ("Content-Type", "application/json; charset=UTF-8")
HTML_TYPE = ("Content-Type", "text/html; charset=UTF-8")
VARY = ("Vary", "Accept-Encoding")


@dataclass(frozen=True)
class Request:
    """One request. Header names are in lower case."""

    method: str
    target: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    address: str

    @property
    def base_url(self) -> str:
        """The server's URL as the client wrote it (``Host``)."""
        return f"http://{self.headers.get('host', 'localhost')}"

    @property
    def page_number(self) -> int:
        """The page asked for: the server takes ``-2`` for 2, and nonsense for 1."""
        try:
            return abs(int(self.query.get("page", ["1"])[-1])) or 1
        except ValueError:
            return 1


@dataclass(frozen=True)
class FilePart:
    """`length` bytes of a file, from `start`: a body that is never held whole."""

    path: Path
    start: int
    length: int

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            left = self.length
            while left and (piece := file.read(min(_PIECE, left))):
                left -= len(piece)
                yield piece


Body = bytes | FilePart | Iterable[bytes]


@dataclass(frozen=True)
class Answer:
    """One answer. A body that is neither bytes nor a file part is sent in chunks."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: Body = b""

    def header(self, name: str) -> str | None:
        """Return the first header called `name`, or None."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)

    def with_headers(self, *headers: tuple[str, str]) -> Answer:
        """Return this answer with headers set: others of the same name go."""
        names = {name.lower() for name, _ in headers}
        kept = tuple(h for h in self.headers if h[0].lower() not in names)
        return Answer(self.status, (*kept, *headers), self.body)


def html_error(status: int) -> Answer:
    """Return the bare HTML page with which the server answers errors."""
    words = f"{status}: {HTTPStatus(status).phrase}"
    body = f"<html><title>{words}</title><body>{words}</body></html>"
    return Answer(status, (HTML_TYPE,), body.encode())


def json_answer(body: bytes, status: int = 200) -> Answer:
    """Return an answer of JSON."""
    return Answer(status, (JSON_TYPE, VARY), body)
