"""From a saved search in people's words to the requests that the server understands."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ...errors import UsageError
from ...positions import read_targets
from ...server import ColumnSearch, ConeSearch, FulltextSearch, Search, XmatchSearch

if TYPE_CHECKING:
    from ...config import SearchConfig

_KINDS: Final[Mapping[str, type[Any]]] = {
    kind.service: kind for kind in (ConeSearch, FulltextSearch, ColumnSearch, XmatchSearch)
}

# What makes it this question and no other: the rest is how and when it is asked.
_QUESTION = (
    *("kind", "center", "radius_arcmin", "text", "sesame", "file", "radius_arcsec"),
    *("filters", "columns", "collections", "sort", "sample", "limit"),
)


def requests_for(search: SearchConfig) -> tuple[Search, ...]:
    """Return the requests of a saved search, in the server's words.

    Returns
    -------
    tuple of Search
        One, but for an ``xmatch`` of more positions than go into a request.

    Raises
    ------
    UsageError
        If the server would not take it as it is meant.
    """
    shared: dict[str, Any] = {
        "columns": search.columns,
        "collections": search.collections,
        "filters": search.server_filters(),
        "sort": search.sort,
        "sample": search.sample,
        "limit": search.limit,
        "visibility": search.visibility,
        "email_when_done": search.email_when_done,
    }
    match search.kind:
        case "conesearch":
            assert search.center is not None
            radius = 5.0 if search.radius_arcmin is None else search.radius_arcmin
            return (ConeSearch(search.center, radius, **shared),)
        case "ftsquery":
            assert search.text is not None
            return (FulltextSearch(search.text, search.sesame, **shared),)
        case "columnsearch":
            return (ColumnSearch(**shared),)
        case _:
            return _xmatch(search, shared)


def _xmatch(search: SearchConfig, shared: dict[str, Any]) -> tuple[Search, ...]:
    assert search.file is not None
    most_positions = search.positions_per_request
    targets = [(one.objectid, one.ra, one.decl) for one in read_targets(search.file)]
    if len(targets) > most_positions and (search.limit or search.sample):
        raise UsageError(
            f"{search.file}: {len(targets):,} positions are sent in parts of "
            f"{most_positions:,}, and the server would take limit and sample for each part"
        )
    radius = 3.0 if search.radius_arcsec is None else search.radius_arcsec
    return tuple(
        XmatchSearch(tuple(targets[start : start + most_positions]), radius, **shared)
        for start in range(0, len(targets), most_positions)
    )


def question(search: SearchConfig) -> str:
    """Return as JSON what a saved search asks: two runs with the same text are comparable.

    A list of positions is part of it by its hash.
    """
    asked: dict[str, object] = {}
    for name in _QUESTION:
        value = getattr(search, name)
        if value not in (None, (), False):
            asked[name] = str(value) if name == "file" else value
    if search.kind == "xmatch" and search.file is not None:
        asked["file_sha256"] = _sha256(search)
    return msgspec.json.encode(asked).decode()


def encode(search: Search) -> str:
    """Write a request down, to be sent by whoever comes after a crash."""
    return msgspec.json.encode({"service": search.service, "search": search}).decode()


def decode(text: str) -> Search:
    """Read what `encode` wrote."""
    written = msgspec.json.decode(text)
    search: Search = msgspec.convert(written["search"], _KINDS[written["service"]])
    return search


def _sha256(search: SearchConfig) -> str | None:
    assert search.file is not None
    try:
        with search.file.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        # Whoever sends the search says what is wrong with the file.
        return None
