"""Each JSON service of the API: its request, and what is made of its answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import IO, Any, TypeVar

from .. import foreign_json
from ..errors import (
    NotAnLccServer,
    NotFound,
    ProtocolError,
    RateLimited,
    TooLarge,
    TransientError,
    Unreachable,
)
from . import urls
from .answers import DatasetAnswer, DatasetsAnswer
from .classify import plain
from .exchange import Exchange
from .fields import mapping
from .jsonfile import check_ok, read_outline
from .keys import KeyRing
from .keystore import ApiKey, key_text, parse_time
from .parse_dataset import parse_dataset
from .parse_lists import parse_collections, read_list_outline
from .reply import Reply
from .secret import Secret
from .told_hash import NotAsTold
from .transport import Request
from .urls import Origin
from .wire import CollectionsAnswer, Dialect, KeyStatus

T = TypeVar("T")
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Desk:
    """Where a service is asked.

    Parameters
    ----------
    exchange
        Sends and receives.
    ring
        The keys; None to ask without one.
    stop
        Ends all waits.
    """

    exchange: Exchange
    ring: KeyRing | None
    stop: threading.Event

    def json(
        self,
        request: Request,
        parse: Callable[[Reply, IO[bytes] | None], T],
        *,
        renew: bool = True,
        retry_on: tuple[type[BaseException], ...] = (TransientError,),
    ) -> T:
        """See `Exchange.json`."""
        return self.exchange.json(
            request, parse, self.ring, self.stop, renew=renew, retry_on=retry_on
        )


def fetch_key(exchange: Exchange, origin: Origin, stop: threading.Event) -> ApiKey:
    """Fetch a new anonymous key."""
    what = "API key"

    def parse(reply: Reply, file: IO[bytes] | None) -> ApiKey:
        result = mapping(_envelope(file, what).get("result"))
        try:
            value = Secret(key_text(result.get("apikey")))
        except ValueError:
            raise ProtocolError(f"{what}: the answer holds none") from None
        return ApiKey(value, parse_time(result.get("expires")), "anonymous", str(origin))

    # Asked without the old key: the server fails to renew one that it is shown.
    try:
        key = Desk(exchange, None, stop).json(_get("/api/key", what), parse)
    except NotFound as error:
        raise _no_lcc_server(origin, error) from error
    exchange.stats.add(renewals=1)
    exchange.budget.new_key()
    return key


def verify_key(desk: Desk, key: ApiKey) -> KeyStatus:
    """Ask the server whether `key`, which must be the one in use, is good."""
    try:
        return _verify(desk, key, "/api/verify")
    except NotFound:
        # Only where the running dialect's check is missing: the documented one has the
        # key in its URL, which then stands in the server's log.
        return _verify(desk, key, "/api/auth", secret_query=("key", key.value))


def _verify(
    desk: Desk, key: ApiKey, path: str, secret_query: tuple[str, Secret] | None = None
) -> KeyStatus:
    what = "check of the API key"

    def parse(reply: Reply, file: IO[bytes] | None) -> KeyStatus:
        fields = _envelope(file, what)
        expires = parse_time(mapping(fields.get("result")).get("expires"))
        dialect: Dialect = "running" if secret_query is None else "documented"
        return KeyStatus(expires or key.expires, plain(fields.get("message")), dialect)

    request = Request("POST", path, what, form=(), secret_query=secret_query)
    return desk.json(request, parse, renew=False)


def collections(desk: Desk, origin: Origin, etag: str | None) -> CollectionsAnswer:
    """Return the list of collections."""
    what = "list of collections"

    def parse(reply: Reply, file: IO[bytes] | None) -> CollectionsAnswer:
        if file is None:
            return CollectionsAnswer(True, etag, None, ())
        with file:
            dialect, found = parse_collections(file, what)
        return CollectionsAnswer(False, reply.headers.get("ETag"), dialect, found)

    try:
        return desk.json(_get("/api/collections", what, etag=etag), parse)
    except NotFound as error:
        raise _no_lcc_server(origin, error) from error


def datasets(desk: Desk, nsets: int, etag: str | None) -> DatasetsAnswer:
    """Return the list of datasets."""
    what = "list of datasets"

    def parse(reply: Reply, file: IO[bytes] | None) -> DatasetsAnswer:
        if file is None:
            return DatasetsAnswer(body=None, what=what, etag=etag, nfound=None)
        _, nfound = read_list_outline(file, what)
        told = reply.headers.get("ETag")
        return DatasetsAnswer(body=file, what=what, etag=told, nfound=nfound)

    return desk.json(_get("/api/datasets", what, (("nsets", str(nsets)),), etag=etag), parse)


def dataset(desk: Desk, setid: str, page: int, *, strformat: bool) -> DatasetAnswer:
    """Return a page of a dataset."""
    path = urls.dataset_path(setid)
    what = f"dataset {setid}"
    params: Pairs = (("json", "1"), ("page", str(page)))
    if strformat:
        params = (*params, ("strformat", "1"))

    def parse(reply: Reply, file: IO[bytes] | None) -> DatasetAnswer:
        assert file is not None
        header, all_rows = parse_dataset(file, setid, page, what)
        return DatasetAnswer(
            header=header,
            body=file,
            what=what,
            etag=reply.headers.get("ETag"),
            result_has_all_rows=all_rows,
        )

    return desk.json(_get(path, what, params), parse)


# What an answer may have of texts, numbers, lists and objects: each takes some hundred bytes
# of memory, however short it is written. A picture is one text.
_MOST_VALUES = 500_000
_OBJECT = "object information"


def object_info(
    desk: Desk, objectid: str, collection: str, max_bytes: int | None
) -> dict[str, Any]:
    """Return what is known of an object."""
    params = (("objectid", objectid), ("collection", collection))

    def ask(path: str) -> dict[str, Any]:
        request = replace(_get(path, _OBJECT, params), max_bytes=max_bytes)
        # A fault may be that of another server, behind this one, which knows the objects.
        # It is one object's, and lasts: whoever asks decides when to ask again.
        return desk.json(request, _parse_object, retry_on=(Unreachable, RateLimited, NotAsTold))

    try:
        return ask("/api/object")
    except NotFound as error:
        if error.by_api:
            raise
        # the documentation names both paths; on the running server the second is a page
        try:
            return ask("/object")
        except (NotFound, NotAnLccServer):
            raise error from None


def _parse_object(reply: Reply, file: IO[bytes] | None) -> dict[str, Any]:
    assert file is not None
    with file:
        return read_object_answer(file.read())


def read_object_answer(content: bytes) -> dict[str, Any]:
    """Return what is told in the server's answer about an object.

    Raises
    ------
    TooLarge
        If it would take a lot of memory.
    RequestRefused
        If the server refused.
    ProtocolError
        If it is no such answer.
    """
    if sum(content.count(mark) for mark in (b",", b"[", b"{")) > _MOST_VALUES:
        raise TooLarge(f"{_OBJECT}: more than {_MOST_VALUES:,} values")
    try:
        # One object's, so it is held whole; and some servers write a bare NaN, which no
        # streaming parser takes.
        answer = foreign_json.load(content, parse_constant=lambda name: None)
    except ValueError:
        raise ProtocolError(f"{_OBJECT}: something came that is not JSON") from None
    fields = mapping(answer)
    check_ok(fields, _OBJECT)
    return mapping(fields.get("result"))


def _get(path: str, what: str, params: Pairs = (), *, etag: str | None = None) -> Request:
    headers: Pairs = (("Accept", "application/json"),)
    if etag is not None:
        headers = (*headers, ("If-None-Match", etag))
    return Request("GET", path, what, params, headers=headers, gzip=True)


def _envelope(file: IO[bytes] | None, what: str) -> dict[str, Any]:
    assert file is not None
    with file:
        fields = read_outline(file, what, count_only=frozenset()).fields
    check_ok(fields, what)
    return fields


def _no_lcc_server(origin: Origin, error: NotFound) -> NotAnLccServer:
    return NotAnLccServer(
        f"{origin} is no LCC-Server: {error.message}", hint="check [server] url"
    )
