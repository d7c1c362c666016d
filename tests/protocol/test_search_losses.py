"""Objects that are not in a result, and yet not lost."""

from __future__ import annotations

from pathlib import Path

from tests.support.catalog_changes import ChangingCatalogs
from tests.support.searches import BRIGHT, SearchSite
from tests.support.sites import site_fixture

site = site_fixture(kind=SearchSite, each_dialect=True)


def test_a_result_that_the_server_cut_short_loses_nothing(tmp_path: Path) -> None:
    # As with the 100,000 rows that an anonymous key gets: no limit of the question's own.
    with SearchSite(tmp_path, BRIGHT + 'sort = ["sdssr", "asc"]\n', max_rows=4) as site:
        catalogs = ChangingCatalogs(site)
        first = site.run()
        assert (first.nobjects, first.added) == (4, 4)
        assert first.total_nmatches is not None
        assert first.total_nmatches > 4
        said = f"the server gave only 4 of {first.total_nmatches} matches"
        assert said in (first.message or "")
        survey = site.server.surveys[0]
        one = survey.objects[0]
        catalogs.add(survey.collection, 999, one.ra, one.decl, sdssr=1.0)
        second = site.run()
        assert (second.added, second.removed) == (1, 0)
        assert "no object is taken for lost" in (second.message or "")


def test_a_collection_in_which_nothing_matches_any_more_is_seen_twice(
    site: SearchSite,
) -> None:
    # A query that fails in one of the collections looks like one without a match there.
    first, second = site.server.surveys
    site.run()
    here = {row[0] for row in site.latest(columns="objectid")} & first.by_name.keys()
    assert here
    site.server.change_catalog(first.collection, ())
    doubted = site.run()
    assert (doubted.state, doubted.removed) == ("ok", 0)
    assert f"nothing matched in {first.collection}" in (doubted.message or "")
    assert {row[0] for row in site.latest(columns="collection")} == {second.collection}
    confirmed = site.run()
    assert site.changes(confirmed.run_id) == dict.fromkeys(here, "removed")
    site.server.change_catalog(first.collection, first.objects)
    assert site.changes(site.run().run_id) == dict.fromkeys(here, "added")


def test_a_collection_that_comes_back_has_nothing_new(site: SearchSite) -> None:
    first = site.server.surveys[0]
    site.run()
    site.server.change_catalog(first.collection, ())
    site.run()
    site.server.change_catalog(first.collection, first.objects)
    after = site.run()
    assert (after.added, after.removed) == (0, 0)
