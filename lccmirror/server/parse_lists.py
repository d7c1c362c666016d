"""The lists of collections and of datasets, read from their JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

from ..errors import FormatError, ProtocolError
from ..names import checked_setid, printable
from .classify import plain
from .fields import integer, mapping, names, real, text, words
from .jsonfile import Outline, check_ok, read_items, read_outline
from .mended import Mended
from .wire import Collection, Column, DatasetSummary, Dialect

# Names of columns of all collections together: each takes some hundred bytes of memory.
_MOST_COLUMNS = 500_000
# Of a list's items that make no sense, these many are told.
_MOST_PROBLEMS = 10_000
_FOUND = re.compile(r"\bfound (\d{1,12}) datasets? in total")


def parse_collections(file: IO[bytes], what: str) -> tuple[Dialect, tuple[Collection, ...]]:
    """Read the list of collections, which comes as parallel lists.

    Raises
    ------
    RequestRefused
        If the server refused.
    ProtocolError
        If the lists are not of one length, or one without which nothing makes sense is
        missing; or if they name more columns than there can be.
    """
    fields = read_outline(Mended(file, what), what, count_only=frozenset()).fields
    check_ok(fields, what)
    result = mapping(fields.get("result"))
    lists = mapping(result.get("collections"))
    documented = (
        "available_index_columns" in result and "available_indexed_columns" not in result
    )
    ids = lists.get("db_collection_id")
    if not isinstance(ids, list) or not isinstance(lists.get("collection_id"), list):
        raise ProtocolError(f"{what}: the answer has no collection IDs")
    uneven = [
        key for key, one in lists.items() if isinstance(one, list) and len(one) != len(ids)
    ]
    if uneven:
        listed = printable(", ".join(sorted(uneven)), 200)
        raise ProtocolError(f"{what}: the lists differ in length: {listed}")
    collections = []
    ncolumns = 0
    for index in range(len(ids)):
        row = {key: one[index] for key, one in lists.items() if isinstance(one, list)}
        one = _collection(row)
        # One without an ID can be neither searched nor mirrored, and must not hide the others.
        if one is not None:
            collections.append(one)
            named = (one.columns, one.indexed, one.fts_indexed, one.lcmagcols)
            ncolumns += sum(map(len, named))
        if ncolumns > _MOST_COLUMNS:
            raise ProtocolError(f"{what}: more than {_MOST_COLUMNS:,} columns")
    return "documented" if documented else "running", tuple(collections)


def _collection(row: dict[str, Any]) -> Collection | None:
    collection, collection_id = (
        text(row.get("db_collection_id")),
        text(row.get("collection_id")),
    )
    if not collection or not collection_id:
        return None
    described = mapping(row.get("columnjson"))
    # the description can lack a column that the list has, and the other way round
    listed = dict.fromkeys((*names(row.get("columnlist")), *described))
    return Collection(
        collection=collection,
        collection_id=collection_id,
        name=words(row.get("name")),
        description=words(row.get("description")),
        nobjects=integer(row.get("nobjects")),
        datarelease=integer(row.get("datarelease")),
        minra=real(row.get("minra")),
        maxra=real(row.get("maxra")),
        mindecl=real(row.get("mindecl")),
        maxdecl=real(row.get("maxdecl")),
        lcformatdesc=text(row.get("lcformatdesc")),
        last_updated=text(row.get("last_updated")),
        columns=tuple(parse_column(name, described.get(name)) for name in listed),
        indexed=frozenset(names(row.get("indexedcols"))),
        fts_indexed=frozenset(names(row.get("ftsindexedcols"))),
        citation=text(row.get("citation")),
        project=text(row.get("project")),
        visibility=text(row.get("collection_visibility")),
        lcmagcols=names(row.get("lcmagcols")),
    )


def parse_column(name: str, description: object) -> Column:
    """Return a column from its description, whose keys differ between two places."""
    told = mapping(description)
    return Column(
        name=name,
        title=words(told.get("title")),
        description=words(told.get("description") or told.get("desc")),
        dtype=words(told.get("dtype")),
        format=words(told.get("format")),
    )


def read_list_outline(file: IO[bytes], what: str) -> tuple[Outline, int | None]:
    """Read all of the list of datasets but its items.

    Returns
    -------
    outline, nfound
        `nfound` is the count in the server's message: of all it considered, before it
        left out those we may not see. None if the message does not say; 0 if it says
        that there are none, which it does with ``status: failed``.

    Raises
    ------
    RequestRefused
        If the server refused.
    """
    outline = read_outline(Mended(file, what), what, count_only=frozenset({"result"}))
    message = plain(outline.fields.get("message"))
    found = _FOUND.search(message)
    if outline.fields.get("status") == "failed" and "no datasets" in message.lower():
        return outline, 0
    check_ok(outline.fields, what)
    return outline, int(found.group(1)) if found else None


def parse_datasets(file: IO[bytes], what: str, problems: list[str]) -> Iterator[DatasetSummary]:
    """Yield the items of the list; the first that make no sense go to `problems`."""
    for index, item in enumerate(read_items(Mended(file, what), "result.item", what)):
        try:
            yield _summary(mapping(item))
        except FormatError as error:
            if len(problems) < _MOST_PROBLEMS:
                problems.append(f"{what}: item {index + 1}: {error.message}")


def _summary(item: dict[str, Any]) -> DatasetSummary:
    return DatasetSummary(
        setid=checked_setid(item.get("setid")),
        created_on=text(item.get("created_on")),
        last_updated=text(item.get("last_updated")),
        nobjects=integer(item.get("nobjects")),
        name=text(item.get("name")),
        description=text(item.get("description")),
        citation=text(item.get("citation")),
        queried_collections=names(item.get("queried_collections")),
        query_type=text(item.get("query_type")),
        query_params=text(item.get("query_params")),
        visibility=text(item.get("dataset_visibility")),
        csv_path=text(item.get("dataset_csv")),
        fpath=text(item.get("dataset_fpath")),
        lczip_path=text(item.get("lczip_fpath")),
        owned=item.get("owned") is True,
    )
