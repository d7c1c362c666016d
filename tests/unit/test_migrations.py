"""Catalogs of every released schema, with data, are brought up to date, or refused whole.

`tests/data/catalog-v<N>.sql` is a catalog of the demo server as schema N had it, as
``python -m tests.data.dump_catalog`` writes it. When a schema is released, its file stays.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lccmirror.catalog import connection, migrate
from lccmirror.catalog.connection import close_writer, open_writer
from lccmirror.catalog.migrate import SCHEMA_VERSION
from lccmirror.errors import CatalogTooNew, Damaged
from lccmirror.sync.backups import Backups, list_backups
from lccmirror.sync.mirror import open_mirror
from lccmirror.sync.verify import check_catalog

DATA = Path(__file__).parents[1] / "data"
RELEASED = sorted(DATA.glob("catalog-v*.sql"))
URL = "http://127.0.0.1:5000"

# A migration of the future: it rewrites what is there.
NEXT = """
CREATE TABLE next_things (setid TEXT PRIMARY KEY, name TEXT);
INSERT INTO next_things SELECT setid, name FROM datasets;
UPDATE datasets SET name = upper(name);
UPDATE dataset_rows SET data = json_set(data, '$.next', 1);
ALTER TABLE datasets ADD COLUMN next TEXT;
"""


def load(dump: Path, path: Path) -> None:
    """Make a catalog of a dump."""
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(dump.read_text(encoding="utf-8"))


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables."""
    with closing(sqlite3.connect(path)) as conn:
        tables = conn.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
        return {name: conn.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables}


def test_there_is_one_of_each_schema() -> None:
    numbers = [int(path.stem.removeprefix("catalog-v")) for path in RELEASED]
    assert numbers == list(range(1, SCHEMA_VERSION + 1))


@pytest.mark.parametrize("dump", RELEASED, ids=lambda path: path.stem)
def test_with_data_it_comes_up_to_date(dump: Path, tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    load(dump, path)
    before = contents(path)
    assert len(before["dataset_rows"]) > 50
    conn = open_writer(path)
    check_catalog(conn)
    assert conn.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    fresh = open_writer(tmp_path / "fresh.sqlite")
    schema = "SELECT type, name, sql FROM sqlite_master WHERE name <> 'objects' ORDER BY 1, 2"
    assert conn.execute(schema).fetchall() == fresh.execute(schema).fetchall()
    close_writer(fresh)
    close_writer(conn)
    after = contents(path)
    for name in ("datasets", "dataset_rows", "files", "lightcurves", "sync_log"):
        assert len(after[name]) == len(before[name])


def test_a_newer_one_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    load(RELEASED[-1], path)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(CatalogTooNew):
        open_writer(path)
    assert path.read_bytes() == before


def next_schema(monkeypatch: pytest.MonkeyPatch, script: str = NEXT) -> None:
    """Let there be one more migration than there is."""
    version = SCHEMA_VERSION + 1
    there = migrate.scripts()
    name = f"{version:04}_next.sql"
    monkeypatch.setattr(migrate, "scripts", lambda: [*there, (name, script)])
    for module in (migrate, connection):
        monkeypatch.setattr(module, "SCHEMA_VERSION", version)


def folder_for(tmp_path: Path) -> Backups:
    return Backups(tmp_path / "mirror" / "backups", True, ("catalog-127.0.0.1_5000-",))


def test_a_backup_is_made_before_it_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "mirror"
    root.mkdir()
    load(RELEASED[-1], root / "catalog.sqlite")
    before = contents(root / "catalog.sqlite")
    next_schema(monkeypatch)
    with open_mirror(root, URL, backups=folder_for(tmp_path)) as mirror:
        assert mirror.conn.execute("SELECT count(*) FROM next_things").fetchone()[0] > 0
    (backup,) = list_backups(folder_for(tmp_path))
    assert contents(backup.path) == before
    with closing(sqlite3.connect(backup.path)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    with open_mirror(root, URL, backups=folder_for(tmp_path)):
        pass
    assert list_backups(folder_for(tmp_path)) == [backup]


def test_that_there_is_no_backup_is_told_and_keeps_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "mirror"
    root.mkdir()
    load(RELEASED[-1], root / "catalog.sqlite")
    next_schema(monkeypatch)
    nowhere = Backups(tmp_path / "nowhere", False, ("catalog-x-",))
    with open_mirror(root, URL, backups=nowhere) as mirror:
        (message,) = mirror.conn.execute("SELECT message FROM troubles").fetchone()
    assert "nowhere" in message


def test_one_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "catalog.sqlite"
    load(RELEASED[-1], path)
    before = contents(path)
    next_schema(monkeypatch, NEXT + "INSERT INTO next_things SELECT setid, '' FROM datasets;")
    with pytest.raises((sqlite3.IntegrityError, Damaged)):
        open_writer(path)
    assert contents(path) == before


_KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
from lccmirror.catalog import connection, migrate
path, script, step = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
there, version = migrate.scripts(), migrate.SCHEMA_VERSION + 1
migrate.scripts = lambda: [*there, (f"{version:04}_next.sql", script)]
migrate.SCHEMA_VERSION = connection.SCHEMA_VERSION = version
count = 0

class Dying(sqlite3.Connection):
    def execute(self, sql, *values):
        global count
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1
        return super().execute(sql, *values)

connect = sqlite3.connect
sqlite3.connect = lambda *given, **named: connect(*given, factory=Dying, **named)
connection.open_writer(path).close()
print(count)
"""


def test_killed_at_any_statement_it_is_done_whole_or_not_at_all(tmp_path: Path) -> None:
    def run(path: Path, step: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", _KILLED, str(path), NEXT, str(step)],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=False,
        )

    path = tmp_path / "whole.sqlite"
    load(RELEASED[-1], path)
    before = contents(path)
    done = run(path, -1)
    assert done.returncode == 0, done.stderr
    after = contents(path)
    assert after["datasets"] != before["datasets"]
    applied = "_sqlite_migrations"
    seen = set()
    for step in range(0, int(done.stdout), 2):
        path = tmp_path / f"{step}.sqlite"
        load(RELEASED[-1], path)
        assert run(path, step).returncode == -signal.SIGKILL
        found = contents(path)
        whole = "next_things" in found
        seen.add(whole)
        wanted = after if whole else before
        assert {name: rows for name, rows in found.items() if name != applied} == {
            name: rows for name, rows in wanted.items() if name != applied
        }
        # And it is ended by whoever comes next.
        assert run(path, -1).returncode == 0
        assert contents(path)["next_things"] == after["next_things"]
        path.unlink()
    assert False in seen
