"""Opening the catalog: by anybody who may read, beside a writer, and with clear refusals."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import lccmirror.formats.lczip_member  # noqa: F401 -- a stranger cannot import it later
from lccmirror.errors import Damaged, LccMirrorError, MirrorUnusable
from lccmirror.query import open_readonly, run_query
from lccmirror.query.lightcurves import Copy, LightCurveFiles
from lccmirror.query.object_told import Told, write_pictures

NOBODY = 65534


def read_names(root: Path) -> list[object]:
    with open_readonly(root) as catalog:
        return [row[0] for row in run_query(catalog, "select name from t order by name").rows]


def make_catalog(root: Path, *, mode: str = "delete") -> sqlite3.Connection:
    conn = sqlite3.connect(root / "catalog.sqlite", isolation_level=None)
    conn.execute(f"pragma journal_mode = {mode}")
    conn.execute("create table t (name text)")
    conn.execute("insert into t values ('one')")
    return conn


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that another user can reach: pytest's own are closed to them."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def as_stranger(folder: Path, check: Callable[[], str], *, protect: bool = True) -> str:
    """Call `check` as a user who may only read in `folder`, and return what it says.

    In a process of its own, since root's rights cannot be had back; the code is
    already imported, so that this user needs no access to it.
    """
    if protect:
        for entry in folder.iterdir():
            entry.chmod(0o444)
        folder.chmod(0o555)
    answer, says = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            os.write(says, check().encode())
        except BaseException as error:  # noqa: BLE001 -- the parent asserts on it
            os.write(says, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(says)
    with os.fdopen(answer, "rb") as pipe:
        told = pipe.read().decode()
    os.waitpid(child, 0)
    return told


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    make_catalog(tmp_path).close()
    path = tmp_path / "catalog.sqlite"
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    assert read_names(tmp_path) == ["one"]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert list(tmp_path.iterdir()) == [path]


def test_even_the_bare_connection_cannot_write(tmp_path: Path) -> None:
    make_catalog(tmp_path).close()
    with open_readonly(tmp_path) as catalog:
        catalog.connection.set_authorizer(None)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            catalog.connection.execute("delete from t")
        catalog.connection.execute("pragma query_only = off")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            catalog.connection.execute("delete from t")


def test_a_path_with_characters_of_a_uri_is_only_a_path(tmp_path: Path) -> None:
    root = tmp_path / "a?mode=rwc#b%20 c"
    root.mkdir()
    make_catalog(root).close()
    assert read_names(root) == ["one"]
    assert [entry.name for entry in tmp_path.iterdir()] == [root.name]


def test_a_stranger_reads_after_a_clean_exit(shared: Path) -> None:
    make_catalog(shared).close()
    assert as_stranger(shared, lambda: str(read_names(shared))) == "['one']"


def test_a_stranger_reads_beside_a_writer_and_sees_what_is_committed(shared: Path) -> None:
    writer = make_catalog(shared, mode="wal")
    writer.execute("begin")
    writer.execute("insert into t values ('two')")
    assert as_stranger(shared, lambda: str(read_names(shared))) == "['one']"
    shared.chmod(0o755)
    writer.execute("commit")
    assert as_stranger(shared, lambda: str(read_names(shared))) == "['one', 'two']"
    writer.close()


def test_a_stranger_reads_what_a_killed_writer_left(shared: Path) -> None:
    child = os.fork()
    if child == 0:
        make_catalog(shared, mode="wal")
        os._exit(9)
    os.waitpid(child, 0)
    assert (shared / "catalog.sqlite-wal").stat().st_size > 0
    assert as_stranger(shared, lambda: str(read_names(shared))) == "['one']"


def test_a_wal_catalog_alone_tells_a_stranger_why_and_what_to_do(shared: Path) -> None:
    make_catalog(shared, mode="wal").close()
    assert [entry.name for entry in shared.iterdir()] == ["catalog.sqlite"]
    told = as_stranger(shared, lambda: str(read_names(shared)))
    assert told.startswith("MirrorUnusable: ")
    assert "WAL" in told
    assert "lccmirror sync" in told


@pytest.mark.parametrize(
    ("closed", "names"), [("catalog.sqlite", "no permission to read"), (".", "permission")]
)
def test_a_mirror_closed_to_this_user_says_whom_to_ask(
    shared: Path, closed: str, names: str
) -> None:
    root = shared / "mirror"
    root.mkdir()
    make_catalog(root).close()
    (root / closed).chmod(0o000)
    told = as_stranger(shared, lambda: str(read_names(root)), protect=False)
    root.chmod(0o755)
    assert told.startswith("MirrorUnusable: ")
    assert names in told
    assert "ask its owner" in told


@pytest.mark.parametrize("member", [None, "a-csvlc.gz"])
def test_a_light_curve_closed_to_this_user_is_not_called_damaged(
    shared: Path, member: str | None
) -> None:
    path = shared / "file"
    path.touch(mode=0o000)
    copy = Copy("a", "A-1", "file", member, None, 1, None, newest=True)

    def read() -> str:
        with LightCurveFiles(shared) as files:
            return str(files.packed(copy))

    told = as_stranger(shared, read, protect=False)
    assert told.startswith(f"MirrorUnusable: no permission to read {path}")
    assert "ask its owner" in told


def test_object_information_closed_to_this_user_is_not_called_damaged(shared: Path) -> None:
    (shared / "file").touch(mode=0o000)
    nothing: dict[str, Any] = dict.fromkeys(field.name for field in fields(Told))
    told = Told(**nothing | {"path": "file"})

    def write() -> str:
        return str(write_pictures(shared, told, shared, "a", max_bytes=9, max_pixels=9))

    said = as_stranger(shared, write, protect=False)
    assert said.startswith(f"MirrorUnusable: no permission to read {shared / 'file'}")


def test_no_folder_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(MirrorUnusable) as caught:
        read_names(tmp_path / "nowhere")
    assert "no mirror at" in caught.value.message
    assert "lccmirror init" in str(caught.value.hint)
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_without_a_catalog_says_how_to_go_on(tmp_path: Path) -> None:
    with pytest.raises(MirrorUnusable) as caught:
        read_names(tmp_path)
    assert "lccmirror sync" in str(caught.value.hint)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("empty", "words"), [(True, "is empty"), (False, "is gone")])
def test_a_catalog_lost_beside_its_files_is_damage_and_how_to_mend_it_is_said(
    tmp_path: Path, empty: bool, words: str
) -> None:
    folder = tmp_path / "datasets" / "ab" / "abcdefghijk"
    folder.mkdir(parents=True)
    (folder / "dataset-abcdefghijk.csv").touch()
    if empty:
        (tmp_path / "catalog.sqlite").touch()
    with pytest.raises(Damaged, match=words) as caught:
        read_names(tmp_path)
    assert "--rebuild-catalog" in str(caught.value.hint)


def test_a_folder_in_place_of_the_catalog_is_named(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").mkdir()
    with pytest.raises(MirrorUnusable, match="not a file"):
        read_names(tmp_path)


@pytest.mark.parametrize(
    "content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4080]
)
def test_something_else_in_place_of_the_catalog_is_damage(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(content)
    with pytest.raises(LccMirrorError) as caught:
        read_names(tmp_path)
    assert isinstance(caught.value, Damaged)
    assert caught.value.exit_code == 65
