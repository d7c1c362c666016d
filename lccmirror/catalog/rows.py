"""The rows of a dataset's table: written once, shared by datasets with an identical table."""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .objects import (
    ObjectWriter,
    affected_table,
    as_number,
    count_objects,
    highest_rowid,
    is_newest,
    refresh_objects,
)

if TYPE_CHECKING:
    from ..formats.columns import TableColumn

_BATCH = 1_000
_INSERT = (
    "INSERT INTO dataset_rows (setid, row, collection, objectid, ra, decl, data) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_HASH_RING = 2**256


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
    on_row: Callable[[], None] | None = None,
) -> RowsWritten:
    """Replace a dataset's rows, and bring `objects` up to date, in the caller's transaction.

    Parameters
    ----------
    columns
        Of the table, in the order of each row's values.
    rows
        Typed values; read once, as a stream.
    on_row
        Called for each row, for people who watch.
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
    table = _TableHash(columns)
    nrows = 0
    batch: list[tuple[Any, ...]] = []
    for nrows, typed in enumerate(_typed_rows(columns, rows, table), start=1):
        collection, objectid, ra, decl, data, values = typed
        batch.append((setid, nrows, collection, objectid, ra, decl, data))
        if in_order and collection is not None and objectid is not None:
            objects.add(collection, objectid, ra, decl, values)
        if len(batch) >= _BATCH:
            conn.executemany(_INSERT, batch)
            batch.clear()
        if on_row is not None:
            on_row()
    conn.executemany(_INSERT, batch)
    conn.execute(
        "UPDATE datasets SET nrows = ?, table_sha256 = ?, lc_sha256 = ?, same_as = NULL "
        "WHERE setid = ?",
        (nrows, table.of_rows(), table.of_light_curves(nrows), setid),
    )
    _count_rows(conn, nrows)
    if in_order:
        objects.flush()
        count_objects(conn, highest_rowid(conn) - before)
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
        self._rows = hashlib.sha256(json.dumps(sorted(c.name for c in columns)).encode())
        self._objects = 0

    def add(self, data: str, light_curve: str) -> None:
        self._rows.update(data.encode("utf-8", "surrogatepass"))
        self._rows.update(b"\n")
        digest = hashlib.sha256(light_curve.encode("utf-8", "surrogatepass")).digest()
        self._objects = (self._objects + int.from_bytes(digest, "big")) % _HASH_RING

    def of_rows(self) -> str:
        return self._rows.hexdigest()

    def of_light_curves(self, nrows: int) -> str:
        return hashlib.sha256(f"{nrows}:{self._objects:x}".encode()).hexdigest()


def _typed_rows(
    columns: Sequence[TableColumn], rows: Iterable[Sequence[Any]], table: _TableHash
) -> Iterator[tuple[str | None, str | None, float | None, float | None, str, Sequence[Any]]]:
    names = [c.name for c in columns]
    place = {name: index for index, name in enumerate(names)}
    # Equal searches give their columns in different orders; rows are compared and kept
    # with their keys sorted, the published order is in dataset_columns.
    order = sorted(place.items())
    where = [place.get(name) for name in ("collection", "db_oid", "db_ra", "db_decl")]
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
    for values in rows:
        collection, objectid, ra, decl = (None if at is None else values[at] for at in where)
        try:
            data = encode({name: values[index] for name, index in order})
        except ValueError:
            # JSON has no word for NaN or an infinity: neither has a number of the catalog.
            values = [_finite(value) for value in values]
            data = encode({name: values[index] for name, index in order})
        collection = None if collection is None else str(collection)
        objectid = None if objectid is None else str(objectid)
        table.add(data, f"{collection}/{objectid}")
        yield collection, objectid, as_number(ra), as_number(decl), data, values


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


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
