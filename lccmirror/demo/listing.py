"""The dataset list's ``filter=``: a full-text query over what datasets say of themselves."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing

from .backend import Dataset

_COLUMNS = "setid, queried_collections, query_type, query_params, name, description, citation"


def matching_datasets(datasets: Sequence[Dataset], query: str) -> list[Dataset] | None:
    """Return the datasets that match, best first; None for a query that is none."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(f"create virtual table lcc_datasets using fts5({_COLUMNS})")
        db.executemany(
            "insert into lcc_datasets(rowid, setid, queried_collections, query_type, "
            "query_params, name, description, citation) values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    i, d.setid, ", ".join(d.collections), d.searchtype,
                    json.dumps(d.searchargs), d.name, d.description, d.citation,
                )
                for i, d in enumerate(datasets)
            ],
        )  # fmt: skip
        try:
            found = db.execute(
                "select rowid from lcc_datasets where lcc_datasets match ? "
                "order by bm25(lcc_datasets), rowid",
                (query[:1024],),
            )
            return [datasets[i] for (i,) in found]
        except sqlite3.Error:
            return None
