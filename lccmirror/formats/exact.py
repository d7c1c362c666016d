"""A dataset's table with every value as it is in the server's own database.

The CSV and the JSON each lose something else: the CSV rounds numbers, writes NULL as
``nan``, ``-9999`` or ``None`` and ``|`` as ``; ``; the JSON turns ``nan`` within its texts
into ``null``. So numbers and NULLs are taken from the JSON and texts from both
(`lccmirror.formats.damage`). The two are read in step, and a pair of rows is believed only
if the JSON's values, written as the server writes its CSV, are the CSV's line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from ..errors import FormatError
from ..names import printable
from .columns import LineWriter, TableColumn, Value, csv_writers, typed
from .damage import damage_json, least_damaged, reconstruct
from .dataset_json import JsonTable, open_json
from .problems import Problems
from .table import (
    MAX_ROW_BYTES,
    TableHeader,
    describe_row,
    iter_lines,
    read_header,
    rows_of_lines,
)

ValuesFrom = Literal["both", "csv", "json"]


class ExactTable:
    """A table to be iterated once.

    Parameters
    ----------
    columns
        In the order of the values. Exact if there is a CSV.
    nrows
        How many rows the dataset says it has; iteration raises if it is another number.
    values_from
        ``both``: every value yielded is exact. ``csv`` or ``json``: from some row on only
        that one could be used (``problems`` says from which and why), or only that one is
        there. Final when the iteration has ended.
    problems
        What is wrong all the same. Final when the iteration has ended.
    rows
        Yields a tuple of values for each row. It raises `FormatError` where neither file
        can be read further.
    """

    def __init__(
        self,
        columns: tuple[TableColumn, ...],
        nrows: int | None,
        values_from: ValuesFrom,
        problems: Problems,
    ) -> None:
        self.columns = columns
        self.nrows = nrows
        self.values_from: ValuesFrom = values_from
        self.problems = problems
        self.rows: Iterator[tuple[Value, ...]] = iter(())

    def fall_back(self, to: ValuesFrom, why: str) -> None:
        """Go on with one file alone."""
        self.values_from = to
        self.problems.add(f"{why}; values are from the {to.upper()} alone")


def exact_table(csv: Path | None, json: Path | None) -> ExactTable:
    """Open a dataset's table.

    Parameters
    ----------
    csv, json
        The dataset's CSV and its JSON as the mirror keeps it; either may be None.

    Returns
    -------
    ExactTable
        From the CSV alone, numbers are as rounded there and a value that looks missing
        stays what it looks like (`lccmirror.formats.columns.typed`); from the JSON alone,
        texts and the columns' names may have ``null`` for ``nan``.

    Raises
    ------
    FormatError
        If neither can be read.
    """
    problems = Problems()
    header = document = None
    failure: FormatError | None = None
    if csv is not None:
        try:
            header = read_header(csv)
        except FormatError as error:
            failure = error
    if json is not None:
        try:
            document = open_json(json)
        except FormatError as error:
            failure = failure or error
    if failure is not None:
        problems.add(failure.message)

    if header is not None and csv is not None:
        if document is None:
            table = ExactTable(header.columns, header.nrows, "csv", problems)
            table.rows = _csv_rows(csv, header, problems)
            return table
        table = ExactTable(header.columns, header.nrows, "both", problems)
        if why := _different(header, document):
            table.fall_back("json", why)
        else:
            table.rows = _Pairing(table, csv, header, document).rows()
            return table
    if document is not None:
        table = ExactTable(document.columns, document.nrows, "json", problems)
        table.rows = document.iter_rows()
        return table
    raise failure or FormatError("a dataset with neither CSV nor JSON")


def _different(header: TableHeader, document: JsonTable) -> str | None:
    """Say why the two cannot be of one dataset, if so."""
    if header.setid and document.setid not in (header.setid, damage_json(header.setid)):
        return (
            f"the CSV is of the dataset {printable(header.setid, 40)}, the JSON of"
            f" {printable(str(document.setid), 40)}"
        )
    if None not in (header.nrows, document.nrows) and header.nrows != document.nrows:
        return f"the CSV says {header.nrows} rows, the JSON {document.nrows}"
    ours = [column.name for column in header.columns]
    theirs = [column.name for column in document.columns]
    # either damaged, or of a server that does no damage
    if theirs not in ([damage_json(name) for name in ours], ours):
        return "the CSV and the JSON have different columns"
    try:
        csv_writers(header.columns)
    except FormatError as error:
        return f"the CSV cannot be compared: {error.message}"
    return None


def _csv_rows(
    csv: Path, header: TableHeader, problems: Problems
) -> Iterator[tuple[Value, ...]]:
    lines = iter_lines(csv, header, problems)
    return _typed(rows_of_lines(lines, header, csv.name, problems), header)


def _typed(rows: Iterator[tuple[str, ...]], header: TableHeader) -> Iterator[tuple[Value, ...]]:
    kinds = [column.kind for column in header.columns]
    for row in rows:
        yield tuple([typed(text, kind) for text, kind in zip(row, kinds, strict=True)])


class _Mismatch(Exception):
    """The CSV's line is not the JSON's row; the only argument says why."""


class _Pairing:
    """The CSV's lines and the JSON's rows, taken in step."""

    def __init__(
        self, table: ExactTable, csv: Path, header: TableHeader, document: JsonTable
    ) -> None:
        self._table = table
        self._csv = csv
        self._header = header
        self._document = document
        self._writers = csv_writers(header.columns)
        self._whole_line = LineWriter(header.columns)
        self._lines = iter_lines(csv, header, table.problems)
        self._row = 0
        self._lines_within_rows = 0

    def rows(self) -> Iterator[tuple[Value, ...]]:
        batches = self._document.iter_batches()
        while True:
            try:
                batch = next(batches, None)
            except FormatError as error:
                yield from self._csv_alone(error)
                return
            if batch is None:
                self._check_csv_ended()
                return
            if self._table.values_from == "both":
                batch = self._paired(batch)
            yield from batch

    def _paired(self, batch: list[tuple[Value, ...]]) -> list[tuple[Value, ...]]:
        """Return rows with the values that they and the CSV's next lines give together."""
        paired: list[tuple[Value, ...]] = []
        gives, lines = self._whole_line.gives, self._lines
        try:
            for values in batch:
                self._row += 1
                line = next(lines, None)
                if line is None:
                    raise _Mismatch("the CSV ends before")
                paired.append(values if gives(values, line) else self._exact(values, line))
        except (_Mismatch, FormatError) as error:
            self._table.fall_back("json", f"row {self._row}: {error}")
            paired += batch[len(paired) :]
        return paired

    def _exact(self, values: tuple[Value, ...], line: str) -> tuple[Value, ...]:
        """Put a row together value by value; it may take more lines."""
        if self._whole_line.gives_damaged(values, line):
            return values
        cells = line.split("|")
        try:
            written = [write(value) for write, value in zip(self._writers, values, strict=True)]
        except (TypeError, ValueError, OverflowError) as error:
            raise _Mismatch(
                "the JSON has a value that the CSV's format cannot write"
            ) from error
        if written == cells:
            return values
        # a line feed is never lost in the JSON, so it tells how many lines this row has
        lines, size = [line], len(line)
        for value in values:
            if isinstance(value, str) and "\n" in value:
                for _ in range(value.count("\n")):
                    lines.append(self._next_line())
                    size += len(lines[-1]) + 1
                    if size > MAX_ROW_BYTES:
                        raise _Mismatch(f"longer than {MAX_ROW_BYTES} bytes")
                    self._lines_within_rows += 1
        cells = "\n".join(lines).split("|")
        if len(cells) != len(values):
            raise _Mismatch(f"{len(cells)} values in the CSV where the JSON has {len(values)}")
        return tuple(
            value if text == cell else self._text(index, cell, value)
            for index, (value, text, cell) in enumerate(
                zip(values, written, cells, strict=True)
            )
        )

    def _next_line(self) -> str:
        line = next(self._lines, None)
        if line is None:
            raise _Mismatch("the CSV ends before")
        return line

    def _text(self, index: int, cell: str, value: Value) -> str:
        """Return the text that is `cell` in the CSV and `value` in the JSON."""
        where = describe_row(self._row, self._header.columns, index)
        if not isinstance(value, str):
            raise _Mismatch(f"{where}: the CSV has another value than the JSON")
        text = reconstruct(cell, value)
        if text is None:
            text = least_damaged(cell, value)
            if text is None:
                raise _Mismatch(f"{where}: the CSV has another text than the JSON")
            self._table.problems.add(
                f"{where}: no text can have become both the CSV's and the JSON's"
            )
        return text

    def _check_csv_ended(self) -> None:
        if self._table.values_from == "both" and next(self._lines, None) is not None:
            self._table.fall_back("json", f"the CSV goes on after row {self._row}")

    def _csv_alone(self, error: FormatError) -> Iterator[tuple[Value, ...]]:
        if self._table.values_from != "both":
            raise error
        self._table.fall_back("csv", f"after row {self._row}: {error.message}")
        rows = rows_of_lines(
            self._lines,
            self._header,
            self._csv.name,
            self._table.problems,
            done=(self._row + self._lines_within_rows, self._row),
        )
        yield from _typed(rows, self._header)
