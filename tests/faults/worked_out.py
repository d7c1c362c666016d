"""`objects`, worked out again from the rows by the rule, as plainly as it can be said."""

from __future__ import annotations

import json
from typing import Any

from tests.support.site import Site

Objects = dict[tuple[str, str], dict[str, Any]]

# An identical table has no rows of its own, and a time of its own.
_ROWS = """
SELECT r.collection, r.objectid, r.data FROM datasets AS d
JOIN dataset_rows AS r ON r.setid = coalesce(d.same_as, d.setid)
WHERE r.collection IS NOT NULL AND r.objectid IS NOT NULL
ORDER BY d.created_on, d.setid, r.row
"""
# Where a name has columns for values of two kinds, which one has it depends on the collection.
_COLUMNS = """
SELECT name, kind, min(sql_name) FROM object_columns GROUP BY name HAVING count(*) = 1
"""


def objects_of_rows(site: Site) -> Objects:
    """Return of each column of each object the value of the newest dataset that has it."""
    values: Objects = {}
    for collection, objectid, data in site.sql(_ROWS):
        values.setdefault((collection, objectid), {}).update(json.loads(data))
    return values


def differences(site: Site) -> list[str]:
    """Return, in words, where `objects` has other values than the rows give."""
    columns = {name: (kind, sql_name) for name, kind, sql_name in site.sql(_COLUMNS)}
    names = [one[1] for one in site.sql("PRAGMA table_info(objects)")]
    truth = objects_of_rows(site)
    found = []
    for row in site.sql("SELECT * FROM objects"):
        ours = dict(zip(names, row, strict=True))
        key = (ours["collection"], ours["objectid"])
        for name, value in truth.get(key, {}).items():
            kind, sql_name = columns.get(name, ("", ""))
            if not sql_name or isinstance(value, list | dict):
                continue
            as_text = kind == "text" and value is not None
            if ours[sql_name] != (str(value) if as_text else value):
                found.append(f"{key} has {name} {ours[sql_name]!r}, and its rows {value!r}")
    return found
