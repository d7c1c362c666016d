"""The catalog's file: opened by one writer, committed whole, readable when nobody writes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lccmirror.catalog.connection import close_writer, let_go, open_writer, transaction
from lccmirror.catalog.migrate import SCHEMA_VERSION, statements
from lccmirror.errors import CatalogTooNew, Damaged, Stopped


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.sqlite"


@pytest.fixture
def conn(path: Path) -> Iterator[sqlite3.Connection]:
    conn = open_writer(path)
    yield conn
    conn.close()


def put(conn: sqlite3.Connection, key: str) -> None:
    conn.execute("INSERT INTO mirror VALUES (?, '')", (key,))


def keys(conn: sqlite3.Connection) -> list[str]:
    return [key for (key,) in conn.execute("SELECT key FROM mirror ORDER BY key")]


class Failure(Exception):
    """Something went wrong."""


def fail_after(conn: sqlite3.Connection, *work: Callable[[], None]) -> None:
    """Do things in a transaction that fails at its end."""
    with transaction(conn):
        for one in work:
            one()
        raise Failure


def put_within(conn: sqlite3.Connection, *names: str) -> None:
    with transaction(conn):
        for name in names:
            put(conn, name)


def test_a_transaction_is_all_or_nothing(conn: sqlite3.Connection) -> None:
    put_within(conn, "a")
    with pytest.raises(Failure):
        fail_after(conn, lambda: put(conn, "b"))
    assert keys(conn) == ["a"]
    assert not conn.in_transaction


def test_an_inner_transaction_can_fail_alone(conn: sqlite3.Connection) -> None:
    with transaction(conn):
        put(conn, "a")
        with pytest.raises(Failure):
            fail_after(conn, lambda: put(conn, "b"), lambda: put_within(conn, "c"))
        put(conn, "d")
    assert keys(conn) == ["a", "d"]


def test_an_inner_transaction_falls_with_the_outer(conn: sqlite3.Connection) -> None:
    with pytest.raises(Failure):
        fail_after(conn, lambda: put_within(conn, "a"))
    assert keys(conn) == []


def test_a_full_disk_leaves_the_connection_usable(conn: sqlite3.Connection) -> None:
    pages = conn.execute("PRAGMA page_count").fetchone()[0]
    conn.execute(f"PRAGMA max_page_count = {pages}")
    many = [f"{i}" * 20 for i in range(10_000)]
    with pytest.raises(sqlite3.OperationalError, match="full"):
        put_within(conn, *many)
    assert not conn.in_transaction
    conn.execute(f"PRAGMA max_page_count = {pages + 1000}")
    put_within(conn, "a")
    assert keys(conn) == ["a"]


def test_the_writer_is_careful(conn: sqlite3.Connection) -> None:
    found = [
        conn.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "user_version")
    ]
    assert found == ["wal", 2, 1, SCHEMA_VERSION]


def test_a_clean_exit_leaves_a_rollback_journal_and_no_other_file(path: Path) -> None:
    conn = open_writer(path)
    with transaction(conn):
        put(conn, "a")
    conn.execute("BEGIN")
    put(conn, "not committed")
    close_writer(conn)
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
        assert reader.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert keys(reader) == ["a"]


def test_a_reader_delays_that_until_the_next_clean_exit(path: Path) -> None:
    conn = open_writer(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert keys(reader) == []
        with transaction(conn):
            put(conn, "a")
        done: list[str] = []
        conn.set_trace_callback(done.append)
        close_writer(conn)
        # It waits a second for the reader, not the minute for which a write waits.
        assert done.index("PRAGMA busy_timeout = 1000") == 0
        assert "PRAGMA journal_mode = DELETE" in done
        assert keys(reader) == []
    close_writer(open_writer(path))
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert keys(reader) == ["a"]


_READ = """
import os, sqlite3, sys
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(65534)
conn = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
print(conn.execute("SELECT count(*) FROM mirror").fetchone()[0])
"""


def test_the_group_can_read_it_without_permission_to_write() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "catalog.sqlite"
        conn = open_writer(path)
        with transaction(conn):
            put(conn, "a")
        close_writer(conn)
        assert path.stat().st_mode & 0o777 == 0o640 & ~umask()
        folder.chmod(0o555)
        path.chmod(0o440)
        read = subprocess.run(
            [sys.executable, "-c", _READ, str(path), str(path.stat().st_gid)],
            capture_output=True,
            text=True,
            check=False,
        )
        folder.chmod(0o755)
        assert (read.stdout, read.stderr) == ("1\n", "")


def umask() -> int:
    now = os.umask(0o022)
    os.umask(now)
    return now


def test_a_newer_catalog_is_left_as_it_is(path: Path) -> None:
    close_writer(open_writer(path))
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(CatalogTooNew, match=str(SCHEMA_VERSION + 1)):
        open_writer(path)
    assert path.read_bytes() == before


def test_what_is_no_database_is_damaged(path: Path) -> None:
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(Damaged) as caught:
        open_writer(path)
    assert str(path) in caught.value.message
    assert path.read_bytes() == b"not a database" * 1000


def test_a_link_is_no_catalog(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(OSError, match="symbolic links"):
        open_writer(path)
    assert not path.with_name("elsewhere").exists()


def test_opening_again_migrates_nothing(path: Path) -> None:
    close_writer(open_writer(path))
    with closing(sqlite3.connect(path)) as conn:
        applied = conn.execute("SELECT * FROM _sqlite_migrations").fetchall()
    close_writer(open_writer(path))
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT * FROM _sqlite_migrations").fetchall() == applied
        assert conn.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


_MAKE = """
import sys
from pathlib import Path
from lccmirror.catalog.connection import close_writer, open_writer
close_writer(open_writer(Path(sys.argv[1])))
print(sorted(sys.modules.keys() & {"pandas", "numpy"}))
import pandas
print(pandas.here)
"""


def test_making_a_catalog_loads_nothing_large(path: Path, tmp_path: Path) -> None:
    (tmp_path / "pandas.py").write_text("here = True")
    (tmp_path / "numpy.py").write_text("here = True")
    made = subprocess.run(
        [sys.executable, "-c", _MAKE, str(path)],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (made.stdout, made.stderr) == ("[]\nTrue\n", "")


SCRIPT = """-- a comment; with a semicolon
CREATE TABLE t (a TEXT DEFAULT ';');

CREATE TRIGGER changed AFTER INSERT ON t BEGIN
  UPDATE t SET a = 'x';
  DELETE FROM t WHERE a = 'END;';
END;
INSERT INTO t VALUES ('it''s; fine')"""


def test_a_script_is_split_where_its_statements_end() -> None:
    found = list(statements(SCRIPT))
    assert len(found) == 3
    assert "".join(found).split() == SCRIPT.split()
    with closing(sqlite3.connect(":memory:")) as conn:
        for statement in found:
            conn.execute(statement)


def test_an_empty_script_has_no_statements() -> None:
    assert list(statements("")) == list(statements("\n \n")) == []


def stopped_within(conn: sqlite3.Connection) -> None:
    names = conn.execute("SELECT name FROM counts")
    for _ in names:
        raise Stopped("in the middle of a reading")


def is_wal(path: Path) -> bool:
    return path.read_bytes()[19] == 2


def test_an_error_in_the_middle_of_a_reading_leaves_a_catalog_that_all_can_open(
    path: Path, conn: sqlite3.Connection
) -> None:
    def work() -> None:
        try:
            stopped_within(conn)
        finally:
            close_writer(conn)

    put(conn, "a")
    with pytest.raises(Stopped):
        work()
    assert not is_wal(path)


def test_an_error_that_is_kept_leaves_a_catalog_that_all_can_open(
    path: Path, conn: sqlite3.Connection
) -> None:
    put(conn, "a")
    kept: list[BaseException] = []
    try:
        stopped_within(conn)
    except Stopped as error:
        let_go(error)
        kept.append(error)
    close_writer(conn)
    assert not is_wal(path)
    assert kept
