"""Many datasets at once: copies of one dataset under other ids, behind the server's back.

A search a dataset makes about twenty a second; a server with 1,100 of them would take a
minute. All ids have eleven characters, and the server's files hold them as plain text, in
pickles too: so a copy with another id of the same length is what the server itself would
have written.
"""

from __future__ import annotations

import gzip
import random
import sqlite3
import string
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.real.seed import Seeder, wait_until_complete
from tests.real.server import RealServer

SETID_LENGTH = 11
_ALPHABET = string.ascii_letters + string.digits
_FILES = ("-header.pkl", "-rows-page1.pkl", "-rows-page1-strformat.pkl", ".csv", ".pkl.gz")


def clone_dataset(
    basedir: Path,
    setid: str,
    count: int,
    *,
    visibility: str = "public",
    since: datetime | None = None,
    apart: timedelta = timedelta(seconds=1),
    seed: int = 1,
) -> list[str]:
    """Copy a complete dataset ``count`` times; return the new ids, oldest first.

    Each copy has a row of its own in the server's database, its own CSV, pickle and pages,
    and a link to the ZIP of the first, as the server links sets of the same light curves.

    Parameters
    ----------
    basedir, setid
        Where the dataset is, and which; its server may be running.
    count, visibility
        How many copies, and which visibility they have.
    since, apart
        The first copy's time of completion, UTC, and how much younger each later one is.
        The default is so that the last was completed shortly before now.
    seed
        Decides the copies' ids.
    """
    first = since or datetime.now(UTC) - count * apart
    ids = list(_new_ids(setid, count, seed))
    for new in ids:
        _copy_files(basedir, setid, new)
    with closing(sqlite3.connect(basedir / "lcc-datasets.sqlite")) as db, db:
        for number, new in enumerate(ids):
            time = (first + number * apart).replace(tzinfo=None)
            _copy_row(db, setid, new, visibility, time)
    return ids


def add_public(server: RealServer, count: int) -> list[str]:
    """Add public datasets of one row, newest last: the last by a search, now.

    The others are its copies, a second apart, and seem to have been there for long.
    """
    seeder = Seeder(server.url)
    made = seeder.make_small(1)
    wait_until_complete(server.basedir, made)
    since = datetime.now(UTC) - timedelta(days=30)
    older = clone_dataset(server.basedir, made[0].setid, count - 1, since=since)
    return [*older, made[0].setid]


def add_hidden(server: RealServer, count: int) -> list[str]:
    """Add unlisted datasets of another key, newer than everything there; newest last.

    They are younger by milliseconds only, so that what is made after this is newer still.
    """
    seeder = Seeder(server.url)
    made = seeder.make_small(1, "unlisted")
    wait_until_complete(server.basedir, made)
    newer = clone_dataset(
        server.basedir,
        made[0].setid,
        count - 1,
        visibility="unlisted",
        since=datetime.now(UTC),
        apart=timedelta(milliseconds=1),
    )
    return [made[0].setid, *newer]


def _new_ids(setid: str, count: int, seed: int) -> Iterator[str]:
    if len(setid) != SETID_LENGTH:
        raise ValueError(f"not a set id: {setid!r}")
    rng = random.Random(f"{seed} {setid}")
    for _ in range(count):
        yield "".join(rng.choices(_ALPHABET, k=SETID_LENGTH))


def _copy_files(basedir: Path, old: str, new: str) -> None:
    for ending in _FILES:
        source = basedir / "datasets" / f"dataset-{old}{ending}"
        target = source.with_name(f"dataset-{new}{ending}")
        packed = ending.endswith(".gz")
        content = gzip.decompress(source.read_bytes()) if packed else source.read_bytes()
        content = content.replace(old.encode(), new.encode())
        target.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    lczip = basedir / "products" / f"lightcurves-{old}.zip"
    if lczip.exists():
        lczip.with_name(f"lightcurves-{new}.zip").symlink_to(lczip)


def _copy_row(
    db: sqlite3.Connection, old: str, new: str, visibility: str, time: datetime
) -> None:
    replaced = {
        "setid": new,
        "created_on": time.isoformat(timespec="microseconds"),
        "last_updated": time.isoformat(timespec="microseconds"),
        "dataset_visibility": visibility,
    }
    names = [column[1] for column in db.execute("pragma table_info(lcc_datasets)")]
    values = ", ".join("?" if name in replaced else name for name in names)
    db.execute(
        f"insert into lcc_datasets ({', '.join(names)})"
        f" select {values} from lcc_datasets where setid = ?",
        [*(replaced[name] for name in names if name in replaced), old],
    )
