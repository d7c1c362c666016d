"""`lccmirror.open`: collections, datasets, their files and rows, and the runs of searches."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import lccmirror
from lccmirror.errors import (
    Damaged,
    LccMirrorError,
    UsageError,
)
from lccmirror.offline import Mirror, UnknownName
from tests.support.demo_mirrors import SEARCH, make_demo


@pytest.fixture(scope="module")
def searching(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("searching") / "demo", searches=SEARCH)


def test_no_setid_is_no_dataset(own: Path) -> None:
    mirror = lccmirror.open(own)
    for setid in ("nope", None, ""):
        with pytest.raises(UnknownName, match=f"no dataset {setid}"):
            mirror.dataset(setid)  # type: ignore[arg-type]  # None is the mistake


def test_collections_are_found_by_both_names(m: Mirror) -> None:
    assert m.collections["demo-field-a"] is not None
    assert "demo_field_b" in m.collections
    assert "demo_field_c" not in m.collections
    assert m.collections.get("x") is None
    with pytest.raises(KeyError) as caught:
        m.collections["demo_field_c"]
    assert isinstance(caught.value, UsageError)
    assert str(caught.value).startswith("the mirror has no collection demo_field_c (there is")
    with pytest.raises(UsageError, match="no column sdss"):
        m.collections["demo_field_a"].column("sdss")


def test_datasets_are_chosen_by_state_collection_and_words(m: Mirror) -> None:
    big = m.dataset("3adIph4Cmoo")
    assert repr(big) == (
        "<Dataset 3adIph4Cmoo: New dataset using collections: demo_field_b, 150 objects, "
        "mirrored>"
    )
    assert repr(m.collections["demo_field_b"]).startswith(
        "<Collection demo_field_b: Demo field B"
    )
    assert repr(m.object("DMB-358-0000058")) == (
        "<MirroredObject DMB-358-0000058: demo_field_b, ra 358.8593835, decl -28.3156862, "
        "3 datasets, 3 light curves>"
    )
    assert repr(m.lightcurve("DMB-358-0000058")) == (
        "<MirroredLightCurve DMB-358-0000058: demo_field_b, 407 points, "
        "rjd stf flt aim_000 aie_000 aep_000>"
    )
    assert len(m.datasets(state="mirrored")) == 12
    assert {d.setid for d in m.datasets(collection="demo-field-b")} == {
        d.setid for d in m.datasets(collection="demo_field_b")
    }
    assert len(m.datasets(state="failed")) == 0
    with pytest.raises(LccMirrorError, match="did you mean DMB-358-0000058"):
        m.lightcurve("dmb-358-0000058")
    with pytest.raises(UsageError, match="a list or a dict"):
        m.query("SELECT ?", 5)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(KeyError, match=r"no state mirored \(there is mirrored\)"):
        m.datasets(state="mirored")
    with pytest.raises(KeyError, match="no collection demo_field_c"):
        m.datasets(collection="demo_field_c")
    assert len(m.datasets(text="RRab OBJTYPE")) == 1
    assert len(m.datasets(text="RRab nothing")) == 0
    assert len(m.datasets(text="100% '\"")) == 0
    first = m.datasets()[0]
    assert m.dataset(first.setid) == first
    assert hash(first) == hash(m.dataset(first.setid))
    assert m.datasets()[:2].to_pandas().shape == (2, 14)
    with pytest.raises(KeyError, match="the mirror has no dataset nope"):
        m.dataset("nope")


@pytest.mark.parametrize("said", ["[" * 100_000, "no JSON", '"\\ud800"', "null"])
def test_whatever_the_server_says_of_a_search_its_dataset_is_listed(
    said: str, own: Path
) -> None:
    setid = lccmirror.open(own).datasets()[0].setid
    with closing(sqlite3.connect(own / "catalog.sqlite")) as conn:
        conn.execute("UPDATE datasets SET query_params = ? WHERE setid = ?", (said, setid))
        conn.commit()
    found = lccmirror.open(own).datasets()
    assert len(found) == 12
    assert found[0]._repr_html_().encode()


def test_a_datasets_files_are_where_they_are_said_to_be(own: Path) -> None:
    m = lccmirror.open(own)
    dataset = m.datasets(text="ndet > 0")[0]
    assert dataset.path("lczip").name == f"lightcurves-{dataset.setid}.zip"
    with pytest.raises(LccMirrorError, match=r"no pickle .*it has csv, json, lczip"):
        dataset.path("pickle")
    conn = sqlite3.connect(own / "catalog.sqlite")
    conn.execute("UPDATE files SET state = 'damaged' WHERE setid = ?", [dataset.setid])
    conn.commit()
    conn.close()
    with pytest.raises(Damaged, match="verify --repair"):
        dataset.path("csv")


def test_rows_of_a_dataset_are_those_published(m: Mirror) -> None:
    dataset = m.datasets(text="ndet > 0")[0]
    rows = dataset.rows()
    assert rows.columns == tuple(column.name for column in dataset.columns)
    assert len(rows.all()) == dataset.nrows == 150


def test_a_table_that_is_not_here_is_said(own: Path) -> None:
    conn = sqlite3.connect(own / "catalog.sqlite")
    conn.execute("UPDATE datasets SET nrows = NULL, state = 'failed', last_error = 'no room'")
    conn.commit()
    conn.close()
    with pytest.raises(LccMirrorError, match=r"its state is failed \(no room\)"):
        lccmirror.open(own).datasets()[0].to_pandas()


def test_searches_runs_and_changes(searching: Path) -> None:
    m = lccmirror.open(searching)
    search = m.search("bright_movers")
    (run,) = search.runs()
    assert (search.kind, run.state) == ("columnsearch", "ok")
    found = len(search.latest().all())
    assert found == run.nobjects == run.added
    assert len(m.changes("bright_movers").all()) == found
    assert len(search.changes(since="1d").all()) == found
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for since in (tomorrow, tomorrow.replace(tzinfo=None), tomorrow.isoformat()):
        assert m.changes("bright_movers", since).all() == []
    assert len(m.changes("bright_movers", timedelta(hours=1)).all()) == found
    with pytest.raises(KeyError, match="no saved search bright_mover"):
        m.changes("bright_mover")
    with pytest.raises(UsageError, match="expected a date"):
        m.changes("bright_movers", "yesterday")
    with pytest.raises(UsageError, match="before the year 1"):
        m.changes("bright_movers", "9999999d")
