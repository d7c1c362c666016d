"""With a backup, a catalog that is made anew has everything that stood in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lccmirror.catalog.connection import CATALOG_NAME, transaction
from lccmirror.catalog.jobs import JobRow, put_job
from lccmirror.clock import to_text
from lccmirror.query import open_readonly
from lccmirror.query.status import Status, read_status
from lccmirror.sync.backups import Backup, backups_of, keep_backup
from lccmirror.sync.mirror import open_configured
from tests.support import misbehaving as wrong
from tests.support.all_tables import all_tables, changed_by_rebuilding, definitions
from tests.support.searches import SearchSite

# What a story of a minute does not bring about.
LATER = """
INSERT INTO gaps (id, detected, older_than, newer_than, message)
VALUES (7, '2026-09-21T14:00:00Z', 'b', 'a', 'datasets may be missing');
INSERT INTO announced (subject, what, at)
VALUES ('search bright', '2', '2026-09-21T14:00:00Z');
INSERT INTO announcements (id, recipient, kind, at, event, tries, not_before)
VALUES (3, 'r', 'gap', '2026-09-21T14:00:00Z', '{}', 1, 'later');
INSERT INTO jobs (name, schedule, due, next_run, last_started, last_finished, last_outcome)
VALUES ('datasets', 'every 15m', 'd', 'n', 's', 't', 'ok');
INSERT INTO troubles (key, since, told, message) VALUES ('room', 's', 't', 'no room');
INSERT INTO lightcurve_attempts (collection, objectid, attempts, not_before, last_error)
VALUES ('demo_field_a', 'x', 2, 'later', 'it is not there');
"""
# Empty but while something is going on: what is to be removed, and to be indexed.
PASSING = {"pruned_files", "text_due_datasets", "text_due_objects"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SearchSite]:
    # One worker, so that of equal tables the first made holds the rows.
    with SearchSite(tmp_path) as site:
        site.configure('[server]\nretry_total = "1s"\n[mirror]\nworkers = 1')
        yield site


def live(site: SearchSite) -> None:
    """Let things happen: shared and replaced files, a search whose result changes, failures."""
    site.configure(
        '[server]\nretry_total = "1s"\n[mirror]\nworkers = 1\n[objects]\nmirror = "all"'
    )
    made = [site.server.make_dataset(columns=("sdssr",)) for _ in range(2)]
    gone = site.server.make_dataset(filters="(ndet gt 6)", columns=("ndet", "remarks"))
    site.sync()
    assert site.run().state == "ok"
    site.server.remake_zip(made[0])
    site.server.delete(gone)
    site.clock.forward(8 * 86_400)
    site.sync()
    site.ask(
        site.config.path.read_text("utf-8")
        .rpartition("# searches\n")[2]
        .replace("sdssr < 15.0", "sdssr < 12.0")
    )
    assert site.run().state == "ok"
    failing = site.server.make_dataset(columns=("sdssr", "ndet"))
    site.server.add(failing, wrong.status(500), times=None)
    assert site.sync().exit_code == 1
    site.server.behave()
    with site.writing() as conn:
        conn.executescript(LATER)


def back_up(site: SearchSite) -> Backup:
    with open_configured(site.config, now=site.now) as mirror:
        return keep_backup(mirror.conn, site.root, backups_of(site.config), site.now)


def status_of(site: SearchSite) -> Status:
    with open_readonly(site.root) as catalog:
        return read_status(catalog, to_text(site.now()))


def test_every_table_is_as_it_was(site: SearchSite) -> None:
    live(site)
    made = back_up(site)
    path = site.root / CATALOG_NAME
    before, defined = all_tables(path), definitions(path)
    assert {name for name, rows in before.items() if not rows} == PASSING
    path.unlink()
    rebuilt = site.rebuild()
    assert rebuilt.exit_code == 0
    assert rebuilt.source == f"the backup {made.path}"
    assert definitions(path) == defined
    assert changed_by_rebuilding(before, all_tables(path)) == {}


def test_status_tells_of_the_backup_that_is_there(site: SearchSite) -> None:
    site.sync()
    site.clock.forward(86_400)
    began = to_text(site.now())
    job = JobRow("backup", "every 1d", began, began, last_started=began)
    with open_configured(site.config, now=site.now) as mirror, transaction(mirror.conn):
        # As the daemon does it.
        put_job(mirror.conn, job)
    made = back_up(site)
    assert any(one.running for one in status_of(site).jobs)
    (site.root / CATALOG_NAME).unlink()
    assert site.rebuild().exit_code == 0
    status = status_of(site)
    assert status.backup is not None
    assert status.backup.path == str(made.path)
    assert status.backup.at[:19] == to_text(made.at)[:19]
    # That run has ended, or there would be no backup; what it was for is still to be done.
    (told,) = status.jobs
    assert (told.running, told.next_run) == (False, began)


def test_a_job_that_was_cut_off_is_told_when_the_catalog_itself_is_the_source(
    site: SearchSite,
) -> None:
    site.sync()
    began = to_text(site.now())
    with open_configured(site.config, now=site.now) as mirror, transaction(mirror.conn):
        put_job(mirror.conn, JobRow("backup", "every 1d", began, began, last_started=began))
    assert site.rebuild().source == "the catalog itself"
    assert [job.running for job in status_of(site).jobs] == [True]
