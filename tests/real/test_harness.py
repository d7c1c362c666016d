"""The tools of this tier: they must not lie to the tests that use them."""

from __future__ import annotations

import gzip
import json
import socket
import zipfile
from pathlib import Path

import pytest

from tests.real import reference, synthetic
from tests.real.basedir import revoke_keys
from tests.real.clones import add_hidden, add_public, clone_dataset
from tests.real.conftest import BasedirMaker, SeededServer, ServerMaker
from tests.real.environment import (
    EnvironmentFailed,
    RealEnvironment,
    ensure_environment,
    find_python,
)
from tests.real.searches import Extras, columnsearch, everything_in
from tests.real.seed import Seeder, SeedFailed, wait_until_complete
from tests.real.server import HOST, PortTaken, RealServer, ServerFailed
from tests.real.truth import Truth
from tests.real.waiting import NeverHappened, wait_for
from tests.real.wire import Wire

# columns that a search works out, which no catalog has
WORKED_OUT = {"dist_arcsec", "relevance", "in_objectid", "in_ra", "in_decl"}


def manifest_of(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return list(json.loads(archive.read("lczip-manifest.json")))


def test_an_environment_that_cannot_be_made_fails_with_the_last_lines_of_pip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = tmp_path / "requirements.txt"
    nothing.write_text("lccmirror-no-such-package==0\n")
    monkeypatch.setattr("tests.real.environment.REQUIREMENTS", nothing)
    # offline, so that the failure costs no request
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(EnvironmentFailed, match=r"(?s)ended with.*ERROR"):
        ensure_environment(tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*/complete"))


def test_without_the_right_python_the_tier_fails(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailed, match=r"needs CPython 3\.11"):
        find_python(running=(3, 13), path=str(tmp_path))


def test_the_environment_is_made_once(real_env: RealEnvironment) -> None:
    assert ensure_environment() == real_env


def test_waiting_ends_at_the_deadline() -> None:
    with pytest.raises(NeverHappened, match="the moon"):
        wait_for("the moon", lambda: None, deadline_s=0.0)


def test_every_text_is_in_both_usual_collections() -> None:
    for spec in (synthetic.alpha(), synthetic.beta()):
        items = list(synthetic.objects(spec, seed=1))
        for column in ("starname", "remarks"):
            assert {item.texts[column] for item in items} == set(synthetic.TEXTS)


def test_the_right_ascensions_of_beta_lie_on_both_sides_of_0h() -> None:
    ras = [item.ra for item in synthetic.objects(synthetic.beta(), seed=1)]
    assert min(ras) < 0.01
    assert max(ras) > 359.99


def test_each_type_of_column_has_nulls_in_both_usual_collections(
    small_template: Path,
) -> None:
    for catalog in Truth(small_template).catalogs.values():
        for column in ("teststat", "sdssr", "varflag", "gaiaid", "starname", "remarks"):
            values = [item[column] for item in catalog.values()]
            assert None in values, column
            assert any(value is not None for value in values), column


def test_a_server_refuses_a_port_that_is_taken(make_server: ServerMaker) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=str(port)):
            make_server(port=port)


def test_a_server_that_ends_at_once_is_reported_with_its_log(
    make_server: ServerMaker, make_basedir: BasedirMaker
) -> None:
    basedir = make_basedir()
    (basedir / ".lccserver.secret-fernet").unlink()
    with pytest.raises(ServerFailed, match="log"):
        make_server(basedir)


def test_a_copied_base_directory_serves_its_own_files(
    make_server: ServerMaker, small_template: Path, real_env: RealEnvironment
) -> None:
    server = make_server()
    before = set(small_template.rglob("*"))
    made = Seeder(server.url).make(everything_in("synth_beta"))
    wait_until_complete(server.basedir, [made])
    assert set(small_template.rglob("*")) == before
    truth = Truth(server.basedir)
    [table] = truth.tables(real_env, [made.setid]).values()
    assert len(table.rows) == len(truth.catalogs["synth_beta"])
    for record in table.records():
        for name, value in truth.expected(
            "synth_beta", str(record["db_oid"]), table.columns
        ).items():
            assert record[name] == value


def test_revoked_keys_are_refused_and_new_ones_are_not(make_server: ServerMaker) -> None:
    server = make_server()
    wire = Wire(server.url).with_new_key()
    assert wire.get("/api/datasets").status == 200
    revoke_keys(server.basedir)
    assert wire.get("/api/datasets").status == 401
    assert wire.with_new_key().get("/api/datasets").status == 200


def test_a_search_that_finds_nothing_makes_no_dataset(real_server: RealServer) -> None:
    with pytest.raises(SeedFailed, match="failed"):
        Seeder(real_server.url).make(columnsearch("(ndet lt 0)"))


def test_cloned_datasets_are_served_as_the_server_serves_its_own(
    make_server: ServerMaker, real_env: RealEnvironment
) -> None:
    server = make_server()
    wire = Wire(server.url)
    made = Seeder(server.url).make(
        columnsearch("(decl lt 45)", Extras(collections=("synth_alpha",), limit=3))
    )
    wait_until_complete(server.basedir, [made])
    clones = clone_dataset(server.basedir, made.setid, 50)
    listed = wire.get("/api/datasets?nsets=-1").json()["result"]
    assert [item["setid"] for item in listed][:1] == [made.setid]
    assert [item["setid"] for item in listed][1:] == clones[::-1]
    assert all(item["lczip_fpath"] for item in listed)
    original, clone = (
        wire.get(f"/set/{each}?json=1").json() for each in (made.setid, clones[7])
    )
    assert clone["setid"] == clones[7]
    assert clone["rows"] == original["rows"]
    assert clone["dataset_csv"] == f"/d/dataset-{clones[7]}.csv"
    products = Truth(server.basedir).products(clones[7])
    assert made.setid.encode() not in gzip.decompress(products.pickle.read_bytes())
    assert made.setid not in wire.get(f"/d/dataset-{clones[7]}.csv").body.decode()
    assert wire.get(f"/p/lightcurves-{clones[7]}.zip").status == 200


def test_a_crowd_hides_the_newest_public_dataset(make_server: ServerMaker) -> None:
    server = make_server()
    public = add_public(server, 200)
    hidden = add_hidden(server, 100)
    times = [each.setid for each in Truth(server.basedir).datasets(visibilities=None)]
    assert times == [*hidden[::-1], *public[::-1]]
    [new] = Seeder(server.url).make_small(1)
    wait_until_complete(server.basedir, [new])
    listed = Wire(server.url).get("/api/datasets?nsets=102").json()["result"]
    assert [item["setid"] for item in listed] == [new.setid, public[-1]]


def test_the_sixty_have_every_kind_of_dataset(sixty: SeededServer) -> None:
    truth = sixty.truth
    datasets = {each.setid: each for each in truth.datasets()}
    assert set(datasets) == {each.setid for each in sixty.made}
    assert len(datasets) == 60
    assert len({each.query_type for each in datasets.values()}) == 4
    without_zip = [setid for setid in datasets if truth.products(setid).lczip is None]
    assert [datasets[setid].nobjects for setid in without_zip] == [20_000]
    missing = [
        sum(name.endswith(" missing") for name in manifest_of(path))
        for setid in datasets
        if (path := truth.products(setid).lczip) is not None
    ]
    assert missing.count(0) >= 15
    assert len(missing) - missing.count(0) >= 15


def test_the_sixty_show_every_object_and_both_sides_of_0h(
    sixty: SeededServer, real_env: RealEnvironment
) -> None:
    tables = sixty.truth.tables(real_env, [each.setid for each in sixty.made])
    shown = {
        (record["collection"], record["db_oid"])
        for table in tables.values()
        for record in table.records()
    }
    assert shown == {
        (collection, objectid)
        for collection, catalog in sixty.truth.catalogs.items()
        for objectid in catalog
    }
    around_0h = tables[sixty.made[12].setid]
    ras = [float(record["db_ra"] or 0) for record in around_0h.records()]
    assert any(ra < 1 for ra in ras)
    assert any(ra > 359 for ra in ras)


def test_the_sixty_are_made_of_what_the_catalogs_have(
    sixty: SeededServer, real_env: RealEnvironment
) -> None:
    truth = sixty.truth
    for table in truth.tables(real_env, [each.setid for each in sixty.made]).values():
        for record in table.records():
            collection, objectid = str(record["collection"]), str(record["db_oid"])
            expected = truth.expected(collection, objectid, table.columns)
            assert set(table.columns) - set(expected) <= WORKED_OUT
            assert expected == {name: record[name] for name in expected}


def test_the_reference_client_downloads_what_the_server_has(
    sixty: SeededServer, real_env: RealEnvironment, tmp_path: Path
) -> None:
    setids = [each.setid for each in sixty.made[:3]]
    folder = reference.download(real_env, sixty.url, tmp_path / "reference", setids)
    for setid in setids:
        products = sixty.truth.products(setid)
        assert (folder / products.csv.name).read_bytes() == products.csv.read_bytes()
        assert (folder / f"lightcurves-{setid}.zip").exists() == (products.lczip is not None)
