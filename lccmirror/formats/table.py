"""The dataset CSV: a commented JSON header, then rows without names, quotes or escapes.

Lines end with LF and nothing else does: a value may hold a carriage return or any other
line separator of Unicode. A line feed inside a value is not escaped either, so a row can
span several lines; they are put together by the number of separators, of which a row has
exactly one less than columns (the server replaces ``|`` in values).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from .. import foreign_json
from ..errors import FormatError
from ..names import printable
from .columns import TableColumn, table_columns
from .problems import Problems

MAX_HEADER_BYTES = 8 << 20
MAX_ROW_BYTES = 16 << 20
_BLOCK = 1 << 17


@dataclass(frozen=True, slots=True)
class TableHeader:
    """The header of a dataset CSV.

    Parameters
    ----------
    setid
        As it stands there; to be compared, never to build a path of.
    columns
        In the order of the rows' values.
    nrows
        How many rows follow, None if the header does not say.
    collections
        Database IDs of the collections searched.
    raw
        The whole header. It names paths on the server's disk, and its ``updated`` and
        ``visibility`` are those of the dataset's creation.
    offset, lines
        Where the rows begin: bytes and lines from the start of the file.
    """

    setid: str | None
    columns: tuple[TableColumn, ...]
    nrows: int | None
    collections: tuple[str, ...]
    raw: dict[str, Any] = field(repr=False)
    offset: int
    lines: int

    @property
    def coldesc(self) -> dict[str, Any]:
        """Descriptions of the columns, as published."""
        described = self.raw.get("coldesc")
        return described if isinstance(described, dict) else {}


def read_header(path: Path) -> TableHeader:
    """Read the header of the dataset CSV at `path`.

    Raises
    ------
    FormatError
        If the file does not begin with a header, or the header does not end within
        8 MiB, is not JSON, or has no columns.
    """
    with path.open("rb") as file:
        text, lines = _header_text(file, path.name)
        offset = file.tell()
    try:
        raw = foreign_json.load(text)
    except ValueError as error:
        raise FormatError(f"{path.name}: its header is not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise FormatError(f"{path.name}: its header is not a JSON object")
    try:
        columns = table_columns(raw.get("columns"), raw.get("coldesc"))
    except FormatError as error:
        raise FormatError(f"{path.name}: {error.message}") from error
    setid = raw.get("setid")
    return TableHeader(
        setid=setid if isinstance(setid, str) else None,
        columns=columns,
        nrows=row_count(raw),
        collections=tuple(c for c in _list(raw.get("collections")) if isinstance(c, str)),
        raw=raw,
        offset=offset,
        lines=lines,
    )


def row_count(header: dict[str, Any]) -> int | None:
    """Return the number of rows that a dataset's header states, in either dialect."""
    for key in ("actual_nrows", "nobjects"):
        value = header.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return None


def _header_text(file: BinaryIO, name: str) -> tuple[str, int]:
    kept: list[bytes] = []
    size = 0
    while True:
        line = file.readline(MAX_HEADER_BYTES - size + 1)
        size += len(line)
        where = f"{name}, line {len(kept) + 1}"
        if not line.endswith(b"\n"):
            if size > MAX_HEADER_BYTES:
                raise FormatError(f"{name}: its header is longer than {MAX_HEADER_BYTES} bytes")
            raise FormatError(f"{where}: the file ends within its header")
        if not line.startswith(b"# ") or (not kept and line != b"# {\n"):
            raise FormatError(f"{where}: not a line of a dataset CSV's header")
        kept.append(line[2:])
        # within the JSON each line is indented, so this can only be its end
        if line == b"# }\n":
            break
    try:
        return b"".join(kept).decode("utf-8"), len(kept)
    except UnicodeDecodeError as error:
        raise FormatError(f"{name}: its header is not UTF-8: {error.reason}") from error


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def iter_lines(path: Path, header: TableHeader, problems: Problems) -> Iterator[str]:
    """Yield the lines after the header, without their line feeds.

    Bytes that are not UTF-8 (the server writes none) come as ``\\xff``, which every
    database and JSON can hold, and are a problem with their line number.

    Raises
    ------
    FormatError
        If a line is longer than 16 MiB.
    """
    number = header.lines
    with path.open("rb") as file:
        file.seek(header.offset)
        rest = b""
        while block := file.read(_BLOCK):
            block = rest + block
            end = block.rfind(b"\n") + 1
            rest = block[end:]
            if len(rest) > MAX_ROW_BYTES:
                line = number + block.count(b"\n") + 1
                raise FormatError(
                    f"{path.name}, line {line}: longer than {MAX_ROW_BYTES} bytes"
                )
            if not end:
                continue
            lines = _decoded(block[: end - 1], number, path.name, problems)
            number += len(lines)
            yield from lines
        if rest:
            problems.add(
                f"{path.name}: the last line has no line feed; the file may be cut short"
            )
            yield from _decoded(rest, number, path.name, problems)


def _decoded(block: bytes, before: int, name: str, problems: Problems) -> list[str]:
    try:
        # not splitlines(), which splits at many other characters
        return block.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        lines = []
        for number, line in enumerate(block.split(b"\n"), before + 1):
            try:
                lines.append(line.decode("utf-8"))
            except UnicodeDecodeError as error:
                problems.add(f"{name}, line {number}: not UTF-8: {error.reason}")
                lines.append(line.decode("utf-8", "backslashreplace"))
        return lines


def iter_rows(
    path: Path, header: TableHeader, problems: Problems | None = None
) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the dataset CSV at `path` as texts, in the order of the columns.

    Parameters
    ----------
    path, header
        The file, and what `read_header` said of it.
    problems
        Takes what could only be guessed, with line numbers.

    Raises
    ------
    FormatError
        If the lines cannot be put together to rows of the right number of values, or the
        rows are not as many as the header says.
    """
    problems = Problems() if problems is None else problems
    lines = iter_lines(path, header, problems)
    yield from rows_of_lines(lines, header, path.name, problems)


def rows_of_lines(
    lines: Iterator[str],
    header: TableHeader,
    name: str,
    problems: Problems,
    *,
    done: tuple[int, int] = (0, 0),
) -> Iterator[tuple[str, ...]]:
    """Put `lines` together to rows.

    Parameters
    ----------
    lines
        Lines after the header.
    header, name
        The file's, and its name for messages.
    problems
        Takes what could only be guessed.
    done
        Lines and rows that were taken from the file before.

    Raises
    ------
    FormatError
        As for `iter_rows`.
    """
    number, count = done
    number += header.lines
    for row in _assembled(lines, header, name, problems, number):
        count += 1
        if header.nrows is not None and count > header.nrows:
            break
        yield row
    if header.nrows is not None and count != header.nrows:
        found = "more" if count > header.nrows else str(count)
        raise FormatError(f"{name}: {found} rows where its header says {header.nrows}")


def _assembled(
    lines: Iterator[str], header: TableHeader, name: str, problems: Problems, number: int
) -> Iterator[tuple[str, ...]]:
    ncols = len(header.columns)
    if ncols == 1:
        # without a separator nothing shows which lines belong together
        for line in lines:
            yield (line,)
        return
    row: list[str] = []  # a row with all its separators
    tail: list[str] = []  # lines after it that have none: its end, or the next one's begin
    begun: list[str] = []  # lines of a row that still lacks separators
    size = 0  # of the row's lines and its tail's
    missing = 0
    for line in lines:
        number += 1
        if size > MAX_ROW_BYTES:
            raise FormatError(f"{name}, line {number}: a row longer than {MAX_ROW_BYTES} bytes")
        if missing:
            begun.append(line)
            size += len(line) + 1
            missing -= line.count("|")
        else:
            cells = line.split("|")
            if len(cells) == 1 and row:
                tail.append(line)
                size += len(line) + 1
                continue
            if row:
                if tail:
                    row, tail = _settled(row, tail, header, f"{name}, line {number}", problems)
                yield tuple(row)
                row = []
            if len(cells) == ncols and not tail:
                row, size = cells, len(line)
                continue
            begun = [*tail, line]
            size = sum(map(len, begun)) + len(begun)
            tail = []
            missing = ncols - len(cells)
        if missing == 0:
            row, begun = "\n".join(begun).split("|"), []
        elif missing < 0:
            raise FormatError(
                f"{name}, line {number}: {ncols - missing} values in {ncols} columns"
            )
    if missing:
        got = ncols - missing
        raise FormatError(f"{name}, line {number}: the last row has {got} of {ncols} values")
    if row:
        yield tuple(_with_tail(row, tail))


def _settled(
    row: list[str], tail: list[str], header: TableHeader, where: str, problems: Problems
) -> tuple[list[str], list[str]]:
    """Decide whether the `tail` ends `row` or begins the next; a number has no line feed."""
    first, last = header.columns[0], header.columns[-1]
    if last.kind != "text" or (last.name == "collection" and row[-1] in header.collections):
        return row, tail
    if first.kind != "text":
        return _with_tail(row, tail), []
    problems.add(
        f"{where}: {len(tail)} line(s) before it could end one row or begin the next;"
        " taken as the begin of the next"
    )
    return row, tail


def _with_tail(row: Sequence[str], tail: Sequence[str]) -> list[str]:
    return [*row[:-1], "\n".join([row[-1], *tail])]


def describe_row(number: int, columns: Sequence[TableColumn], index: int) -> str:
    """Name a row and a column for a problem: both count from 1, the name is escaped."""
    return f"row {number}, column {printable(columns[index].name, 60)}"
