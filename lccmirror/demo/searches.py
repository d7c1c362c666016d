"""The four searches over the demo's catalogs.

Each collection is a table in a private SQLite in memory, with a full-text table beside
it, so that filters and full-text queries behave as they do on the real server, whose
catalogs are SQLite too.
"""

from __future__ import annotations

import json
import math
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .arguments import SearchRequest
from .backend import ColumnDescription
from .filters import conditions_to_sql
from .surveys import Survey, Value

Record = dict[str, Value]

SEARCH_TYPES = {
    "conesearch": "sqlite_kdtree_conesearch",
    "ftsquery": "sqlite_fulltext_search",
    "columnsearch": "sqlite_column_search",
    "xmatch": "sqlite_xmatch_search",
}
_DISTANCE = ColumnDescription(
    "distance [arcsec]", "distance from search center in arcsec", "<f8", "%.3f"
)
_COMMON = {
    "owner": ColumnDescription("object owner", "userid of the owner", "i8", "%i"),
    "visibility": ColumnDescription("object visibility", "visibility tag", "U10", "%s"),
    "sharedwith": ColumnDescription("shared with", "user/group IDs", "U20", "%s"),
    "collection": ColumnDescription("LC collection", "the light curve collection", "U60", "%s"),
    "dist_arcsec": _DISTANCE,
    "relevance": ColumnDescription("relevance", "SQLite FTS5 BM25 relevance", "f8", "%f"),
    "extra_info": ColumnDescription("additional information", "more about it", "U1024", "%s"),
}
# a service's own columns that repeat a catalog column under another name
_ALIASES = {
    "db_oid": ("objectid", "database object ID"),
    "db_ra": ("ra", "database &alpha;"),
    "db_decl": ("decl", "database &delta;"),
    "db_lcfname": ("lcfname", "database LC filename"),
    "kdtree_oid": ("objectid", "object ID in kd-tree for spatial queries"),
    "kdtree_ra": ("ra", "kd-tree &alpha;"),
    "kdtree_decl": ("decl", "kd-tree &delta;"),
    "in_objectid": ("objectid", "input object ID"),
    "in_ra": ("ra", "input &alpha;"),
    "in_decl": ("decl", "input &delta;"),
}
_CONE_EXTRA = (
    "db_oid", "kdtree_oid", "db_ra", "db_decl", "kdtree_ra", "kdtree_decl", "db_lcfname",
    "dist_arcsec", "owner", "visibility", "sharedwith", "collection",
)  # fmt: skip
_BASE = ("db_oid", "db_ra", "db_decl", "db_lcfname", "owner", "visibility", "sharedwith")
_NO_INFO = json.dumps({"bibcode": None, "parent": None, "comments": None})


class SearchCrash(Exception):
    """The search failed in a way that the server tells nobody about."""


@dataclass(frozen=True)
class Found:
    """What a search found: the columns of the result and the rows of each collection."""

    columns: tuple[str, ...]
    rows: dict[str, list[Record]]

    @property
    def nmatches(self) -> int:
        """Objects found in all collections."""
        return sum(map(len, self.rows.values()))


class SearchEngine:
    """The searches, over a set of collections."""

    def __init__(self, surveys: Sequence[Survey]) -> None:
        self._surveys = {s.collection: s for s in surveys}
        self._lock = threading.Lock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        for survey in surveys:
            _load(self._db, survey)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def replace(self, survey: Survey) -> None:
        """Search another version of a collection from now on."""
        with self._lock:
            for table in (f"{survey.collection}_fts", survey.collection):
                self._db.execute(f'drop table "{table}"')
            _load(self._db, survey)
            self._surveys[survey.collection] = survey

    def run(self, request: SearchRequest) -> Found | None:
        """Run a search; None if its filters are refused.

        Raises
        ------
        SearchCrash
            For a collection that does not exist.
        """
        names = request.collections or tuple(self._surveys)
        if any(name not in self._surveys for name in names):
            raise SearchCrash(f"no such collection among {names}")
        surveys = [self._surveys[name] for name in names]
        common = set.intersection(*({c.name for c in s.columns} for s in surveys))
        wanted = tuple(c for c in request.columns if c in common)
        rows: dict[str, list[Record]] = {}
        for survey in surveys:
            try:
                found = self._in_one(survey, request)
            except sqlite3.Error:
                # an FTS or SQL syntax error is answered like a search without a match
                return None
            if found is None:
                return None
            rows[survey.collection] = found
        extra = _extra_columns(request.service, surveys)
        return Found(tuple(dict.fromkeys((*wanted, *extra))), rows)

    def _in_one(self, survey: Survey, request: SearchRequest) -> list[Record] | None:
        where, values = "1", list[str | float]()
        if request.conditions:
            known = {c.name for c in survey.columns}
            understood = conditions_to_sql(request.conditions, known)
            if understood is None:
                return None
            where, values = understood
        elif request.service == "columnsearch":
            return None
        if request.service == "ftsquery":
            return self._full_text(survey, request, where, values)
        candidates = self._select(survey, where, values)
        if request.service == "conesearch":
            return _cone(candidates, request)
        if request.service == "xmatch":
            return _cross_match(candidates, request)
        return candidates

    def _select(self, survey: Survey, where: str, values: Iterable[object]) -> list[Record]:
        statement = f'select * from "{survey.collection}" where {where} order by rowid'
        with self._lock:
            return [dict(row) for row in self._db.execute(statement, tuple(values))]

    def _full_text(
        self, survey: Survey, request: SearchRequest, where: str, values: Iterable[object]
    ) -> list[Record]:
        text = (request.text or "").replace("&quot;", '"').replace("&#39;", "'")
        fts = f"{survey.collection}_fts"
        statement = (
            f'select o.*, bm25("{fts}") as relevance from "{fts}" '
            f'join (select *, rowid as id from "{survey.collection}" where {where}) o '
            f'on o.id = "{fts}".rowid where "{fts}" match ? order by relevance'
        )
        with self._lock:
            rows = self._db.execute(statement, (*values, text)).fetchall()
        return [{**dict(row), "extra_info": _NO_INFO} for row in rows]


def describe_column(survey: Survey, name: str) -> ColumnDescription:
    """Return what a dataset says of its column `name` (a catalog's or a search's own)."""
    if name in _COMMON:
        return _COMMON[name]
    original, title = _ALIASES.get(name, (name, None))
    column = survey.column(original)
    if column is None:
        raise SearchCrash(f"no column {name}")
    return ColumnDescription(
        title or column.title, column.description, column.dtype, column.format
    )


def separation_arcsec(ra1: float, decl1: float, ra2: float, decl2: float) -> float:
    """Return the angle between two positions (degrees) in arcseconds."""
    a1, d1, a2, d2 = map(math.radians, (ra1, decl1, ra2, decl2))
    half = (
        math.sin((d2 - d1) / 2) ** 2
        + math.cos(d1) * math.cos(d2) * math.sin((a2 - a1) / 2) ** 2
    )
    return math.degrees(2.0 * math.asin(min(1.0, math.sqrt(half)))) * 3600.0


def _extra_columns(service: str, surveys: Sequence[Survey]) -> tuple[str, ...]:
    if service == "conesearch":
        return _CONE_EXTRA
    if service == "ftsquery":
        common = set.intersection(
            *({c.name for c in s.columns if c.fts_indexed} for s in surveys)
        )
        return (*_BASE, "relevance", "extra_info", *sorted(common), "collection")
    if service == "xmatch":
        return (*_BASE, "dist_arcsec", "collection", "in_ra", "in_objectid", "in_decl")
    return (*_BASE, "collection")


def _cone(candidates: list[Record], request: SearchRequest) -> list[Record]:
    assert request.center is not None
    ra, decl, radius_arcmin = request.center
    near = []
    for row in candidates:
        distance = separation_arcsec(ra, decl, _number(row["ra"]), _number(row["decl"]))
        if distance <= radius_arcmin * 60.0:
            near.append({**row, "dist_arcsec": distance})
    return sorted(near, key=lambda row: _number(row["dist_arcsec"]))


def _cross_match(candidates: list[Record], request: SearchRequest) -> list[Record]:
    found: list[Record] = []
    for position in request.positions:
        for row in candidates:
            # a cheap test first: most pairs are far apart in declination
            if abs(_number(row["decl"]) - position.decl) * 3600.0 > request.radius_arcsec:
                continue
            distance = separation_arcsec(
                position.ra, position.decl, _number(row["ra"]), _number(row["decl"])
            )
            if distance <= request.radius_arcsec:
                found.append(
                    {
                        **row,
                        "dist_arcsec": distance,
                        "in_objectid": position.objectid,
                        "in_ra": position.ra,
                        "in_decl": position.decl,
                    }
                )
    return found


def _number(value: Value) -> float:
    assert isinstance(value, float)
    return value


def _load(db: sqlite3.Connection, survey: Survey) -> None:
    kinds = {"f": "real", "i": "integer", "U": "text"}
    catalog = [(c.name, kinds[c.dtype.lstrip("<")[0]]) for c in survey.columns]
    fixed = [("db_oid", "text"), ("db_ra", "real"), ("db_decl", "real"), ("db_lcfname", "text")]
    fixed += [("kdtree_oid", "text"), ("kdtree_ra", "real"), ("kdtree_decl", "real")]
    fixed += [("owner", "integer"), ("visibility", "text"), ("sharedwith", "text")]
    fixed += [("collection", "text")]
    columns = ", ".join(f'"{name}" {kind}' for name, kind in [*catalog, *fixed])
    db.execute(f'create table "{survey.collection}" ({columns})')
    marks = ", ".join("?" * (len(catalog) + len(fixed)))
    for o in survey.objects:
        link = f"/l/{survey.collection_id}/{o.objectid}-csvlc.gz"
        own: Record = {
            "objectid": o.objectid, "ra": o.ra, "decl": o.decl, "lcfname": link, **o.values
        }  # fmt: skip
        where: Sequence[Value] = (o.objectid, o.ra, o.decl, link, o.objectid, o.ra, o.decl)
        rights: Sequence[Value] = (1, "public", None, survey.collection)
        db.execute(
            f'insert into "{survey.collection}" values ({marks})',
            (*(own.get(name) for name, _ in catalog), *where, *rights),
        )
    indexed = ", ".join(f'"{c.name}"' for c in survey.columns if c.fts_indexed)
    db.execute(
        f'create virtual table "{survey.collection}_fts" using fts5('
        f"{indexed}, content='{survey.collection}')"
    )
    db.execute(
        f'insert into "{survey.collection}_fts"(rowid, {indexed}) '
        f'select rowid, {indexed} from "{survey.collection}"'
    )
