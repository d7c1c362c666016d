"""Files of the demo server: tags that stick, ranges, compression, access."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator

import pytest

from lccmirror.demo import DemoServer, Fate
from tests.support.rawhttp import RawClient, raw_client


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(objects=45, points=(5, 9)) as server:
        yield server


@pytest.fixture
def client(server: DemoServer) -> Iterator[RawClient]:
    with raw_client(server.url) as client:
        yield client


@pytest.fixture
def setid(server: DemoServer) -> str:
    return server.make_dataset("columnsearch")


def csv_path(setid: str) -> str:
    return f"/d/dataset-{setid}.csv"


def zip_path(setid: str) -> str:
    return f"/p/lightcurves-{setid}.zip"


def test_every_product_is_served_byte_for_byte(
    server: DemoServer, client: RawClient, setid: str
) -> None:
    assert client.get(csv_path(setid)).body == server.product(setid, "csv")
    assert client.get(zip_path(setid)).body == server.product(setid, "lczip")
    pickle = client.get(f"/d/dataset-{setid}.pkl.gz")
    assert pickle.body == server.product(setid, "pickle")


def test_the_tag_is_the_md5_of_the_first_content(client: RawClient, setid: str) -> None:
    reply = client.get(csv_path(setid))
    digest = hashlib.md5(reply.body, usedforsecurity=False).hexdigest()
    assert reply.headers["Etag"] == f'"{digest}"'


def test_the_tag_outlives_a_change_of_the_file(
    server: DemoServer, client: RawClient, setid: str
) -> None:
    before = client.get(zip_path(setid))
    server.remake_zip(setid)
    after = client.get(zip_path(setid))
    assert after.body != before.body
    assert after.headers["Etag"] == before.headers["Etag"]
    unchanged = client.get(zip_path(setid), If_None_Match=before.headers["Etag"])
    assert unchanged.status == 304


def test_a_head_says_what_a_get_would_send(client: RawClient, setid: str) -> None:
    head, whole = client.ask("HEAD", csv_path(setid)), client.get(csv_path(setid))
    assert head.body == b""
    for name in ("Content-Length", "Etag", "Last-Modified", "Accept-Ranges"):
        assert head.headers[name] == whole.headers[name]
    assert client.ask("HEAD", "/api/datasets").status == 405


def test_ranges(client: RawClient, setid: str) -> None:
    whole = client.get(csv_path(setid)).body
    part = client.get(csv_path(setid), Range="bytes=5-20")
    assert part.status == 206
    assert part.body == whole[5:21]
    assert part.headers["Content-Range"] == f"bytes 5-20/{len(whole)}"
    assert client.get(csv_path(setid), Range="bytes=0-").status == 200
    rest = client.get(csv_path(setid), Range=f"bytes={len(whole) - 1}-")
    assert rest.body == whole[-1:]
    beyond = client.get(csv_path(setid), Range=f"bytes={len(whole)}-")
    assert beyond.status == 416
    assert beyond.headers["Content-Range"] == f"bytes */{len(whole)}"


def test_if_range_is_not_read(client: RawClient, setid: str) -> None:
    stale = client.get(csv_path(setid), Range="bytes=5-", If_Range='"stale"')
    assert stale.status == 206


def test_an_unchanged_file_by_date(client: RawClient, setid: str) -> None:
    date = client.get(csv_path(setid)).headers["Last-Modified"]
    assert client.get(csv_path(setid), If_Modified_Since=date).status == 304
    # a tag that does not fit wins over a date that does
    both = client.get(csv_path(setid), If_Modified_Since=date, If_None_Match='"other"')
    assert both.status == 200


def test_a_csv_is_compressed_under_the_same_tag(client: RawClient, setid: str) -> None:
    plain = client.get(csv_path(setid))
    packed = client.get(csv_path(setid), Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Length"] is None
    assert packed.headers["Etag"] == plain.headers["Etag"]
    assert gzip.decompress(packed.body) == plain.body
    part = client.get(csv_path(setid), Accept_Encoding="gzip", Range="bytes=5-20")
    assert part.status == 206
    assert gzip.decompress(part.body) == plain.body[5:21]


def test_a_zip_is_not_compressed_again(client: RawClient, setid: str) -> None:
    reply = client.get(zip_path(setid), Accept_Encoding="gzip")
    assert reply.headers["Content-Encoding"] is None
    assert int(reply.headers["Content-Length"]) == len(reply.body)


def test_what_does_not_exist_is_refused_like_what_is_not_for_us(
    server: DemoServer, client: RawClient
) -> None:
    private = server.make_dataset("columnsearch", visibility="private")
    for path in (csv_path("x" * 11), zip_path("x" * 11), csv_path(private), zip_path(private)):
        reply = client.get(path)
        assert reply.status == 401
        assert reply.headers["Content-Type"].startswith("text/html")
    no_zip = server.make_table({"a": "i8"}, [[1]])
    assert client.get(zip_path(no_zip)).status == 404


def test_zip_members_are_stored_and_the_manifest_names_the_missing(
    server: DemoServer, client: RawClient, setid: str
) -> None:
    rows = server.truth(setid)
    with zipfile.ZipFile(io.BytesIO(client.get(zip_path(setid)).body)) as archive:
        infos = archive.infolist()
        manifest = json.loads(archive.read("lczip-manifest.json"))
        first = archive.read(infos[0].filename)
    assert {i.compress_type for i in infos} == {zipfile.ZIP_STORED}
    assert infos[-1].filename == "lczip-manifest.json"
    assert infos[0].filename == f"demo-field-a-{rows[0]['db_oid']}-csvlc.gz"
    missing = [name for name in manifest if name.endswith(" missing")]
    assert len(missing) == 2
    assert len(infos) - 1 == len(rows) - len(missing)
    assert client.get(str(rows[0]["db_lcfname"])).body == first
    dead = missing[0].removesuffix(" missing")
    assert client.get(f"/l/demo-field-b/{dead}").status == 404


def test_equal_light_curves_share_a_zip(server: DemoServer, client: RawClient) -> None:
    one = server.make_dataset("columnsearch")
    other = server.make_dataset("columnsearch", sortspec='["sdssr", "desc"]')
    first, second = client.get(zip_path(one)), client.get(zip_path(other))
    assert first.body == second.body
    assert first.headers["Last-Modified"] == second.headers["Last-Modified"]


def test_a_zip_in_the_making_is_served_as_if_it_were_whole(
    server: DemoServer, client: RawClient
) -> None:
    client.take_key()
    server.next_search(Fate.ZIP_TIMEOUT)
    stream = client.search("columnsearch", {"filters": "(ndet gt 0)"})
    setid = stream.lines()[0]["result"]["setid"]
    assert client.get(zip_path(setid)).status == 404
    server.advance(setid)
    part = client.get(zip_path(setid))
    while server.dataset(setid).status != "complete":
        assert server.advance(setid)
    whole = client.get(zip_path(setid))
    assert part.status == 200
    assert whole.body.startswith(part.body)
    assert len(part.body) < len(whole.body)
    assert part.headers["Etag"] == whole.headers["Etag"]


def test_the_pickle_changes_with_the_visibility_and_the_csv_does_not(
    server: DemoServer, setid: str
) -> None:
    before = {kind: server.product(setid, kind) for kind in ("csv", "pickle", "lczip")}
    server.change_visibility(setid, "unlisted")
    after = {kind: server.product(setid, kind) for kind in before}
    assert [k for k in before if before[k] != after[k]] == ["pickle"]


def test_two_servers_of_one_seed_serve_the_same_light_curves() -> None:
    with (
        DemoServer(objects=5, points=(30, 40), seed=3) as one,
        DemoServer(objects=5, points=(30, 40), seed=3) as other,
    ):
        path = f"/l/demo-field-a/{one.surveys[0].objects[0].objectid}-csvlc.gz"
        assert one.file(path) == other.file(path)
