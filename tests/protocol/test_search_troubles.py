"""Saved searches that do not go well: cut off, refused, given up; and always said why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lccmirror.demo.searcher import Fate
from lccmirror.sync.searches import advance, begin, due_searches, report_of
from tests.support.misbehaving import body, cut, reset, status, stream_ends_after
from tests.support.searches import BRIGHT, SearchSite
from tests.support.sites import site_fixture

site = site_fixture(kind=SearchSite, each_dialect=True)


def test_a_search_that_the_server_never_finishes_is_given_up(site: SearchSite) -> None:
    site.server.next_search(Fate.QUERY_TIMEOUT)
    report = site.run()
    assert (report.state, report.exit_code) == ("gave_up", 1)
    assert "given up after 6h" in (report.message or "")
    assert "has not made dataset" in (report.message or "")
    waited = len(site.requests("/set/"))
    assert waited < 60
    assert site.run().state == "ok"


@pytest.mark.parametrize("fate", [Fate.CRASH_IN_QUERY, Fate.CRASH_IN_TABLE])
def test_a_search_that_crashes_the_query_is_given_up_in_words(
    site: SearchSite, fate: Fate
) -> None:
    site.server.next_search(fate)
    report = site.run()
    assert report.state == "gave_up"
    assert "when a query crashes" in (report.message or "")
    assert "the answer ended after" in (report.message or "")
    assert len(site.requests("/api/columnsearch")) == 1


@pytest.mark.parametrize("word", ["queued", "running"])
def test_a_stream_cut_off_is_taken_up_by_its_setid(site: SearchSite, word: str) -> None:
    site.server.add("/api/columnsearch", stream_ends_after(word))
    report = site.run()
    assert report.state == "ok"
    assert len(site.requests("/api/columnsearch")) == 1
    site.check(*report.setids)


def test_a_request_whose_setid_was_not_learned_is_sent_again_and_said(
    site: SearchSite,
) -> None:
    site.server.add("/api/columnsearch", reset())
    before = site.now()
    report = site.run()
    assert report.state == "ok"
    assert "1 request was cut off before the server named the dataset" in (report.message or "")
    assert len(site.requests("/api/columnsearch")) == 2
    assert (site.now() - before).total_seconds() >= 1200 + 15 * 60


def test_three_requests_without_an_answer_are_enough(site: SearchSite) -> None:
    site.server.add("/api/columnsearch", reset(), times=None)
    report = site.run()
    assert (report.state, report.setids) == ("failed", ())
    assert len(site.requests("/api/columnsearch")) == 3


def test_refused_arguments_end_a_run_at_once(site: SearchSite) -> None:
    refusal = b'{"status": "failed", "result": null, "message": "Invalid coords."}'
    site.server.add("/api/columnsearch", body(refusal * 2))
    report = site.run()
    assert (report.state, report.exit_code) == ("failed", 1)
    assert "Invalid coords" in (report.message or "")


def test_a_server_that_is_down_is_asked_again_and_later_dues_join(site: SearchSite) -> None:
    site.run()
    site.clock.forward(3600)
    # The same server, at an address where nothing listens.
    url, moved = site.server.url, "http://127.0.0.1:1"
    site.configure(f'[server]\nformerly = ["{url}"]', url=moved)
    with site.session() as session:
        [due] = due_searches(session.mirror.conn, site.config, site.now())
        run = begin(session, due)
        for _ in range(12):
            following = advance(session, run)
            assert following is not None
            site.clock.forward((following - site.now()).total_seconds())
        assert report_of(session.mirror.conn, run).state == "waiting"
        assert due_searches(session.mirror.conn, site.config, site.now()) == []
    site.configure()
    [report] = site.take_up()
    assert report.state == "ok"
    [(covers,)] = site.sql("SELECT covers FROM search_runs WHERE id = ?", report.run_id)
    assert covers > 1
    assert site.due() == []
    dues = site.sql("SELECT due, count(*) FROM search_runs WHERE due NOT NULL GROUP BY due")
    assert {count for _, count in dues} == {1}


def test_mistakes_are_found_before_anything_is_sent(site: SearchSite) -> None:
    site.ask(
        BRIGHT.replace("sdssr <", "sdsr <").replace('"objtype"]', '"objtipe"]')
        + 'sort = ["sdssrr", "asc"]\n'
    )
    report = site.run()
    assert report.state == "failed"
    for name, near in (("sdsr", "sdssr"), ("objtipe", "objtype"), ("sdssrr", "sdssr")):
        assert f'no column "{name}"; did you mean {near}?' in (report.message or "")
    assert site.requests("/api/columnsearch") == []
    site.ask(BRIGHT + 'collections = ["demo_field_x"]\n')
    report = site.run()
    assert 'no collection "demo_field_x"; did you mean demo_field_' in (report.message or "")
    assert site.requests("/api/columnsearch") == []


def test_a_private_search_needs_an_account(tmp_path: Path) -> None:
    with SearchSite(tmp_path) as site:
        key = tmp_path / "key.json"
        key.write_text(json.dumps({"apikey": site.server.account_key()}), "utf-8")
        key.chmod(0o600)
        site.configure(f'[server]\napi_key_file = "{key}"')
        site.ask(BRIGHT + 'visibility = "private"\n')
        assert "select.visibility" in (site.run().message or "")
        site.configure(
            f'[server]\napi_key_file = "{key}"\n[select]\nvisibility = ["public", "private"]'
        )
        assert site.run().state == "ok"
        # The account's key is no longer good, and the client goes on anonymously.
        site.server.add("/api/verify", status(401, as_json=True))
        refused = site.run()
        assert refused.state == "failed"
        assert "needs an account's key" in (refused.message or "")


def test_a_cut_within_the_zip_does_not_keep_the_run_from_its_end(site: SearchSite) -> None:
    site.server.add("/p/", cut(100), times=None)
    report = site.run()
    assert report.state == "ok"
    assert site.states()[report.setids[0]] == "partial"
    site.server.behave()
    site.clock.forward(86_400)
    site.sync()
    site.check(*report.setids)
