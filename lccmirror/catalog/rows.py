"""The rows of a dataset's table: written once, shared by datasets with an identical table."""

from __future__ import annotations

import functools
import itertools
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from .bulk import IndexBehind
from .dataset_order import is_newest
from .objects import (
    ObjectWriter,
    affected_table,
    as_number,
    count_objects,
    highest_rowid,
    picker,
    refresh_objects,
)
from .texts import note_dataset

if TYPE_CHECKING:
    from ..formats.columns import TableColumn

_BATCH = 250
_INSERT = (
    "INSERT INTO dataset_rows (setid, row, collection, objectid, ra, decl, data) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_HASH_RING = 2**256
_Packed = tuple[str, int, str | None, str | None, float | None, float | None, str]
"""A row as `_INSERT` takes it: its JSON is the last."""
_big_endian = functools.partial(int.from_bytes, byteorder="big")


@dataclass(frozen=True)
class RowsWritten:
    """What came of writing a table.

    Attributes
    ----------
    nrows
        Rows of the table.
    same_as
        The dataset whose identical rows stand for these, or None.
    """

    nrows: int
    same_as: str | None


def write_table(
    conn: sqlite3.Connection,
    setid: str,
    columns: Sequence[TableColumn],
    rows: Iterable[Sequence[Any]],
) -> RowsWritten:
    """Replace a dataset's rows, and bring `objects` up to date, in the caller's transaction.

    Parameters
    ----------
    columns
        Of the table, in the order of each row's values.
    rows
        Typed values, none of them NaN or infinite; read once, as a stream.
    """
    affected_table(conn)
    replaced = _remove_rows(conn, setid)
    conn.execute("DELETE FROM dataset_columns WHERE setid = ?", (setid,))
    conn.executemany(
        "INSERT INTO dataset_columns VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (setid, place, c.name, c.title, c.description, c.dtype, c.format, c.kind)
            for place, c in enumerate(columns, start=1)
        ),
    )
    in_order = not replaced and is_newest(conn, setid)
    before = highest_rowid(conn)
    objects = ObjectWriter(conn, [(c.name, c.kind) for c in columns])
    behind = _indexes_behind(conn) if in_order else ()
    pack = _row_packer(setid, columns)
    table = _TableHash(columns)
    nrows = 0
    for batch in _batches(rows):
        packed = [pack(number, values) for number, values in enumerate(batch, nrows + 1)]
        conn.executemany(_INSERT, packed)
        nrows += len(packed)
        table.add(packed)
        if in_order:
            for (_, _, collection, objectid, ra, decl, _), values in zip(
                packed, batch, strict=True
            ):
                if collection is not None and objectid is not None:
                    objects.add(collection, objectid, ra, decl, values)
        for index in behind:
            index.look(nrows)
    conn.execute(
        "UPDATE datasets SET nrows = ?, table_sha256 = ?, lc_sha256 = ?, same_as = NULL "
        "WHERE setid = ?",
        (nrows, table.of_rows(), table.of_light_curves(nrows), setid),
    )
    _count_rows(conn, nrows)
    if in_order:
        objects.flush()
        for index in behind:
            index.build()
        count_objects(conn, highest_rowid(conn) - before)
        note_dataset(conn, setid)
    else:
        conn.execute(
            "INSERT OR IGNORE INTO affected SELECT collection, objectid FROM dataset_rows "
            "WHERE setid = ? AND collection IS NOT NULL AND objectid IS NOT NULL",
            (setid,),
        )
        refresh_objects(conn)
    return RowsWritten(nrows, _share_rows(conn, setid, nrows, table.of_rows()))


class _TableHash:
    """Hashes of a table: of its rows in their order, and of its objects in any order."""

    def __init__(self, columns: Sequence[TableColumn]) -> None:
        self._rows = sha256(json.dumps(sorted(c.name for c in columns)).encode())
        self._objects = 0

    def add(self, rows: Sequence[_Packed]) -> None:
        """Take some rows; how they are grouped makes no difference."""
        self._rows.update("".join([f"{row[6]}\n" for row in rows]).encode())
        # A sum does not depend on the order of what it is made of.
        digests = [sha256(f"{row[2]}/{row[3]}".encode()).digest() for row in rows]
        self._objects += sum(map(_big_endian, digests))

    def of_rows(self) -> str:
        return self._rows.hexdigest()

    def of_light_curves(self, nrows: int) -> str:
        return sha256(f"{nrows}:{self._objects % _HASH_RING:x}".encode()).hexdigest()


def _batches(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    rows = iter(rows)
    while batch := list(itertools.islice(rows, _BATCH)):
        yield batch


def _row_packer(
    setid: str, columns: Sequence[TableColumn]
) -> Callable[[int, Sequence[Any]], _Packed]:
    place = {c.name: index for index, c in enumerate(columns)}
    fixed = _taker([place.get(name) for name in ("collection", "db_oid", "db_ra", "db_decl")])
    encode = _row_encoder(place)

    def pack(number: int, values: Sequence[Any]) -> _Packed:
        collection, objectid, ra, decl = fixed(values)
        # A call of its own for each of these would take as long as all the rest.
        return (
            setid,
            number,
            collection if type(collection) is str else _as_text(collection),
            objectid if type(objectid) is str else _as_text(objectid),
            as_number(ra),
            as_number(decl),
            encode(values).decode(),
        )

    return pack


def _as_text(value: Any) -> str | None:
    return None if value is None else str(value)


def _row_encoder(place: Mapping[str, int]) -> Callable[[Sequence[Any]], bytes]:
    """Return the function that writes a row as JSON, an object with its keys sorted.

    Equal searches give their columns in different orders; rows are compared and kept with
    their keys sorted, the published order is in dataset_columns.
    """
    keys = sorted(place)
    pick = picker([place[key] for key in keys])
    encode = msgspec.json.Encoder().encode
    fields = [f"c{index}" for index in range(len(keys))]
    names = dict(zip(fields, keys, strict=True))
    try:
        # Written in the order of its fields, in half the time that a dict takes.
        row_type = msgspec.defstruct("Row", fields, rename=names, gc=False)
    except ValueError:
        # msgspec writes the names of fields as they are, so it takes none to be escaped.
        return lambda values: encode(dict(zip(keys, pick(values), strict=True)))
    return lambda values: encode(row_type(*pick(values)))


def _taker(places: Sequence[int | None]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    present = [at for at in places if at is not None]
    if len(present) == len(places):
        return picker(present)
    return lambda values: [None if at is None else values[at] for at in places]


def _indexes_behind(conn: sqlite3.Connection) -> tuple[IndexBehind, ...]:
    """Return the indexes that taking in a dataset does not need."""
    return (
        IndexBehind(conn, "dataset_rows_object", "dataset_rows"),
        IndexBehind(conn, "objects_sky", "objects"),
    )


def _count_rows(conn: sqlite3.Connection, change: int) -> None:
    conn.execute("UPDATE counts SET n = n + ? WHERE name = 'dataset_rows'", (change,))


def _remove_rows(conn: sqlite3.Connection, setid: str) -> bool:
    """Take a dataset's rows away, its objects noted in ``affected``.

    Datasets that shared the rows keep them, under the first of their own setids.

    Returns
    -------
    bool
        Whether it had rows, of its own or shared.
    """
    row = conn.execute(
        "SELECT same_as, nrows FROM datasets WHERE setid = ?", (setid,)
    ).fetchone()
    if row is None or row[1] is None:
        return False
    holder = row[0] or setid
    conn.execute(
        "INSERT OR IGNORE INTO affected SELECT collection, objectid FROM dataset_rows "
        "WHERE setid = ? AND collection IS NOT NULL AND objectid IS NOT NULL",
        (holder,),
    )
    if row[0] is None:
        heir = conn.execute(
            "SELECT setid FROM datasets WHERE same_as = ? ORDER BY created_on, setid LIMIT 1",
            (setid,),
        ).fetchone()
        if heir is None:
            removed = conn.execute(
                "DELETE FROM dataset_rows WHERE setid = ?", (setid,)
            ).rowcount
            _count_rows(conn, -removed)
        else:
            conn.execute("UPDATE dataset_rows SET setid = ? WHERE setid = ?", (heir[0], setid))
            conn.execute("UPDATE datasets SET same_as = NULL WHERE setid = ?", heir)
            conn.execute("UPDATE datasets SET same_as = ? WHERE same_as = ?", (heir[0], setid))
    conn.execute("UPDATE datasets SET nrows = NULL, same_as = NULL WHERE setid = ?", (setid,))
    return True


def remove_table(conn: sqlite3.Connection, setid: str) -> None:
    """Take a dataset's rows and columns away; `objects` loses what only it had."""
    affected_table(conn)
    _remove_rows(conn, setid)
    refresh_objects(conn)
    conn.execute("DELETE FROM dataset_columns WHERE setid = ?", (setid,))
    conn.execute(
        "UPDATE datasets SET table_sha256 = NULL, lc_sha256 = NULL, values_from = NULL "
        "WHERE setid = ?",
        (setid,),
    )


def _share_rows(
    conn: sqlite3.Connection, setid: str, nrows: int, table_sha256: str
) -> str | None:
    """Let an earlier dataset's identical rows stand for this one's, if there is one."""
    row = conn.execute(
        "SELECT setid FROM datasets WHERE table_sha256 = ? AND setid <> ? AND nrows = ? "
        "AND same_as IS NULL ORDER BY created_on, setid LIMIT 1",
        (table_sha256, setid, nrows),
    ).fetchone()
    if row is None or nrows == 0:
        return None
    conn.execute("DELETE FROM dataset_rows WHERE setid = ?", (setid,))
    _count_rows(conn, -nrows)
    conn.execute("UPDATE datasets SET same_as = ? WHERE setid = ?", (row[0], setid))
    return str(row[0])
