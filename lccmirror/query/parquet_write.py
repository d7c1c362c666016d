"""One Parquet file from a stream of rows, in little memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..durable import flush_file
from ..formats.lc_convert import library
from .parquet_types import Field, arrow_type, converter, type_name

if TYPE_CHECKING:
    from .run import Value

# As many rows as DuckDB reads at a time by one thread, or as much memory as this.
_GROUP_ROWS: Final = 122_880
_GROUP_BYTES: Final = 32 << 20
# So many values become Arrow's at once.
_BATCH_CELLS: Final = 200_000
_BATCH_ROWS: Final = 8_192


def write_parquet(
    path: Path,
    fields: Sequence[Field],
    rows: Iterable[Sequence[Value]],
    *,
    described: Mapping[str, Mapping[str, str]],
    about: Mapping[str, str],
    look: Callable[[int], None],
) -> int:
    """Write a new file, flushed, and return how many rows it has.

    Parameters
    ----------
    path
        The file; nothing may be there.
    fields
        The columns, in the order of the values in the rows.
    rows
        Read as they are written.
    described
        Metadata of columns, by name.
    about
        Metadata of the file.
    look
        Called now and then with the bytes written; raises to stop.

    Raises
    ------
    LccMirrorError
        If pyarrow is not installed.
    OSError
        If the file cannot be written.
    """
    pyarrow = library("pyarrow", "parquet", "Parquet")
    parquet = library("pyarrow.parquet", "parquet", "Parquet")
    columns = _Columns(fields)
    schema = columns.schema(described, about)
    written = 0
    stream = iter(rows)
    with path.open("xb") as file:
        with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            for group in _groups(stream, columns, schema, pyarrow):
                writer.write_table(group)
                written += group.num_rows
                look(file.tell())
        flush_file(file)
    return written


def _groups(
    rows: Iterator[Sequence[Value]], columns: _Columns, schema: Any, pyarrow: Any
) -> Iterator[Any]:
    """Yield row groups, each bounded in rows and in bytes."""
    step = max(1, min(_BATCH_ROWS, _BATCH_CELLS // max(1, len(schema))))
    batches: list[Any] = []
    n_rows = n_bytes = 0
    while some := list(itertools.islice(rows, step)):
        batch = pyarrow.record_batch(columns.arrays(some), schema=schema)
        batches.append(batch)
        n_rows += batch.num_rows
        n_bytes += batch.nbytes
        if n_rows + step > _GROUP_ROWS or n_bytes >= _GROUP_BYTES:
            yield pyarrow.Table.from_batches(batches)
            batches, n_rows, n_bytes = [], 0, 0
    if batches:
        yield pyarrow.Table.from_batches(batches)


class _Columns:
    """Makes Arrow's columns of rows: one for each field, two for one of mixed types."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = fields
        self._converters = [converter(field.kind) for field in fields]
        self._type_names = _companions(fields)

    def schema(
        self, described: Mapping[str, Mapping[str, str]], about: Mapping[str, str]
    ) -> Any:
        pyarrow = library("pyarrow", "parquet", "Parquet")
        made = []
        for field in self._fields:
            words = {
                key: value for key, value in described.get(field.name, {}).items() if value
            }
            companion = self._type_names.get(field.name)
            if companion is not None:
                words["types"] = f"mixed: see {companion}"
            made.append(
                pyarrow.field(field.name, arrow_type(field.kind), metadata=words or None)
            )
            if companion is not None:
                made.append(pyarrow.field(companion, pyarrow.string()))
        return pyarrow.schema(made, metadata=dict(about))

    def arrays(self, rows: Sequence[Sequence[Value]]) -> list[Any]:
        pyarrow = library("pyarrow", "parquet", "Parquet")
        made = []
        for field, convert, values in zip(
            self._fields, self._converters, zip(*rows, strict=True), strict=True
        ):
            made.append(convert(values))
            if field.name in self._type_names:
                made.append(pyarrow.array([type_name(value) for value in values], "string"))
        return made


def _companions(fields: Sequence[Field]) -> dict[str, str]:
    """Return the name of the column of types for each column that needs one."""
    taken = {field.name.casefold() for field in fields}
    found: dict[str, str] = {}
    for field in fields:
        if field.kind == "mixed":
            name = f"{field.name}_type"
            while name.casefold() in taken:
                name += "_"
            taken.add(name.casefold())
            found[field.name] = name
    return found
