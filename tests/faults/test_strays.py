"""Whoever writes to the mirror by another way than `lccmirror.durable` is found out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_TOP = Path(__file__).parents[2]
# In a process of its own: nothing of this can be undone in one.
_WATCHED = """
import os, shutil, sqlite3, sys
from pathlib import Path
from tests.faults.commits import watch_catalogs
from tests.faults.operations import Watch, watch_files
from tests.faults.steps import Steps
from tests.faults.strays import Known, Strays, watch_durable

root = Path(sys.argv[1])
outside = root.parent / "outside"
known, watch = Known(), Watch()
strays = Strays(watch, known)
watch_durable(known)
watch_files(watch)
watch_catalogs(watch, strays.add)
strays.listen()
from lccmirror import durable

class Told(Steps):
    def before(self, operation):
        strays.told(operation)
        super().before(operation)

steps = Told(None, print)
watch.begin(steps, root)
exec(sys.argv[2])
print(steps.count, len(strays.found), *strays.found, sep="\\n")
"""
_SQL = "conn = sqlite3.connect(root / {!r}, isolation_level=None); conn.execute({!r})"
_TABLE = "CREATE TABLE t (x)"

STRAYS = {
    "open": "open(root / 'new', 'w').close()",
    "Path.write_bytes": "(root / 'new').write_bytes(b'x')",
    "os.open to append": "os.open(root / 'old', os.O_WRONLY | os.O_APPEND)",
    "os.open to empty": "os.open(root / 'old', os.O_RDONLY | os.O_TRUNC)",
    "rename": "(root / 'old').rename(root / 'new')",
    "rename by folders": (
        "here = os.open(root, os.O_RDONLY); "
        "os.rename('old', 'new', src_dir_fd=here, dst_dir_fd=here)"
    ),
    "rename from outside": "outside.rename(root / 'new')",
    "link": "os.link(root / 'old', root / 'new')",
    "symlink": "os.symlink('/nowhere', root / 'new')",
    "unlink": "(root / 'old').unlink()",
    "mkdir": "(root / 'new').mkdir()",
    "chmod": "os.chmod(root / 'old', 0o600)",
    "utime": "os.utime(root / 'old')",
    "truncate": "os.truncate(root / 'old', 0)",
    "shutil.copyfile": "shutil.copyfile(outside, root / 'new')",
    "shutil.move": "shutil.move(outside, root / 'new')",
    "shutil.rmtree": "shutil.rmtree(root)",
    "write past the file": (
        "file = durable.open_for_append(root / 'old'); os.write(file.fileno(), b'x')"
    ),
    "sendfile": (
        "file = durable.open_for_write(root / 'old'); "
        "os.sendfile(file.fileno(), os.open(outside, os.O_RDONLY), 0, 2)"
    ),
    "copy_file_range": (
        "file = durable.open_for_write(root / 'old'); "
        "os.copy_file_range(os.open(outside, os.O_RDONLY), file.fileno(), 2)"
    ),
    "another database": _SQL.format("other.sqlite", _TABLE),
    "a commit that is not flushed": (
        _SQL.format("catalog.sqlite", "PRAGMA synchronous = NORMAL")
        + f"; conn.execute({_TABLE!r})"
    ),
}
FINE = {
    "reading": "(root / 'old').read_bytes()",
    "outside": "outside.write_bytes(b'x')",
    "durable.write_file": "durable.write_file(root / 'new', b'x')",
    "a write to a file of durable's": (
        "file = durable.open_for_append(root / 'old'); file.write(b'xy'); file.close()"
    ),
    "the catalog": _SQL.format("catalog.sqlite", _TABLE),
    "a database that has no name yet": _SQL.format(".backup.sqlite.part", _TABLE),
}


def told(root: Path, what: str) -> tuple[int, list[str]]:
    """Return how many steps there were, and the strays."""
    root.mkdir()
    (root / "old").write_bytes(b"old")
    (root.parent / "outside").write_bytes(b"outside")
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, str(root), what],
        cwd=_TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    steps, _, *strays = done.stdout.splitlines()
    return int(steps), strays


@pytest.mark.parametrize("what", STRAYS)
def test_a_change_that_durable_did_not_make_is_found(tmp_path: Path, what: str) -> None:
    _, strays = told(tmp_path / "mirror", STRAYS[what])
    assert strays


@pytest.mark.parametrize("what", FINE)
def test_what_durable_makes_and_what_changes_nothing_is_none(tmp_path: Path, what: str) -> None:
    steps, strays = told(tmp_path / "mirror", FINE[what])
    assert strays == []
    assert (steps > 0) == (what not in ("reading", "outside"))
