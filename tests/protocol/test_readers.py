"""People ask while the daemon writes, begins and ends: no error, and nothing by half."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lccmirror.config import load_config
from lccmirror.demo import DemoServer
from lccmirror.query import open_readonly, run_query
from lccmirror.query.moment import one_moment
from lccmirror.sync.jobs import quiet, sync
from tests.support.daemon_process import DaemonProcess, until
from tests.support.readers import Reader, Told, Way

_COLUMNS = {
    "sdssr": "<f8",
    "objtype": "U20",
    "dist_arcsec": "<f8",
    "db_oid": "U20",
    "db_ra": "<f8",
    "db_decl": "<f8",
    "collection": "U20",
}
_ROLLBACK, _WAL = 1, 2
_ROWS = "SELECT n FROM counts WHERE name = 'dataset_rows'"
_NOT_MIRRORED = "SELECT count(*) FROM datasets WHERE state <> 'mirrored'"
_COUNT = "SELECT count(*) FROM datasets"
# Another user can be had only by root; elsewhere one more of ours reads in his place.
_STRANGER: Way = "stranger" if os.getuid() == 0 else "anew"


@dataclass
class Place:
    """A mirror of a server that publishes when told to."""

    folder: Path
    server: DemoServer
    published: int = 0
    rows: int = field(default=0)

    @property
    def config(self) -> Path:
        return self.folder / "lccmirror.toml"

    @property
    def root(self) -> Path:
        return self.folder / "mirror"

    def publish(self) -> None:
        """Publish all objects again, as another search would find them, with a ZIP."""
        survey = self.server.surveys[0]
        rows = [
            (
                one.values["sdssr"],
                one.values["objtype"],
                self.published + place / 100,
                one.objectid,
                one.ra,
                one.decl,
                survey.collection,
            )
            for place, one in enumerate(survey.objects)
        ]
        self.server.make_table(_COLUMNS, rows, collections=[survey.collection], lczip=True)
        self.published += 1
        self.rows += len(rows)

    def ask(self, sql: str) -> int:
        """Ask for a number."""
        with open_readonly(self.root) as catalog:
            ((number,),) = run_query(catalog, sql).rows
        assert isinstance(number, int)
        return number

    def is_mirrored(self) -> bool:
        """Whether all is here that was published."""
        return self.ask(_COUNT) == self.published and not self.ask(_NOT_MIRRORED)

    @property
    def journal(self) -> int:
        """The read version in the catalog's header."""
        with (self.root / "catalog.sqlite").open("rb") as file:
            return file.read(20)[19]

    def besides(self) -> list[str]:
        """What SQLite has beside the catalog."""
        return sorted(path.name for path in self.root.glob("catalog.sqlite-*"))


@pytest.fixture
def place() -> Iterator[Place]:
    # Not below pytest's own folders, which are closed to other users.
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    try:
        with DemoServer(objects=40, points=(5, 9)) as server:
            (folder / "lccmirror.toml").write_text(
                f'[server]\nurl = "{server.url}"\nrequests_per_minute = 6000\n'
                '[mirror]\nroot = "mirror"\nmin_free = 0\n'
                '[poll]\ndatasets = "1d"\n'
                f'[keys]\ndir = "{folder / "keys"}"\n'
            )
            made = Place(folder, server)
            made.publish()
            assert not sync(load_config(made.config), quiet()).failed
            yield made
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def reading(place: Place) -> Iterator[Callable[..., list[Reader]]]:
    """Start readers, one for each way, that have read everything once."""
    with contextlib.ExitStack() as stack:

        def start(*ways: Way) -> list[Reader]:
            started = [
                stack.enter_context(Reader(place.root, way, number))
                for number, way in enumerate(ways)
            ]
            for reader in started:
                reader.ready()
            return started

        yield start


def each_told(readers: Sequence[Reader]) -> list[Told]:
    """Take the answers of all, none of which may be an error or wrong."""
    told = [reader.told() for reader in readers]
    assert [word for one in told for word in one.words] == []
    assert {(one.errors, one.wrong) for one in told} == {(0, 0)}
    return told


def mirrored(place: Place, daemon: DaemonProcess) -> None:
    """Let a daemon that has just begun mirror what was published before."""
    daemon.until(" mirrors ")
    daemon.send(signal.SIGUSR1)
    until(place.is_mirrored)


def leave(daemon: DaemonProcess) -> None:
    """Let a daemon end cleanly."""
    daemon.send(signal.SIGTERM)
    assert daemon.ended() == 0


def test_eight_readers_beside_a_daemon_that_ingests_meet_no_error_and_nothing_by_half(
    place: Place, reading: Callable[..., list[Reader]]
) -> None:
    eight = reading("anew", "anew", _STRANGER, _STRANGER, "kept", "kept", "plain", "plain")
    assert len({reader.digest for reader in eight}) == 1
    first = place.rows
    with DaemonProcess(place.config) as daemon:
        daemon.until(" mirrors ")
        for _ in range(6):
            for reader in eight:
                reader.ask(24)
            place.publish()
            daemon.send(signal.SIGUSR1)
            each_told(eight)
        until(place.is_mirrored)
        for reader in eight:
            reader.ask(8)
        assert {one.rows for one in each_told(eight)} == {place.rows}
    assert place.rows == 7 * first


def test_a_daemon_ends_and_begins_while_readers_come_and_go(
    place: Place, reading: Callable[..., list[Reader]]
) -> None:
    come_and_go = reading("anew", "anew", _STRANGER, _STRANGER)
    for _ in range(3):
        for reader in come_and_go:
            reader.ask(80)
        place.publish()
        with DaemonProcess(place.config) as daemon:
            mirrored(place, daemon)
            leave(daemon)
        each_told(come_and_go)
    with DaemonProcess(place.config) as daemon:
        daemon.until(" mirrors ")
        leave(daemon)
    # Now that nobody read at its end:
    assert (place.journal, place.besides()) == (_ROLLBACK, [])
    for reader in come_and_go:
        reader.ask(8)
    assert {one.rows for one in each_told(come_and_go)} == {place.rows}


def test_readers_that_stay_through_the_end_of_a_daemon_read_on_beside_the_next(
    place: Place, reading: Callable[..., list[Reader]]
) -> None:
    stay = reading("kept", "plain")
    (stranger,) = reading(_STRANGER)
    assert place.journal == _ROLLBACK
    for _ in range(2):
        place.publish()
        with DaemonProcess(place.config) as daemon:
            mirrored(place, daemon)
            for reader in (*stay, stranger):
                reader.ask(16)
            assert {one.rows for one in each_told((*stay, stranger))} == {place.rows}
            leave(daemon)
        # They keep it in WAL mode, with all that a stranger needs beside it.
        assert place.journal == _WAL
        for reader in (*stay, stranger):
            reader.ask(16)
        assert {one.rows for one in each_told((*stay, stranger))} == {place.rows}
    for reader in stay:
        reader.__exit__(None, None, None)
    # Nobody but the mirror's owner can mend that; until he does it can be read all the same.
    stranger.ask(8)
    each_told([stranger])
    with DaemonProcess(place.config) as daemon:
        daemon.until(" mirrors ")
        leave(daemon)
    assert (place.journal, place.besides()) == (_ROLLBACK, [])
    stranger.ask(8)
    each_told([stranger])


def test_what_is_read_in_one_moment_stays_while_datasets_come_and_keeps_none_from_coming(
    place: Place,
) -> None:
    before = place.rows
    with DaemonProcess(place.config) as daemon:
        daemon.until(" mirrors ")
        with open_readonly(place.root) as catalog, one_moment(catalog):
            assert list(run_query(catalog, _ROWS).rows) == [(before,)]
            place.publish()
            daemon.send(signal.SIGUSR1)
            until(place.is_mirrored)
            assert list(run_query(catalog, _ROWS).rows) == [(before,)]
        assert place.ask(_ROWS) == 2 * before
