"""The copy of the catalog: the same in all, of one moment, and whole or not there."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lccmirror.catalog.connection import close_writer, open_writer, transaction
from lccmirror.errors import Damaged, LccMirrorError, LocalError, NoRoom, Stopped, UsageError
from lccmirror.query.new_file import NewFile, new_file
from lccmirror.query.snapshot import Snapshot, take_snapshot
from tests.support.catalog import add_collection, add_dataset, column, put_rows

TOP = Path(__file__).parents[2]
MOMENT = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)
# Enough for several steps of the backup.
MANY = 12_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    with contextlib.closing(open_writer(folder / "catalog.sqlite")) as conn:
        add_collection(conn, "field_a", {"sdssr": "<f8"})
        add_dataset(conn, "aaaa")
        put_rows(
            conn,
            "aaaa",
            [column("sdssr"), column("remarks", "U600")],
            (
                ("field_a", f"A-{n}", n / 100, -1.0, 12.0, f"{n} " + "x" * 600)
                for n in range(MANY)
            ),
        )
        # Rowids with holes: what renumbers them is found out.
        conn.execute("DELETE FROM objects WHERE rowid % 3 = 0")
        close_writer(conn)
    return folder


@contextlib.contextmanager
def writing(root: Path) -> Iterator[sqlite3.Connection]:
    """Hold the catalog open for writing, as a daemon does: in WAL mode."""
    conn = open_writer(root / "catalog.sqlite")
    try:
        yield conn
    finally:
        close_writer(conn)


def take(root: Path, target: Path, *, force: bool = False, **given: object) -> Snapshot:
    new = new_file(target, root, force=force)
    return take_snapshot(root, new, now=lambda: MOMENT, **given)  # type: ignore[arg-type]


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return the schema and all rows of all tables, with rowids where there are any."""
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as conn:
        schema = conn.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2")
        found = {"": schema.fetchall()}
        for name, without_rowid in conn.execute(
            "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        ).fetchall():
            if not name.startswith("sqlite_"):
                rowid = "" if without_rowid else "rowid, "
                found[name] = conn.execute(f'SELECT {rowid}* FROM "{name}"').fetchall()
    del found[""]
    return found


def files(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_snapshot_is_the_catalog_row_by_row_and_rowid_by_rowid(
    root: Path, tmp_path: Path
) -> None:
    made = take(root, tmp_path / "copy.db")
    assert content(tmp_path / "copy.db") == content(root / "catalog.sqlite")
    size = (tmp_path / "copy.db").stat().st_size
    assert made == Snapshot(
        str(tmp_path / "copy.db"), size, "2026-11-23T04:05:06.000000Z", None, 1, MANY * 2 // 3
    )


def test_a_snapshot_is_one_plain_file_that_any_client_can_open(
    root: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with writing(root):
        take(root, out / "copy.db")
    assert files(out) == ["copy.db"]
    assert (out / "copy.db").read_bytes()[18:20] == b"\1\1", "no WAL in its header"
    # Read as what never changes: `datasette -i`.
    with contextlib.closing(
        sqlite3.connect(f"{(out / 'copy.db').as_uri()}?immutable=1", uri=True)
    ) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("SELECT count(*) FROM sqlite_stat1").fetchone()[0] > 0


def test_a_snapshot_keeps_the_statistics_that_the_catalog_has(
    root: Path, tmp_path: Path
) -> None:
    with writing(root) as conn:
        conn.execute("ANALYZE")
        conn.execute("UPDATE sqlite_stat1 SET stat = '77 7 1' WHERE idx = 'objects_sky'")
    take(root, tmp_path / "copy.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as conn:
        kept = conn.execute("SELECT stat FROM sqlite_stat1 WHERE idx = 'objects_sky'")
        assert kept.fetchall() == [("77 7 1",)]


def test_a_snapshot_beside_a_writer_is_of_one_moment(root: Path, tmp_path: Path) -> None:
    seen: list[int] = []

    def write_between(done: int, total: int) -> None:
        # Both change together; a copy of two moments has one without the other.
        with transaction(conn):
            conn.execute("INSERT INTO mirror VALUES (?, 'x')", (f"key{len(seen)}",))
            conn.execute("UPDATE datasets SET nobjects = ?", (len(seen),))
            conn.execute("UPDATE objects SET ra = ra + 1")
        seen.append(done)

    with writing(root) as conn:
        conn.execute("UPDATE datasets SET nobjects = -1")
        take(root, tmp_path / "copy.db", progress=write_between)
    assert len(seen) > 1, "the catalog is too small for this test"
    assert seen == sorted(seen), "it was begun anew"
    with contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT nobjects FROM datasets").fetchone() == (-1,)
        assert copy.execute("SELECT count(*) FROM mirror WHERE key LIKE 'key%'").fetchone() == (
            0,
        )


def test_a_writer_that_begins_meanwhile_need_not_wait(root: Path, tmp_path: Path) -> None:
    """Nobody writes at first: the catalog is not in WAL mode, where a reader blocks."""
    with contextlib.ExitStack() as stack:
        steps = 0

        def begin_writing(done: int, total: int) -> None:
            nonlocal steps
            steps += 1
            if steps == 1:
                conn = stack.enter_context(writing(root))
                conn.execute("INSERT INTO mirror VALUES ('begun', 'x')")
            elif steps < 100:
                with contextlib.closing(sqlite3.connect(root / "catalog.sqlite")) as conn:
                    conn.execute("UPDATE mirror SET value = ?", (steps,))
                    conn.commit()

        take(root, tmp_path / "copy.db", progress=begin_writing)
    assert 1 < steps < 100, "it did not begin anew for every write"
    with contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM mirror WHERE key = 'begun'").fetchone() == (
            1,
        )
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_snapshot_leaves_the_mirror_as_it_is(root: Path, tmp_path: Path) -> None:
    before = (root / "catalog.sqlite").read_bytes()
    take(root, tmp_path / "copy.db")
    assert files(root) == ["catalog.sqlite"]
    assert (root / "catalog.sqlite").read_bytes() == before


def test_a_snapshot_has_at_most_the_permissions_of_the_catalog(
    root: Path, tmp_path: Path
) -> None:
    take(root, tmp_path / "copy.db")
    mode = stat.S_IMODE((root / "catalog.sqlite").stat().st_mode)
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) & ~mode == 0


# --- where to -----------------------------------------------------------------------------


def test_a_file_that_is_there_is_only_replaced_by_force(root: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(UsageError, match="there already"):
        take(root, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"
    take(root, tmp_path / "copy.db", force=True)
    assert content(tmp_path / "copy.db") == content(root / "catalog.sqlite")


def test_a_file_that_comes_meanwhile_is_not_replaced(root: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "copy.db"
    target.parent.mkdir()
    with pytest.raises(UsageError, match="there already"):
        take(root, target, progress=lambda done, total: target.write_text("mine") and None)
    assert target.read_text() == "mine"
    assert files(target.parent) == ["copy.db"]


def test_a_link_is_replaced_and_not_written_through(root: Path, tmp_path: Path) -> None:
    (tmp_path / "real").write_text("mine")
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(UsageError):
        take(root, tmp_path / "link")
    with pytest.raises(UsageError, match="not an ordinary file"):
        take(root, tmp_path / "link", force=True)
    assert (tmp_path / "real").read_text() == "mine"


@pytest.mark.parametrize(
    "place",
    [
        "catalog.sqlite",
        "catalog.sqlite-wal",
        "lock",
        "control",
        "datasets/copy.db",
        "datasets/../datasets/aa/copy.db",
        "incoming/copy.db",
    ],
)
def test_nothing_of_the_mirrors_own_is_written_to(root: Path, place: str) -> None:
    for folder in ("datasets/aa", "incoming"):
        (root / folder).mkdir(parents=True)
    before = (root / "catalog.sqlite").read_bytes()
    with pytest.raises(UsageError, match="mirror's own"):
        take(root, root / place, force=True)
    assert (root / "catalog.sqlite").read_bytes() == before


def test_another_name_of_the_catalog_is_the_catalog(root: Path, tmp_path: Path) -> None:
    (tmp_path / "other").hardlink_to(root / "catalog.sqlite")
    with pytest.raises(UsageError, match="mirror's own"):
        take(root, tmp_path / "other", force=True)
    (tmp_path / "way").symlink_to(root)
    with pytest.raises(UsageError, match="mirror's own"):
        take(root, tmp_path / "way" / "catalog.sqlite", force=True)


def test_a_folder_that_is_not_there_is_said_before_anything_is_done(
    root: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        take(root, tmp_path / "nowhere" / "copy.db")
    with pytest.raises(UsageError, match="is a folder"):
        take(root, tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(LocalError, match="Too many levels"):
        take(root, tmp_path / "loop" / "copy.db")


# --- what goes wrong ----------------------------------------------------------------------


def test_a_snapshot_that_is_stopped_leaves_nothing_behind(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    stop = threading.Event()
    with pytest.raises(Stopped):
        take(root, out / "copy.db", stop=stop, progress=lambda done, total: stop.set())
    assert files(out) == []
    with pytest.raises(Stopped):
        take(
            root,
            out / "copy.db",
            stop=stop,
            progress=lambda done, total: None if done < total else stop.set(),
        )
    assert files(out) == []


def test_too_little_room_is_said_before_it_begins(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.statvfs(tmp_path)
    little = os.statvfs_result((*real[:4], 10, *real[5:]))
    monkeypatch.setattr(os, "statvfs", lambda path: little)
    with pytest.raises(NoRoom, match=r"needs .* MB, and .* are free"):
        take(root, tmp_path / "copy.db")
    assert files(tmp_path) == ["mirror"]


_LIMITED = """
import resource, sys
from pathlib import Path
from lccmirror.clock import utc_now
from lccmirror.errors import LccMirrorError
from lccmirror.query.new_file import new_file
from lccmirror.query.snapshot import take_snapshot
root, target, limit = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
try:
    take_snapshot(root, new_file(target, root), now=utc_now)
except LccMirrorError as error:
    print(error.message)
    raise SystemExit(error.exit_code)
"""


def test_no_room_in_the_middle_leaves_nothing_behind(root: Path, tmp_path: Path) -> None:
    """As with a quota: the disk has room, but not for us."""
    out = tmp_path / "out"
    out.mkdir()
    limit = (root / "catalog.sqlite").stat().st_size // 2
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(root), str(out / "copy.db"), str(limit)],
        capture_output=True,
        text=True,
        check=False,
        cwd=TOP,
    )
    assert (done.returncode, done.stderr) == (73, "")
    assert "no room in" in done.stdout
    assert files(out) == []


def test_a_damaged_catalog_is_not_copied(root: Path, tmp_path: Path) -> None:
    catalog = root / "catalog.sqlite"
    raw = bytearray(catalog.read_bytes())
    size = int.from_bytes(raw[16:18], "big")
    with contextlib.closing(sqlite3.connect(catalog)) as conn:
        (page,) = conn.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'objects_sky'"
        ).fetchone()
    raw[(page - 1) * size : page * size] = bytes(size)
    catalog.write_bytes(raw)
    with pytest.raises(Damaged, match=r"catalog\.sqlite is damaged"):
        take(root, tmp_path / "copy.db")
    assert files(tmp_path) == ["mirror"]


def test_no_permission_is_said_with_what_to_do(root: Path, tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from lccmirror.query.new_file import new_file\n"
        "from lccmirror.errors import LccMirrorError\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try: new_file(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except LccMirrorError as error: print(error)\n"
    )
    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        with pytest.raises(LocalError, match="no permission"):
            new_file(tmp_path / "copy.db", root)
        return
    done = subprocess.run(
        [sys.executable, "-c", script, "/usr/copy.db", str(root)],
        capture_output=True,
        text=True,
        check=False,
        cwd=TOP,
    )
    assert "no permission to write into /usr" in done.stdout, done.stderr


def test_a_disk_without_hard_links_still_takes_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(self))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    new = NewFile(tmp_path / "copy.db")
    with new.temporary() as temporary:
        temporary.write_text("made")
        new.put_in_place(temporary)
    assert (tmp_path / "copy.db").read_text() == "made"
    with new.temporary() as temporary, pytest.raises(UsageError, match="there already"):
        new.put_in_place(temporary)
    assert files(tmp_path) == ["copy.db"]


def test_every_failure_of_a_snapshot_is_one_a_person_can_act_on(tmp_path: Path) -> None:
    with pytest.raises(LccMirrorError, match="no mirror at"):
        take(tmp_path / "nowhere", tmp_path / "copy.db")
    assert files(tmp_path) == []
