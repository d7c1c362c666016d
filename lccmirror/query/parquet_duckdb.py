"""The export's tables by their names in DuckDB: a script of views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ..names import quote_identifier
from .cookbook import literal
from .parquet_sources import DATASET_TABLES

if TYPE_CHECKING:
    from .parquet_export import ExportedTable

VIEWS: Final = "duckdb.sql"
"""The script's name in the export."""

_HEAD: Final = """\
-- The tables of this export, by the names they have in the catalog. In its folder:
--   duckdb -init duckdb.sql
"""
# A setid can look like a number or a date: its type is said.
_DATASETS: Final = f"""\
-- All tables of datasets, one below the other: what a dataset does not have is NULL.
CREATE OR REPLACE VIEW {DATASET_TABLES} AS SELECT * FROM read_parquet(
  '{DATASET_TABLES}/*/rows.parquet', union_by_name = true,
  hive_partitioning = true, hive_types = {{'setid': VARCHAR}});
-- One of them: FROM dataset('…')
CREATE OR REPLACE MACRO dataset(setid) AS TABLE SELECT * FROM read_parquet(
  '{DATASET_TABLES}/setid=' || setid || '/rows.parquet', hive_partitioning = false);
"""


def duckdb_views(tables: Sequence[ExportedTable]) -> str:
    """Return a script for DuckDB that names the files of an export.

    Parameters
    ----------
    tables
        What was exported.
    """
    lines = [_HEAD]
    datasets = False
    for table in tables:
        if "/" in table.file:
            datasets = True
        else:
            lines.append(
                f"CREATE OR REPLACE VIEW {quote_identifier(table.name)} AS "
                f"SELECT * FROM read_parquet({literal(table.file)});\n"
            )
    if datasets:
        lines.append(_DATASETS)
    return "".join(lines)
