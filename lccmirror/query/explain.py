"""Say what is wrong with a statement, and what was perhaps meant."""

from __future__ import annotations

import difflib
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ..catalog.migrate import SCHEMA_VERSION
from ..errors import LccMirrorError, LocalError, NoRoom, UsageError
from ..names import printable
from .caret import error_offset, marked
from .explain_match import explain_match
from .readonly import ReadOnlyCatalog, opening_error, primary_code

_UNBOUND = re.compile(r"value for binding parameter :?(.+?)\.?$")
_UNKNOWN = re.compile(r"no such (table|column|function): (.+)$")
_NOT_UTF8 = re.compile(r"Could not decode to UTF-8 column '(.*?)'", re.DOTALL)

# The functions of `with_functions`, which is imported only when a statement needs them.
_FUNCTION_CALLS: Final = {
    "lightcurve": "lightcurve('OBJECTID', 'collection')",
    "dataset": "dataset('SETID')",
}

_OUR_CALLS: Final = {
    "angular_distance_arcsec": "angular_distance_arcsec(ra1, decl1, ra2, decl2)",
    "in_cone": "in_cone(ra, decl, ra0, decl0, radius_arcmin)",
}
_WRONG_NUMBER = re.compile(r"wrong number of arguments to function (\w+)\(\)$")
# The view of a saved search.
_LATEST: Final = "latest_"

# A catalog has some forty tables and views, and a view more for each saved search.
_NAMED: Final = 60

# Without what is there for SQLite itself, or to make or use a full-text index.
_TABLES = r"""
SELECT name FROM sqlite_master AS m WHERE type IN ('table', 'view')
  AND name NOT LIKE '\_sqlite%' ESCAPE '\' AND NOT EXISTS (
    SELECT 1 FROM sqlite_master AS v WHERE v.sql LIKE 'CREATE VIRTUAL TABLE%'
      AND m.name IN (v.name || '_config', v.name || '_content', v.name || '_data',
                     v.name || '_docsize', v.name || '_idx',
                     replace(v.name, '_fts', '_text'), replace(v.name, '_fts', '_search'),
                     replace(v.name, '_fts', '_words')))
ORDER BY name
"""
_COLUMNS = "SELECT name FROM pragma_table_xinfo(?)"
_WRONG_VALUE: Final = {
    sqlite3.SQLITE_MISMATCH: "LIMIT and OFFSET take whole numbers",
    sqlite3.SQLITE_CONSTRAINT: None,
    sqlite3.SQLITE_RANGE: None,
}
_FUNCTIONS = "SELECT DISTINCT name FROM pragma_function_list"


def explain(
    error: Exception, sql: str, catalog: ReadOnlyCatalog, params: Mapping[str, object]
) -> LccMirrorError:
    """Translate what went wrong while `sql` ran into an error that says it clearly.

    Parameters
    ----------
    error
        What `sqlite3` raised.
    sql
        The statement.
    catalog
        Where it ran: asked for names near an unknown one.
    params
        The values that were given for the statement's parameters.

    Raises
    ------
    KeyboardInterrupt
        If it was Ctrl-C that stopped the statement.
    """
    text = str(error)
    code = primary_code(error) if isinstance(error, sqlite3.Error) else None
    if code == sqlite3.SQLITE_INTERRUPT:
        return _interrupted(catalog)
    if code == sqlite3.SQLITE_AUTH or catalog.guard.refused is not None:
        what = catalog.guard.refused or "that statement"
        return UsageError(
            f"refused: the catalog is read-only here, and {what} would do more than read",
            hint="use SELECT; to change things, work on a copy of the catalog",
        )
    if code == sqlite3.SQLITE_READONLY and "attempt to write" in text:
        return UsageError("refused: the catalog is read-only here")
    if code == sqlite3.SQLITE_TOOBIG:
        return UsageError(f"refused: {text}", hint="a single value would be too large")
    if text == "no query solution":
        return _without_arguments(sql, catalog)
    if code == sqlite3.SQLITE_ERROR:
        return explain_match(text, sql, catalog) or _wrong_statement(text, sql, catalog)
    if code in _WRONG_VALUE:
        return UsageError(printable(text), hint=_WRONG_VALUE[code])
    if code == sqlite3.SQLITE_FULL or (
        isinstance(error, sqlite3.Error)
        and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR_WRITE
    ):
        return NoRoom(
            f"no room for what SQLite has to sort or keep meanwhile: {text}",
            hint="name a roomier folder in the environment variable SQLITE_TMPDIR, or ask for "
            "less (LIMIT, an indexed column)",
        )
    if code is not None:
        return opening_error(_as_sqlite(error), catalog.path)
    return _wrong_call(error, params)


def _as_sqlite(error: Exception) -> sqlite3.Error:
    assert isinstance(error, sqlite3.Error)
    return error


def _interrupted(catalog: ReadOnlyCatalog) -> LccMirrorError:
    if not catalog.deadline.passed:
        # Ctrl-C inside a progress handler reaches us as SQLite's "interrupted" only.
        raise KeyboardInterrupt
    return LocalError(
        f"the query was stopped after its time limit of {catalog.deadline.limit_s:g} s",
        hint="narrow it down (an indexed column, LIMIT) or allow more time",
    )


def _wrong_statement(text: str, sql: str, catalog: ReadOnlyCatalog) -> LccMirrorError:
    """Explain SQLite's generic error: syntax, an unknown name, a wrong argument."""
    unknown = _UNKNOWN.search(text)
    if unknown is not None:
        kind, name = unknown.groups()
        return UsageError(printable(text), hint=_unknown_hint(kind, name, sql, catalog))
    if sql.lstrip().startswith("."):
        return UsageError(
            f"{printable(sql.split()[0], 40)} is a command of the sqlite3 shell, and no SQL",
            hint="SELECT sql FROM sqlite_master tells what tables there are",
        )
    called = _WRONG_NUMBER.search(text)
    if called is not None and called[1] in _OUR_CALLS:
        return UsageError(
            text, hint=f"it is {_OUR_CALLS[called[1]]}, all in degrees but a radius"
        )
    offset = error_offset(sql, text)
    if offset is None:
        return UsageError(printable(text))
    return UsageError(f"{printable(text)}\n{marked(sql, offset)}")


def _without_arguments(sql: str, catalog: ReadOnlyCatalog) -> LccMirrorError:
    """Explain SQLite's error for a function in FROM that was called without its argument."""
    words = {word.lower() for word in re.findall(r"\w+", sql)}
    name = next((name for name in _FUNCTION_CALLS if name in words), "lightcurve")
    near = _did_you_mean(name, _names(catalog, _TABLES))
    hint = f"as a function it is {_FUNCTION_CALLS[name]}"
    return UsageError(f"no such table: {name}", hint=f"{near} {hint}" if near else hint)


def _unknown_hint(kind: str, name: str, sql: str, catalog: ReadOnlyCatalog) -> str | None:
    if (other := _of_another_version(catalog)) is not None:
        return other
    tables = _names(catalog, _TABLES)
    if kind == "function":
        return _did_you_mean(name, _names(catalog, _FUNCTIONS))
    if kind == "table":
        bare = name.removeprefix("main.")
        near = _did_you_mean(bare, tables) or _there_are(tables)
        if bare.lower().startswith(_LATEST) and not any(
            table.startswith(_LATEST) for table in tables
        ):
            near = "latest_NAME is there once the saved search NAME has had a good run"
        if bare.lower() in _FUNCTION_CALLS:
            call = _FUNCTION_CALLS[bare.lower()]
            near += f" The function {call} needs APSW: pip install 'lccmirror[sql]'"
        return near
    unquoted = re.search(rf"(?<![\w'\"-]){re.escape(name)}-[\w-]*\d", sql)
    if unquoted is not None:
        return f"a text stands in single quotes: '{printable(unquoted[0], 80)}'"
    words = {word.lower() for word in re.findall(r"\w+", sql)}
    columns = {
        column
        for table in tables
        if table.lower() in words
        for column in _names(catalog, _COLUMNS, table)
    }
    declared = getattr(catalog.connection, "declared", {})
    columns.update(*(names for function, names in declared.items() if function in words))
    found = _did_you_mean(name.rpartition(".")[2], columns)
    if found is None and 0 < len(columns) <= 40:
        found = "there are: " + ", ".join(sorted(columns))
    return found


def _of_another_version(catalog: ReadOnlyCatalog) -> str | None:
    """Say why a name may be unknown: the catalog is of another version, or none at all."""
    (version,) = catalog.connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        return (
            f"a newer lccmirror wrote this catalog (schema {version}; this one knows up to "
            f"{SCHEMA_VERSION}): upgrade lccmirror"
        )
    if version == SCHEMA_VERSION:
        return None
    if not _names(catalog, _TABLES):
        return "the catalog is empty so far: run `lccmirror sync`"
    if version:
        return (
            f"an older lccmirror wrote this catalog (schema {version}; now {SCHEMA_VERSION}): "
            "`lccmirror sync` brings it up to date"
        )
    return f"{catalog.path} is a database, but not the catalog of a mirror"


def _names(catalog: ReadOnlyCatalog, statement: str, *values: str) -> list[str]:
    """Read names; a catalog that cannot even tell them has none to offer."""
    try:
        return [row[0] for row in catalog.connection.execute(statement, values)]
    except sqlite3.Error:
        return []


def _there_are(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return "there are: " + ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _did_you_mean(name: str, known: Iterable[str]) -> str | None:
    folded = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name.lower().strip('"`[]'), list(folded), n=3)
    if not near:
        return None
    return "did you mean " + " or ".join(folded[match] for match in near) + "?"


def _wrong_call(error: Exception, params: Mapping[str, object]) -> LccMirrorError:
    """Explain what Python's `sqlite3` refuses before SQLite sees it, or after."""
    text = str(error)
    unbound = _UNBOUND.search(text)
    if unbound is not None:
        name = unbound.group(1)
        near = difflib.get_close_matches(name, list(params), n=1)
        shown = printable(name)
        give = f"-p {shown} VALUE, in Python {shown}=VALUE"
        return UsageError(
            f"the statement has a parameter :{shown}, and no value for it was given",
            hint=f"you gave {printable(near[0])}: it is {give}"
            if near
            else f"give one: {give}",
        )
    if "one statement at a time" in text:
        return UsageError(
            "that is more than one statement",
            hint="run them one by one, each with `lccmirror query`",
        )
    if "has no name" in text:
        return UsageError(
            "the statement has a parameter without a name",
            hint="write :name, and -p name VALUE",
        )
    not_utf8 = _NOT_UTF8.search(text)
    if not_utf8 is not None:
        # An expression has no name, and APSW names none.
        named = not_utf8.group(1).isidentifier()
        column = f"column {not_utf8.group(1)}" if named else "a column"
        value = not_utf8.group(1) if named else "…"
        return LocalError(
            f"{column} holds text that is not UTF-8",
            hint=f"select hex({value}) or cast({value} as blob) to see its bytes",
        )
    if isinstance(error, UnicodeEncodeError):
        return UsageError("the statement or a parameter is not valid UTF-8")
    return UsageError(f"the statement cannot be run: {printable(text)}")
