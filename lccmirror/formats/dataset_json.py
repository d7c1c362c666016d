"""The dataset JSON as the mirror keeps it: the server's own answer, gzipped.

It is one document, or one for each page, one after the other. LCC-Server 0.2.7 puts the
rows of all pages into each, as objects, under ``result``; the documented server only has
the page's ``rows``, as arrays. Names and texts are damaged (`lccmirror.formats.damage`);
numbers and NULLs are exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec

from ..errors import FormatError
from ..names import printable
from .columns import TableColumn, Value, table_columns
from .expanded import open_expanded
from .json_stream import JsonWalk
from .table import row_count

MAX_EXPANDED_BYTES = 64 << 30
MAX_HEADER_BYTES = 8 << 20

# What SQLite can hold; a list or an object is no value of a table.
_Cell = str | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | float | bool | None


@dataclass(frozen=True, slots=True)
class JsonTable:
    """A dataset JSON, its header read.

    Parameters
    ----------
    path
        The file.
    setid
        As it stands there: damaged if it has ``nan`` in it.
    columns
        In the order of the rows' values. Their names and descriptions may be damaged.
    nrows
        How many rows the dataset has, None if the header does not say.
    header
        The members of the first document up to its table (those after it are ``rows``,
        ``status``, ``currpage`` and the like).
    max_bytes
        How far the file may expand.
    """

    path: Path
    setid: str | None
    columns: tuple[TableColumn, ...]
    nrows: int | None
    header: dict[str, Any] = field(repr=False)
    max_bytes: int = MAX_EXPANDED_BYTES

    def iter_rows(self) -> Iterator[tuple[Value, ...]]:
        """Yield the rows' values in the order of the columns.

        Memory does not grow with the number of rows.

        Raises
        ------
        FormatError
            With the place: for what is not JSON (``NaN`` and ``Infinity`` included), a row
            that lacks a column or has a value no table has, damaged gzip, or a number of
            rows that is not the header's.
        """
        for batch in self.iter_batches():
            yield from batch

    def iter_batches(self) -> Iterator[list[tuple[Value, ...]]]:
        """Yield the same rows, some hundred at a time.

        Raises
        ------
        FormatError
            As for `iter_rows`.
        """
        with open_expanded(self.path, max_bytes=self.max_bytes, what=self.path.name) as read:
            walk = JsonWalk(read, self.path.name)
            count = 0
            for batch in self._batches(walk):
                count += len(batch)
                yield batch
            walk.drain()
        if self.nrows is not None and count != self.nrows:
            raise FormatError(
                f"{self.path.name}: {count} rows where its header says {self.nrows}"
            )

    def _batches(self, walk: JsonWalk) -> Iterator[list[tuple[Value, ...]]]:
        names = [column.name for column in self.columns]
        # two names that the damage made equal cannot be told apart in an object
        by_name = len(set(names)) == len(names)
        page = 0
        while walk.next_document():
            page += 1
            for key in walk.members():
                if key == "result" and page == 1 and by_name and walk.at_array():
                    yield from _objects(walk, names)
                    return
                if key == "rows" and walk.at_array():
                    yield from walk.batches(_array_decoder(len(names)))
                    by_name = False
                elif key == "result" and walk.at_array():
                    walk.skip_array()
                elif key == "currpage":
                    self._check_page(walk.value(), page)
                else:
                    walk.value()

    def _check_page(self, currpage: object, page: int) -> None:
        if currpage != page:
            found = printable(str(currpage), 20)
            raise FormatError(f"{self.path.name}: document {page} is page {found}")


def open_json(path: Path, *, max_bytes: int = MAX_EXPANDED_BYTES) -> JsonTable:
    """Read the header of the dataset JSON at `path`, gzipped or not.

    Raises
    ------
    FormatError
        If it is not a dataset's JSON.
    """
    header: dict[str, Any] = {}
    with open_expanded(path, max_bytes=max_bytes, what=path.name) as read:
        walk = JsonWalk(read, path.name)
        if not walk.next_document():
            raise FormatError(f"{path.name}: an empty file")
        for key in walk.members():
            if key in ("result", "rows") and walk.at_array():
                if "columns" in header:
                    break
                walk.skip_array()
                continue
            header[key] = walk.value()
            if walk.value_bytes > MAX_HEADER_BYTES:
                raise FormatError(
                    f"{path.name}: its header is longer than {MAX_HEADER_BYTES} bytes"
                )
    try:
        columns = table_columns(header.get("columns"), header.get("coldesc"))
    except FormatError as error:
        raise FormatError(f"{path.name}: {error.message}") from error
    setid = header.get("setid")
    return JsonTable(
        path=path,
        setid=setid if isinstance(setid, str) else None,
        columns=columns,
        nrows=row_count(header),
        header=header,
        max_bytes=max_bytes,
    )


def _objects(walk: JsonWalk, names: list[str]) -> Iterator[list[tuple[Value, ...]]]:
    """Yield batches of rows given as objects, each with a value for each of `names`."""
    fields = [f"c{index}" for index in range(len(names))]
    try:
        row_type = msgspec.defstruct(
            "Row",
            [(name, _Cell) for name in fields],
            rename=dict(zip(fields, names, strict=True)),
            gc=False,
        )
    except ValueError as error:
        told = printable(str(error), 200)  # msgspec repeats the name
        raise FormatError(f"a column's name that cannot be looked for: {told}") from error
    values = msgspec.structs.astuple
    for rows in walk.batches(msgspec.json.Decoder(list[row_type])):  # type: ignore[valid-type] # made above, of the columns
        yield list(map(values, rows))


def _array_decoder(ncols: int) -> msgspec.json.Decoder[list[tuple[Value, ...]]]:
    row_type = tuple.__class_getitem__((_Cell,) * ncols)
    return msgspec.json.Decoder(list.__class_getitem__(row_type))
