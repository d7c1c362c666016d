"""Print the tables of the server's dataset pickles, a line of JSON each.

Run with the Python of the server's environment (``Truth.tables`` does): the pickles are the
server's own, and only that Python may load them. Numbers are printed so that they are read
back exactly.
"""

from __future__ import annotations

import gzip
import json
import pickle
import sys
from pathlib import Path
from typing import Any


def table(path: Path) -> dict[str, Any]:
    """Return a dataset's columns, and its rows in the order of the columns."""
    with gzip.open(path) as file:
        dataset = pickle.load(file)  # noqa: S301 made by the server that the test started
    columns = dataset["columns"]
    rows = [[_plain(row[name]) for name in columns] for row in dataset["result"]]
    return {"setid": dataset["setid"], "columns": columns, "rows": rows}


def _plain(value: Any) -> Any:
    # NumPy's numbers are not JSON's
    return value.item() if hasattr(value, "item") else value


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(json.dumps(table(Path(argument))))
