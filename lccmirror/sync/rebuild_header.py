"""What a dataset's own files say of it, for a catalog that is made anew."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..catalog.objects import SEARCH_OWN
from ..clock import server_time
from ..errors import FormatError
from ..formats.columns import TableColumn
from ..formats.damage import damage_json
from ..formats.dataset_json import open_json
from ..formats.table import read_header, row_count
from ..server.fields import integer

_XMATCH = "sqlite_xmatch_search"


@dataclass(frozen=True)
class Told:
    """What the headers of a dataset's CSV and JSON say.

    Attributes
    ----------
    columns
        Of its table; exact if there is a CSV.
    folders
        The path form of each collection's name.
    """

    name: str | None
    description: str | None
    citation: str | None
    created_on: str | None
    last_updated: str | None
    nobjects: int | None
    query_type: str | None
    query_params: str | None
    visibility: str | None
    has_lczip: int | None
    collections: tuple[str, ...]
    columns: tuple[TableColumn, ...]
    folders: dict[str, str]
    lcmagcols: dict[str, str]


def read_told(csv: Path | None, document: Path | None) -> Told | None:
    """Read what a dataset's files say of it; None if neither has a header that can be read.

    The JSON is as the server last had it, and has lost every ``nan``; the CSV is as the
    dataset was made.
    """
    made: dict[str, Any] = {}
    last: dict[str, Any] = {}
    columns: tuple[TableColumn, ...] = ()
    if document is not None:
        try:
            table = open_json(document)
            last, columns = table.header, table.columns
        except (FormatError, OSError):
            last = {}
    if csv is not None:
        try:
            header = read_header(csv)
            made, columns = header.raw, header.columns
        except (FormatError, OSError):
            made = {}
    if not made and not last:
        return None

    def text(key: str) -> str | None:
        return _undamaged(_text(made.get(key)), _text(last.get(key)), in_json=key in last)

    args = made.get("searchargs", last.get("searchargs"))
    link = last.get("lczipfpath", 0)
    return Told(
        name=text("name"),
        description=text("desc"),
        citation=text("citation"),
        created_on=server_time(text("created")),
        last_updated=server_time(_text(last.get("updated", made.get("updated")))),
        # of 64 bits at most, as from the list: a header can have any number
        nobjects=integer(row_count(last) if last else row_count(made)),
        query_type=text("searchtype"),
        query_params=None if args is None else json.dumps(args, ensure_ascii=False),
        visibility=_text(last.get("visibility", made.get("visibility"))),
        has_lczip=None if link == 0 else int(bool(link)),
        collections=_texts(made.get("collections") or last.get("collections")),
        columns=columns,
        folders=_pairs(made.get("coll_dirs") or last.get("coll_dirs")),
        lcmagcols=_pairs(made.get("lcmagcols") or last.get("lcmagcols")),
    )


def _undamaged(made: str | None, last: str | None, *, in_json: bool) -> str | None:
    """Choose between a text as it was made and as it last was: the latter, unless damaged."""
    if not in_json or (made is not None and last in (made, damage_json(made))):
        return made
    return last


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: object) -> tuple[str, ...]:
    return (
        tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
    )


def _pairs(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {key: one for key, one in value.items() if isinstance(one, str)}


_PUT_DATASET = """
INSERT INTO datasets (setid, name, description, citation, created_on, last_updated, nobjects,
                      query_type, query_params, visibility, has_lczip, origin, state,
                      first_seen, last_seen, mirrored_at)
VALUES (:setid, :name, :description, :citation, :created_on, :last_updated, :nobjects,
        :query_type, :query_params, :visibility, :has_lczip, 'listed', 'mirrored',
        :at, :at, :at)
ON CONFLICT (setid) DO UPDATE SET
  name = excluded.name, description = excluded.description, citation = excluded.citation,
  created_on = coalesce(excluded.created_on, created_on),
  last_updated = excluded.last_updated, nobjects = excluded.nobjects,
  query_type = excluded.query_type, query_params = excluded.query_params,
  visibility = excluded.visibility, has_lczip = coalesce(excluded.has_lczip, has_lczip),
  state = 'mirrored', reason = NULL, last_error = NULL,
  mirrored_at = excluded.mirrored_at
"""
_PUT_COLLECTION = """
INSERT INTO collections (collection, collection_id, lcmagcols, first_seen, last_seen)
VALUES (?, ?, ?, ?, ?) ON CONFLICT (collection) DO NOTHING
"""
_PUT_COLUMN = """
INSERT INTO columns (collection, name, position, title, description, dtype, format, first_seen,
                     last_seen)
VALUES (:collection, :name,
  (SELECT count(*) + 1 FROM columns WHERE collection = :collection),
  :title, :description, :dtype, :format, :at, :at)
ON CONFLICT (collection, name) DO NOTHING
"""


def put_told(conn: sqlite3.Connection, setid: str, told: Told, at: str) -> None:
    """Write down what a dataset's files say of it, in place of what is known.

    Parameters
    ----------
    at
        When its files came.
    """
    values = {name: getattr(told, name) for name in Told.__dataclass_fields__}
    for name in ("collections", "columns", "folders", "lcmagcols"):
        del values[name]
    conn.execute(_PUT_DATASET, {**values, "setid": setid, "at": at})
    conn.executemany(
        "INSERT OR IGNORE INTO dataset_collections VALUES (?, ?)",
        ((setid, collection) for collection in told.collections),
    )
    for collection in told.collections:
        folder = told.folders.get(collection, collection.replace("_", "-"))
        mags = told.lcmagcols.get(collection)
        conn.execute(_PUT_COLLECTION, (collection, folder, mags, at, at))


def put_columns(conn: sqlite3.Connection, told: Told, at: str) -> None:
    """Write down which columns the collections of a dataset have.

    The server's description of its collections is in no file. But a result has of the
    collections' columns only those that all of them have; what else is in it is the search's
    own, and known.
    """
    if not told.collections:
        return
    own = [column for column in told.columns if not _is_searchs(column, told.query_type)]
    for collection in told.collections:
        conn.executemany(_PUT_COLUMN, _described(collection, own, at))


def _is_searchs(column: TableColumn, query_type: str | None) -> bool:
    uploaded = query_type == _XMATCH and column.name.startswith("in_")
    return uploaded or column.name in SEARCH_OWN


def _described(
    collection: str, columns: Iterable[TableColumn], at: str
) -> list[dict[str, str]]:
    return [
        {
            "collection": collection,
            "name": column.name,
            "title": column.title,
            "description": column.description,
            "dtype": column.dtype,
            "format": column.format,
            "at": at,
        }
        for column in columns
    ]
