"""Makes datasets on a running server, through its searches."""

from __future__ import annotations

import functools
import gzip
import sqlite3
import zlib
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.real.searches import Extras, Search, columnsearch, sixty
from tests.real.waiting import wait_for
from tests.real.wire import Answer, Wire

KEYS_BEFORE_GIVING_UP = 3
# A file's time may be this much older than the clock that was read before it was written.
CLOCK_TICK_S = 0.01


class SeedFailed(AssertionError):
    """A search that should have made a dataset did not."""


@dataclass(frozen=True)
class Seeded:
    """A dataset that a search has made.

    ``status`` is that of the search's last line: ``ok``, or ``background`` when the
    dataset was not complete then.
    """

    setid: str
    status: str
    search: Search


class Seeder:
    """Makes datasets with a key of its own.

    When the rate limit refuses its key it takes another one: this is the test's own
    server, and making many datasets is not what is tested. The datasets made after that
    belong to the new key.
    """

    def __init__(self, url: str) -> None:
        self.wire = Wire(url).with_new_key()

    def make(self, search: Search) -> Seeded:
        """Send a search and return the dataset it has made.

        Raises
        ------
        SeedFailed
            If it has made none.
        """
        documents = self._send(search).documents()
        last = documents[-1] if documents else {}
        if last.get("status") not in ("ok", "background"):
            raise SeedFailed(f"{search}: {last}")
        return Seeded(last["result"]["setid"], last["status"], search)

    def make_all(self, searches: Iterable[Search]) -> list[Seeded]:
        """Send searches one after the other."""
        return [self.make(search) for search in searches]

    def make_small(self, count: int, visibility: str = "public") -> list[Seeded]:
        """Make datasets of one row each, some twenty a second."""
        search = columnsearch("(ndet gt 0)", Extras(visibility=visibility, limit=1))
        return self.make_all([search] * count)

    def change_visibility(self, setid: str, visibility: str) -> None:
        """Change the visibility of a dataset that the present key has made."""
        update = f'{{"new_visibility": "{visibility}"}}'
        answer = self.wire.post(
            f"/set/{setid}", [("action", "change_visibility"), ("update", update)]
        )
        assert answer.json()["status"] == "ok", answer

    def _send(self, search: Search) -> Answer:
        for _ in range(KEYS_BEFORE_GIVING_UP):
            answer = self.wire.post(f"/api/{search.service}", search.form)
            if answer.status != 429:
                return answer
            self.wire = self.wire.with_new_key()
        raise SeedFailed(f"{search}: refused by the rate limit with a fresh key")


def seed_sixty(url: str, basedir: Path) -> list[Seeded]:
    """Make the sixty public datasets of ``searches.sixty``, all complete in the end.

    The base directory needs the large collection. Takes about half a minute, most of it
    for the large dataset, which is completed while the others are made.
    """
    made = Seeder(url).make_all(sixty())
    wait_until_complete(basedir, made, deadline_s=240)
    return made


def wait_until_complete(basedir: Path, made: Iterable[Seeded], deadline_s: float = 120) -> None:
    """Wait until datasets are complete and their files do not change any more."""
    for each in made:
        wait_for(
            f"dataset {each.setid} to be complete",
            functools.partial(is_complete, basedir, each.setid),
            deadline_s=deadline_s,
        )


def is_complete(basedir: Path, setid: str) -> bool:
    """Tell whether a dataset is complete, with its pickle, which the server writes last."""
    with closing(sqlite3.connect(basedir / "lcc-datasets.sqlite")) as db:
        row = db.execute(
            "select status, last_updated from lcc_datasets where setid = ?", [setid]
        ).fetchone()
    if row is None or row[0] != "complete":
        return False
    completed = datetime.fromisoformat(row[1]).replace(tzinfo=UTC).timestamp()
    path = basedir / "datasets" / f"dataset-{setid}.pkl.gz"
    if path.stat().st_mtime < completed - CLOCK_TICK_S:
        return False
    try:
        with gzip.open(path) as file:
            while file.read(1 << 20):
                pass
    except (EOFError, zlib.error):
        return False
    return True
