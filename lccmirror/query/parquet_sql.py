"""The answer to a statement as a Parquet file."""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec

from ..errors import UsageError
from ..names import printable
from .new_file import NewFile, room_in
from .parquet_types import TEXT, Field, kind_for, seen_in
from .parquet_write import write_parquet
from .readonly import open_readonly
from .run import run_query

if TYPE_CHECKING:
    from .run import Value

_BATCH: Final = 1_000
_LENGTH: Final = 8


def export_sql(
    root: Path,
    sql: str,
    new: NewFile,
    *,
    params: Mapping[str, Value] | None = None,
    look: Callable[[int], None],
) -> int:
    """Write the rows that a statement answers, and return how many there are.

    What a column holds is only known at its end, and a statement may answer differently the
    second time: so the rows wait on the disk, and memory stays small.

    Parameters
    ----------
    root
        The mirror's folder.
    sql
        One statement that reads.
    new
        The file to make, checked.
    params
        Values of its parameters.
    look
        Called now and then with the bytes written; raises to stop.

    Raises
    ------
    UsageError
        If the statement is wrong, or names two columns the same.
    NoRoom
        If the disk is full.
    """
    folder = new.path.parent
    with (
        open_readonly(root) as catalog,
        room_in(folder),
        tempfile.TemporaryFile(dir=folder) as spool,
    ):
        result = run_query(catalog, sql, params)
        _require_names(result.columns)
        seen = seen_in(_spooled(result.rows, spool, look), len(result.columns), times=True)
        fields = [
            Field(name, kind_for("time" if bits == TEXT else None, bits))
            for name, bits in zip(result.columns, seen, strict=True)
        ]
        with new.temporary() as temporary:
            temporary.unlink()
            rows = write_parquet(
                temporary, fields, _read(spool), described={}, about={"sql": sql}, look=look
            )
            new.put_in_place(temporary, mode=catalog.path.stat().st_mode)
    return rows


def _require_names(columns: Sequence[str]) -> None:
    twice = [name for name, count in Counter(map(str.casefold, columns)).items() if count > 1]
    if twice:
        raise UsageError(
            f"two columns are called {printable(twice[0], 80)}",
            hint="give one of them another name with AS",
        )


def _spooled(
    rows: Iterator[tuple[Value, ...]], spool: IO[bytes], look: Callable[[int], None]
) -> Iterator[tuple[Value, ...]]:
    encode = msgspec.msgpack.Encoder().encode
    while some := list(itertools.islice(rows, _BATCH)):
        encoded = encode(some)
        spool.write(len(encoded).to_bytes(_LENGTH, "big") + encoded)
        look(0)
        yield from some
    spool.seek(0)


def _read(spool: IO[bytes]) -> Iterable[tuple[Value, ...]]:
    decode = msgspec.msgpack.Decoder(list[tuple[Any, ...]]).decode
    while head := spool.read(_LENGTH):
        yield from decode(spool.read(int.from_bytes(head, "big")))
