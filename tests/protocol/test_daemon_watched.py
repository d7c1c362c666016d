"""A long task can be watched while it runs."""

from __future__ import annotations

from pathlib import Path

from lccmirror.daemon.events import Event, Moved
from tests.support.daemon import DaemonSite
from tests.support.site import Site

DATASETS = 12


class Watched(DaemonSite):
    """Keeps what the text file shows whenever a task is said to move."""

    def __init__(self, site: Site, textfile: Path) -> None:
        super().__init__(site)
        self._textfile = textfile
        self.shown: list[str] = []

    def _told(self, event: Event) -> None:
        super()._told(event)
        if isinstance(event, Moved):
            self.shown.append(self._textfile.read_text())


def test_the_numbers_move_within_a_cycle_that_takes_long(tmp_path: Path) -> None:
    textfile = tmp_path / "lccmirror.prom"
    with Site(tmp_path) as site, Watched(site, textfile) as daemon:
        site.configure(
            f'[mirror]\nworkers = 1\nbandwidth = "1000 B/s"\n[metrics]\ntextfile = "{textfile}"'
        )
        rows: list[list[float | int | str | None]] = [["a" * 20, n] for n in range(1500)]
        for _ in range(DATASETS):
            site.server.make_table({"db_oid": "U20", "n": "i8"}, rows, lczip=False)
        # Each takes more than half a minute.
        daemon.start().run(0.01)
        assert set(site.states().values()) == {"mirrored"}
    # Told now and then, not for each dataset.
    assert 3 <= len(daemon.shown) < DATASETS
    # What is shown at the last one is of the one before, which was long before the end.
    last = daemon.shown[-1]
    assert "lccmirror_last_good_poll_timestamp_seconds 1" in last
    assert 'lccmirror_datasets{state="mirrored"}' in last
    assert f'lccmirror_datasets{{state="mirrored"}} {DATASETS}' not in last
