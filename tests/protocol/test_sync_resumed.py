"""Downloads gone on with after a power cut, which may have left holes in what had come."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from lccmirror.server.sidecar import sidecar_path
from lccmirror.sync import layout
from lccmirror.sync.first_look import is_whole_gzip
from lccmirror.sync.jobs import open_session
from tests.support.misbehaving import other_version, reset
from tests.support.site import Site

SETTINGS = '[mirror]\nproducts = ["csv", "lczip", "pickle"]'
SOURCES = {"csv": "/d/dataset-{}.csv", "pickle": "/d/dataset-{}.pkl.gz"}


def begin(site: Site, setid: str, kind: str, size: int | None) -> None:
    """Leave the first `size` bytes of a product, with a hole in them, as power cuts do."""
    source = SOURCES[kind].format(setid)
    site.server.add(source, reset(), times=None)
    site.sync()
    site.server.behave()
    with open_session(site.config, site.around()) as session:
        info = session.client.head(source)
    whole = site.server.product(setid, kind)
    part = site.root / layout.arriving(layout.product(setid, kind))
    part.write_bytes(whole[:20] + bytes((size or len(whole)) - 20))
    noted = {"path": source, "total": len(whole), "etag": info.etag}
    noted["last_modified"] = info.last_modified
    sidecar_path(part).write_text(json.dumps(noted))
    site.clock.forward(86_400)


@pytest.mark.parametrize("kind", ["csv", "pickle"])
@pytest.mark.parametrize("size", [40, None], ids=["a part", "all of it"])
def test_holes_in_what_had_come_are_found_and_it_is_fetched_anew(
    tmp_path: Path, kind: str, size: int | None
) -> None:
    with Site(tmp_path, SETTINGS) as site:
        setid = site.server.make_dataset()
        begin(site, setid, kind, size)
        report = site.sync()
        if report.failed:
            # A table is fetched anew by the next try.
            site.clock.forward(86_400)
            report = site.sync()
        assert report.exit_code == 0
        assert site.file(setid, kind).read_bytes() == site.server.product(setid, kind)
        site.check()


def test_a_pickle_that_is_none_on_the_server_is_fetched_anew_once(tmp_path: Path) -> None:
    with Site(tmp_path, SETTINGS) as site:
        setid = site.server.make_dataset()
        begin(site, setid, "pickle", 40)
        whole = site.server.product(setid, "pickle")
        broken = whole[:-3] + b"\0\0\0"
        site.server.add("pkl", other_version(broken), times=None)
        report = site.sync()
        assert report.exit_code == 0
        assert site.file(setid, "pickle").read_bytes() == broken
        assert len(site.requests("pkl")) == 2


CONTENT = b"pickles" * 10_000


@pytest.mark.parametrize(
    ("content", "whole"),
    [
        (gzip.compress(CONTENT), True),
        (gzip.compress(CONTENT)[:-1], False),
        (gzip.compress(CONTENT)[:-8] + bytes(8), False),
        (b"", False),
        (CONTENT, False),
    ],
    ids=["whole", "cut", "another CRC", "empty", "no gzip"],
)
def test_a_gzip_is_whole_when_it_expands_to_its_end(
    tmp_path: Path, content: bytes, whole: bool
) -> None:
    part = tmp_path / "part"
    part.write_bytes(content)
    assert is_whole_gzip(part, most=len(CONTENT)) is whole


def test_a_gzip_that_expands_too_far_is_not_looked_at_further(tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_bytes(gzip.compress(CONTENT)[:-1])
    assert is_whole_gzip(part, most=1000)
