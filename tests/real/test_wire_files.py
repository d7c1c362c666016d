"""What WIRE.md states of files: validators, ranges, encodings, ZIPs and light curves."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from tests.real.conftest import BasedirMaker, SeededServer, ServerMaker
from tests.real.searches import Extras, columnsearch, everything_in
from tests.real.seed import Seeder, wait_until_complete
from tests.real.truth import Products
from tests.real.waiting import wait_for
from tests.real.wire import Answer, Wire

BETA = 2  # every object of synth_beta, in searches.sixty
SAME = (16, 17)  # one search twice
CONVERTIBLE = 5  # all of synth_beta that can be converted


@pytest.fixture
def wire(sixty: SeededServer) -> Wire:
    return Wire(sixty.url).with_new_key()


@pytest.fixture
def products(sixty: SeededServer) -> Products:
    return sixty.truth.products(sixty.made[BETA].setid)


def zip_of(products: Products) -> Path:
    assert products.lczip is not None
    return products.lczip


def test_files_are_served_byte_for_byte_with_an_md5_as_etag(
    wire: Wire, products: Products
) -> None:
    for prefix, path in (("d", products.csv), ("d", products.pickle), ("p", zip_of(products))):
        answer = wire.get(f"/{prefix}/{path.name}")
        content = path.read_bytes()
        assert answer.status == 200
        assert answer.body == content
        assert answer.headers["Content-Length"] == str(len(content))
        assert answer.headers["Accept-Ranges"] == "bytes"
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        assert answer.etag == f'"{md5}"'
        head = wire.head(f"/{prefix}/{path.name}")
        assert (head.status, head.etag) == (200, answer.etag)


def test_ranges_are_answered_and_if_range_is_ignored(wire: Wire, products: Products) -> None:
    path, content = f"/p/{zip_of(products).name}", zip_of(products).read_bytes()
    size = len(content)
    part = wire.get(path, {"Range": "bytes=100-199"})
    assert part.status == 206
    assert part.body == content[100:200]
    assert part.headers["Content-Range"] == f"bytes 100-199/{size}"
    assert wire.get(path, {"Range": "bytes=0-"}).status == 200
    past = wire.get(path, {"Range": f"bytes={size}-"})
    assert past.status == 416
    assert past.headers["Content-Range"] == f"bytes */{size}"
    stale = wire.get(path, {"Range": "bytes=100-", "If-Range": '"not this one"'})
    assert stale.status == 206
    assert stale.body == content[100:]


def test_a_csv_that_may_be_compressed_has_no_length_and_the_same_etag(
    wire: Wire, products: Products
) -> None:
    path = f"/d/{products.csv.name}"
    plain = wire.get(path, {"Accept-Encoding": "identity"})
    packed = wire.get(path, {"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Length" not in packed.headers
    assert packed.etag == plain.etag
    assert gzip.decompress(packed.body) == plain.body
    lczip = wire.get(f"/p/{zip_of(products).name}", {"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in lczip.headers


def test_a_changed_file_keeps_its_etag_until_the_server_is_started_again(
    make_server: ServerMaker,
) -> None:
    server = make_server()
    seeder = Seeder(server.url)
    made = seeder.make(everything_in("synth_beta", ("sdssr",)))
    wait_until_complete(server.basedir, [made])
    path = server.basedir / "datasets" / f"dataset-{made.setid}.csv"
    url = f"/d/{path.name}"
    before = seeder.wire.get(url)
    path.write_bytes(path.read_bytes() + b"more\n")
    later = path.stat().st_mtime + 10
    os.utime(path, (later, later))
    after = seeder.wire.get(url)
    assert after.body == before.body + b"more\n"
    assert after.etag == before.etag
    assert after.headers["Last-Modified"] != before.headers["Last-Modified"]
    assert seeder.wire.get(url, {"If-None-Match": before.etag}).status == 304
    server.restart()
    assert seeder.wire.get(url).etag != before.etag


def test_a_zip_is_served_while_it_grows_and_keeps_the_etag_of_its_first_part(
    make_server: ServerMaker, make_basedir: BasedirMaker
) -> None:
    # So many members take a second to write, and the stream does not wait for them.
    server = make_server(
        make_basedir(large=True), lczip_max_nrows=30_000, lczip_timeout_sec=0.0001
    )
    seeder = Seeder(server.url)
    extras = Extras(columns=("sdssr",), collections=("synth_large",), limit=6000)
    made = seeder.make(columnsearch("(ndet gt 0)", extras))
    path = f"/p/lightcurves-{made.setid}.zip"

    def served() -> Answer | None:
        answer = seeder.wire.head(path)
        return answer if answer.status == 200 else None

    early = wait_for("the ZIP's first part", served, deadline_s=120, every_s=0.01)
    wait_until_complete(server.basedir, [made])
    final = seeder.wire.get(path)
    assert len(final.body) > int(early.headers["Content-Length"])
    assert final.etag == early.etag
    assert seeder.wire.get(path, {"If-None-Match": early.etag}).status == 304


def test_a_file_that_is_not_there_looks_forbidden_unless_its_dataset_is(
    wire: Wire, sixty: SeededServer
) -> None:
    for path in ("/d/dataset-AAAAAAAAAAA.csv", "/p/lightcurves-AAAAAAAAAAA.zip"):
        unknown = wire.get(path)
        assert unknown.status == 401
        assert unknown.headers.get_content_type() == "text/html"
    without_zip = sixty.made[0].setid
    missing = wire.get(f"/p/lightcurves-{without_zip}.zip")
    assert missing.status == 404
    assert missing.headers.get_content_type() == "text/html"


def test_a_zip_names_its_members_and_confesses_those_that_are_missing(
    wire: Wire, sixty: SeededServer, products: Products
) -> None:
    lost = sixty.truth.unconvertible("synth_beta")
    there = set(sixty.truth.catalogs["synth_beta"]) - lost
    assert lost
    with zipfile.ZipFile(zip_of(products)) as archive:
        members = archive.infolist()
        manifest = json.loads(archive.read("lczip-manifest.json"))
    assert {member.compress_type for member in members} == {zipfile.ZIP_STORED}
    assert members[-1].filename == "lczip-manifest.json"
    assert {member.filename for member in members[:-1]} == {
        f"synth-beta-{objectid}-csvlc.gz" for objectid in there
    }
    assert set(manifest) == {f"{objectid}-csvlc.gz" for objectid in there} | {
        f"{objectid}-csvlc.gz missing" for objectid in lost
    }
    objectid = min(lost)
    assert wire.get(f"/l/synth-beta/{objectid}-csvlc.gz").status == 404


def test_a_search_can_avoid_missing_light_curves(sixty: SeededServer) -> None:
    path = zip_of(sixty.truth.products(sixty.made[CONVERTIBLE].setid))
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("lczip-manifest.json"))
    assert manifest
    assert not any(name.endswith("missing") for name in manifest)


def test_two_sets_of_the_same_light_curves_share_a_zip(wire: Wire, sixty: SeededServer) -> None:
    first, second = (sixty.truth.products(sixty.made[each].setid) for each in SAME)
    assert not zip_of(first).is_symlink()
    assert zip_of(second).is_symlink()
    answers = [wire.get(f"/p/{zip_of(each).name}") for each in (first, second)]
    assert answers[0].body == answers[1].body
    assert answers[0].etag == answers[1].etag
    dates = {answer.headers["Last-Modified"] for answer in answers}
    assert len(dates) == 1


def test_a_light_curve_of_a_dataset_without_a_zip_is_served_alone(
    wire: Wire, sixty: SeededServer
) -> None:
    objectid = min(sixty.truth.catalogs["synth_large"])
    path = sixty.truth.light_curve("synth_large", objectid)
    assert path is not None
    answer = wire.get(f"/l/synth-large/{objectid}-csvlc.gz")
    assert answer.body == path.read_bytes()
    text = gzip.decompress(answer.body).decode().split("\n")
    assert text[:4] == ["LCC-CSVLC-V1", "#", ",", "# OBJECT METADATA"]


def test_a_light_curves_metadata_are_not_strict_json(sixty: SeededServer) -> None:
    path = zip_of(sixty.truth.products(sixty.made[BETA].setid))
    with zipfile.ZipFile(path) as archive:
        curves = [archive.read(name) for name in archive.namelist()[:-1]]
    packed = [gzip.GzipFile(fileobj=io.BytesIO(curve)).read() for curve in curves]
    assert any(b": NaN" in curve for curve in packed)


def test_format_descriptions_need_no_key_and_ignore_a_bad_one(sixty: SeededServer) -> None:
    path = "/c/synth-beta/lcformat-description.json"
    on_disk = sixty.truth.format_description("synth_beta").read_bytes()
    for wire in (Wire(sixty.url), Wire(sixty.url, "bad")):
        answer = wire.get(path)
        assert (answer.status, answer.body) == (200, on_disk)
        assert "Set-Cookie" not in answer.headers
