"""What a read-only connection may do: SQLite asks here before each part of a statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

# Names as SQL writes them, for the message when one is refused.
_ACTIONS: Final = {
    sqlite3.SQLITE_ALTER_TABLE: "ALTER TABLE",
    sqlite3.SQLITE_ANALYZE: "ANALYZE",
    sqlite3.SQLITE_ATTACH: "ATTACH",
    sqlite3.SQLITE_CREATE_INDEX: "CREATE INDEX",
    sqlite3.SQLITE_CREATE_TABLE: "CREATE TABLE",
    sqlite3.SQLITE_CREATE_TEMP_INDEX: "CREATE TEMP INDEX",
    sqlite3.SQLITE_CREATE_TEMP_TABLE: "CREATE TEMP TABLE",
    sqlite3.SQLITE_CREATE_TEMP_TRIGGER: "CREATE TEMP TRIGGER",
    sqlite3.SQLITE_CREATE_TEMP_VIEW: "CREATE TEMP VIEW",
    sqlite3.SQLITE_CREATE_TRIGGER: "CREATE TRIGGER",
    sqlite3.SQLITE_CREATE_VIEW: "CREATE VIEW",
    sqlite3.SQLITE_CREATE_VTABLE: "CREATE VIRTUAL TABLE",
    sqlite3.SQLITE_DELETE: "DELETE",
    sqlite3.SQLITE_DETACH: "DETACH",
    sqlite3.SQLITE_DROP_INDEX: "DROP INDEX",
    sqlite3.SQLITE_DROP_TABLE: "DROP TABLE",
    sqlite3.SQLITE_DROP_TRIGGER: "DROP TRIGGER",
    sqlite3.SQLITE_DROP_VIEW: "DROP VIEW",
    sqlite3.SQLITE_DROP_VTABLE: "DROP TABLE",
    sqlite3.SQLITE_INSERT: "INSERT",
    sqlite3.SQLITE_REINDEX: "REINDEX",
    sqlite3.SQLITE_SAVEPOINT: "SAVEPOINT",
    sqlite3.SQLITE_TRANSACTION: "BEGIN, COMMIT or ROLLBACK",
    sqlite3.SQLITE_UPDATE: "UPDATE",
}

_SCHEMA_CHANGES: Final = {
    sqlite3.SQLITE_INSERT: "CREATE",
    sqlite3.SQLITE_DELETE: "DROP",
}

# Reading these tells about the catalog; an argument only says of what.
_PRAGMAS: Final = frozenset(
    {
        "foreign_key_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "integrity_check",
        "quick_check",
        "table_info",
        "table_list",
        "table_xinfo",
    }
)
# These tell something when read, and set it when given an argument.
_PRAGMAS_WITHOUT_ARGUMENT: Final = frozenset(
    {
        "application_id",
        "collation_list",
        "compile_options",
        "data_version",
        "database_list",
        "encoding",
        "foreign_key_check",
        "freelist_count",
        "function_list",
        "journal_mode",
        "module_list",
        "page_count",
        "page_size",
        "pragma_list",
        "schema_version",
        "user_version",
    }
)

# Functions that reach outside the database. SQLite's library has the first two; the
# others come with its shell or an extension, and are named should a build have them.
_FUNCTIONS_REFUSED: Final = frozenset(
    {"load_extension", "fts3_tokenizer", "edit", "fsdir", "lsdir", "readfile", "writefile"}
)


class Guard:
    """An authorizer that lets statements read and do nothing else.

    Attributes
    ----------
    refused
        What was refused last, as SQL names it; None after `reset`.
    """

    def __init__(self) -> None:
        self.refused: str | None = None

    def reset(self) -> None:
        """Forget what was refused."""
        self.refused = None

    def __call__(
        self,
        action: int,
        first: str | None,
        second: str | None,
        database: str | None,
        inner: str | None,
    ) -> int:
        """Answer SQLite: allow, or refuse the whole statement."""
        if action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_UPDATE and first == "sqlite_master":
            # Asked when json_each or pragma_table_info is first used in a connection, which
            # SQLite declares as if they were created. It cannot be done: the file is open
            # for reading only, and the schema is not writable by statements at all.
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION:
            if (second or "").lower() not in _FUNCTIONS_REFUSED:
                return sqlite3.SQLITE_OK
            self.refused = f"the function {second}"
        elif action == sqlite3.SQLITE_PRAGMA:
            name = (first or "").lower()
            if name in _PRAGMAS or (name in _PRAGMAS_WITHOUT_ARGUMENT and second is None):
                return sqlite3.SQLITE_OK
            self.refused = f"PRAGMA {first}"
        else:
            self.refused = _ACTIONS.get(action, "that statement")
            if (first or "").startswith("sqlite_"):
                # What changes the schema first asks to change the table that holds it.
                self.refused = _SCHEMA_CHANGES.get(action, self.refused)
        return sqlite3.SQLITE_DENY


class Deadline:
    """A progress handler that ends a statement when its time is over.

    Parameters
    ----------
    limit_s
        Seconds a statement may take; None for as long as it needs.
    clock
        Returns seconds, from any beginning, never going back.
    """

    def __init__(self, limit_s: float | None, clock: Callable[[], float]) -> None:
        self.limit_s = limit_s
        self._clock = clock
        self._until = float("inf")

    def start(self) -> None:
        """Begin to count."""
        self._until = float("inf") if self.limit_s is None else self._clock() + self.limit_s

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return self._clock() >= self._until

    def __call__(self) -> int:
        """Answer SQLite: 0 to go on, 1 to stop.

        Being called at all is what lets Ctrl-C reach a statement that runs inside SQLite.
        """
        return int(self.passed)
