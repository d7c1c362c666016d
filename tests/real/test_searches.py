"""Saved searches, from people's words to the genuine server and back."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from lccmirror.clock import utc_now
from lccmirror.config import load_config
from lccmirror.sync.backups import backups_of, keep_backup
from lccmirror.sync.jobs import Surroundings, open_session
from lccmirror.sync.mirror import open_configured
from lccmirror.sync.poll import poll_collections
from lccmirror.sync.progress import Silent
from lccmirror.sync.rebuild import rebuild_catalog
from lccmirror.sync.searches import RunReport, run_search
from tests.real import synthetic
from tests.real.conftest import BasedirMaker, ServerMaker
from tests.real.environment import RealEnvironment
from tests.real.mirroring import Hurry, RealMirror
from tests.real.recording import Recorder
from tests.real.searches import Search
from tests.real.seed import Seeder, wait_until_complete
from tests.real.server import RealServer
from tests.real.truth import Truth
from tests.support.all_tables import all_tables, changed_by_rebuilding, definitions

TOO_SHORT_S = 0.0001


class Searcher:
    """A mirror with saved searches; waits are cut short, and have passed all the same."""

    def __init__(
        self, folder: Path, url: str, searches: str, *, longest_s: float = 1.0
    ) -> None:
        self.mirror = RealMirror(folder, url)
        self.config = load_config(self._add(searches))
        self._hurry = Hurry(longest_s)

    def _add(self, searches: str) -> Path:
        path = self.mirror.config.path
        path.write_text(path.read_text("utf-8") + searches, "utf-8")
        return path

    def run(self, name: str, *, known: str | None = None) -> RunReport:
        """Run a search to its end.

        Parameters
        ----------
        known
            A column that the catalog is told all collections have: the check is deceived.
        """
        timing = self._hurry.timing()

        def now() -> datetime:
            return datetime.fromtimestamp(timing.wall(), UTC)

        around = Surroundings(Silent(), threading.Event(), now, timing=timing)
        with open_session(self.config, around) as session:
            if known is not None:
                poll_collections(session.client, session.mirror.conn, now())
                session.mirror.conn.execute(
                    "INSERT INTO columns (collection, name, position, first_seen, last_seen) "
                    "SELECT collection, ?, 999, first_seen, last_seen FROM collections",
                    (known,),
                )
            return run_search(session, name, wait=True, pause=timing.wait)


@pytest.fixture
def recorder(real_server: RealServer) -> Iterator[Recorder]:
    with Recorder(real_server.port) as recorder:
        yield recorder


def near(spec: synthetic.CollectionSpec, count: int) -> list[tuple[str, float, float]]:
    """Return positions a third of an arcsecond off objects."""
    found = list(synthetic.objects(spec, seed=42))[10 : 10 + count]
    return [
        (f"in{n}", round(one.ra, 6), round(one.decl + 1e-4, 6)) for n, one in enumerate(found)
    ]


XMATCH = near(synthetic.alpha(), 7)

CASES = {
    "columnsearch": (
        """
filters = "sdssr < 13.0 and (varflag is null or starname contains 'an')"
columns = ["sdssr", "kmag", "starname", "remarks"]
collections = ["synth-alpha", "synth_beta"]
sort = ["sdssr", "desc"]
visibility = "public"
""",
        "columns%5B%5D=sdssr&columns%5B%5D=kmag&columns%5B%5D=starname&columns%5B%5D=remarks"
        "&collections%5B%5D=synth_alpha&collections%5B%5D=synth_beta"
        "&filters=%28sdssr+lt+13.0%29+and+%28%28varflag+is+null%29+or+"
        "%28starname+ct+%27an%27%29%29"
        "&sortspec=%5B%5B%22sdssr%22%2C+%22desc%22%5D%5D&visibility=public",
    ),
    "conesearch": (
        """
center = "19:20:00.0 +45:00:00"
radius_arcmin = 60
columns = ["sdssr", "gaiaid"]
filters = "ndet > 0"
""",
        "coords=290.0000000+45.0000000+60&columns%5B%5D=sdssr&columns%5B%5D=gaiaid"
        "&filters=%28ndet+gt+0%29&visibility=unlisted",
    ),
    "ftsquery": (
        """
text = "Fernando OR variable"
columns = ["period", "remarks"]
""",
        "ftstext=Fernando+OR+variable&columns%5B%5D=period&columns%5B%5D=remarks"
        "&visibility=unlisted",
    ),
    "xmatch": (
        """
file = "targets.txt"
radius_arcsec = 2.5
columns = ["sdssr"]
collections = ["synth_alpha"]
""",
        "xmq="
        + "%0A".join(f"{name}+{ra:.7f}+{decl:.7f}" for name, ra, decl in XMATCH)
        + "&xmd=2.5&columns%5B%5D=sdssr&collections%5B%5D=synth_alpha&visibility=unlisted",
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_search_in_peoples_words_is_sent_so_and_has_the_result_of_a_direct_call(
    tmp_path: Path,
    real_env: RealEnvironment,
    real_server: RealServer,
    recorder: Recorder,
    kind: str,
) -> None:
    lines, body = CASES[kind]
    (tmp_path / "targets.txt").write_text(
        "\n".join(f"{name} {ra} {decl}  # mine" for name, ra, decl in XMATCH)
    )
    search = f'[[search]]\nname = "mine"\nkind = "{kind}"\nevery = "6h"\n{lines}'
    searcher = Searcher(tmp_path, recorder.url, search)
    report = searcher.run("mine")
    assert report.state == "ok", report.message
    [sent] = recorder.searches()
    assert sent.target == f"/api/{kind}"
    assert sent.content_type == "application/x-www-form-urlencoded"
    assert sent.body.decode("ascii") == body

    direct = Seeder(real_server.url).make(Search(kind, tuple(parse_qsl(body))))
    wait_until_complete(real_server.basedir, [direct])
    tables = Truth(real_server.basedir).tables(real_env, [direct.setid, *report.setids])
    truth = list(tables[direct.setid].records())
    assert truth
    if kind == "columnsearch":
        ours = searcher.mirror.rows(report.setids[0])
        assert [row["db_oid"] for row in ours] == [row["db_oid"] for row in truth]
    assert counted(searcher.mirror.rows(report.setids[0])) == counted(truth)
    column = "period" if kind == "ftsquery" else "sdssr"
    shown = searcher.mirror.sql(f"SELECT db_oid, {column} FROM latest_mine")
    assert Counter(shown) == Counter((row["db_oid"], row[column]) for row in truth)
    assert report.nobjects == len({(row["collection"], row["db_oid"]) for row in truth})
    searcher.mirror.check_sound()


def counted(rows: list[dict[str, Any]]) -> Counter[str]:
    """Return rows in a form that does not depend on the order of rows or columns."""
    return Counter(json.dumps(row, sort_keys=True) for row in rows)


def test_a_list_in_parts_is_the_list_in_one(tmp_path: Path, real_server: RealServer) -> None:
    (tmp_path / "targets.txt").write_text(
        "\n".join(f"{name} {ra} {decl}" for name, ra, decl in XMATCH)
    )
    one = '[[search]]\nname = "{}"\nkind = "xmatch"\nfile = "targets.txt"\nevery = "6h"\n'
    split = one.format("split") + "positions_per_request = 3\n"
    searcher = Searcher(tmp_path, real_server.url, one.format("whole") + split)
    whole, parts = searcher.run("whole"), searcher.run("split")
    assert (len(whole.setids), len(parts.setids)) == (1, 3)
    ask = "SELECT in_objectid, objectid, dist_arcsec FROM latest_{} ORDER BY 1, 2"
    assert searcher.mirror.sql(ask.format("whole")) == searcher.mirror.sql(ask.format("split"))
    assert whole.nobjects == parts.nobjects == len(XMATCH)


EVERYTHING = """
[[search]]
name = "everything"
kind = "columnsearch"
filters = "ndet > 0"
columns = ["sdssr"]
collections = ["{}"]
every = "6h"
"""


def test_twenty_thousand_objects_in_the_background(
    tmp_path: Path, make_server: ServerMaker, make_basedir: BasedirMaker
) -> None:
    server = make_server(make_basedir(large=True))
    searcher = Searcher(tmp_path, server.url, EVERYTHING.format("synth_large"))
    report = searcher.run("everything")
    assert report.state == "ok", report.message
    assert (report.nobjects, report.added) == (20_000, 20_000)
    assert searcher.mirror.sql("SELECT count(DISTINCT objectid) FROM latest_everything") == [
        (20_000,)
    ]
    state = searcher.mirror.sql("SELECT state, reason FROM datasets")
    assert state == [("mirrored", "the server has no ZIP for it")]
    searcher.mirror.check_sound()


def test_a_query_that_times_out_is_found_again(
    tmp_path: Path, make_server: ServerMaker
) -> None:
    server = make_server(query_timeout_sec=TOO_SHORT_S)
    searcher = Searcher(tmp_path, server.url, EVERYTHING.format("synth_beta"))
    report = searcher.run("everything")
    assert (report.state, report.nobjects) == ("ok", 64), report.message


def test_a_query_that_times_out_and_matches_nothing_is_given_up_in_words(
    tmp_path: Path, make_server: ServerMaker
) -> None:
    server = make_server(query_timeout_sec=TOO_SHORT_S)
    text = EVERYTHING.format("synth_beta").replace("ndet > 0", "ndet < 0")
    searcher = Searcher(
        tmp_path, server.url, text + 'deadline = "2m"\nallow_frequent = true\n', longest_s=0.05
    )
    # On a busy machine the query can be done before the server looks at its clock.
    runs = (searcher.run("everything") for _ in range(10))
    report = next(run for run in runs if run.state != "ok")
    assert (report.state, report.exit_code) == ("gave_up", 1)
    assert report.message is not None
    assert report.message.startswith("given up after 2m: the server has not made dataset")
    assert "matches nothing after it was sent to the background" in report.message
    assert "in the background: Query sent to background" in report.message


def test_a_search_that_matches_nothing(tmp_path: Path, real_server: RealServer) -> None:
    text = EVERYTHING.format("synth_beta").replace("ndet > 0", "ndet < 0")
    report = Searcher(tmp_path, real_server.url, text).run("everything")
    assert (report.state, report.nobjects, report.message) == ("ok", 0, "nothing matches")


UNKNOWN_SORT = EVERYTHING.format("synth_beta") + 'sort = ["sdsr", "asc"]\ndeadline = "2m"\n'


def test_an_unknown_sort_column_is_not_even_sent(tmp_path: Path, recorder: Recorder) -> None:
    report = Searcher(tmp_path, recorder.url, UNKNOWN_SORT).run("everything")
    assert report.state == "failed"
    assert 'sort: no column "sdsr"; did you mean sdssr?' in (report.message or "")
    assert recorder.searches() == []


def test_a_search_that_crashes_the_servers_query_is_given_up_in_words(
    tmp_path: Path, recorder: Recorder
) -> None:
    searcher = Searcher(tmp_path, recorder.url, UNKNOWN_SORT, longest_s=0.05)
    report = searcher.run("everything", known="sdsr")
    assert report.state == "gave_up"
    assert report.message is not None
    assert "It leaves nothing behind when a query crashes" in report.message
    assert "the answer ended after 'running'" in report.message
    assert len(recorder.searches()) == 1


def test_a_collection_that_we_may_not_see_any_more_has_lost_nothing(
    tmp_path: Path, make_server: ServerMaker
) -> None:
    server = make_server()
    # In all collections, so that the server chooses them.
    text = EVERYTHING.replace('collections = ["{}"]\n', "allow_frequent = true\n")
    searcher = Searcher(tmp_path, server.url, text)
    first = searcher.run("everything")
    assert first.state == "ok", first.message
    with closing(sqlite3.connect(server.basedir / "lcc-index.sqlite")) as index, index:
        index.execute(
            "UPDATE lcc_index SET collection_visibility = 'private', collection_owner = 1 "
            "WHERE collection_id = 'synth-beta'"
        )
    second = searcher.run("everything")
    assert (second.state, second.added, second.removed) == ("ok", 0, 0)
    assert (second.nobjects or 0) < (first.nobjects or 0)
    assert "the server did not search synth_beta" in (second.message or "")

    # All of that is in a backup, and in a catalog that is made anew with it.
    catalog = searcher.mirror.root / "catalog.sqlite"
    with open_configured(searcher.config) as mirror:
        keep_backup(mirror.conn, mirror.root, backups_of(searcher.config), utc_now)
    before, defined = all_tables(catalog), definitions(catalog)
    assert {len(before[name]) for name in ("search_runs", "search_run_sets")} == {2}
    assert before["search_changes"] != []
    catalog.unlink()
    around = Surroundings(Silent(), threading.Event())
    assert rebuild_catalog(searcher.config, around).exit_code == 0
    assert definitions(catalog) == defined
    assert changed_by_rebuilding(before, all_tables(catalog)) == {}
    searcher.mirror.check_sound()
