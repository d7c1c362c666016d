"""The judge of all faults sees what it is to see."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator

import pytest

from tests.faults.check import Held, check, held
from tests.support.site import Site

SETTINGS = '[lightcurves]\nsingles = "missing"'


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a mirror of everything, and a copy of it beside."""
    folder = tmp_path_factory.mktemp("judged")
    with Site(folder, SETTINGS, objects=3, points=(2, 3), lczip_max_nrows=3) as site:
        site.server.make_dataset(collections=[site.server.surveys[0].collection])
        site.server.make_dataset(columns=("ndet",))
        site.sync()
        assert check(site), check(site).notes
        shutil.copytree(site.root, folder / "before", symlinks=True)
        yield site


@pytest.fixture
def site(whole: Site) -> Iterator[Site]:
    yield whole
    shutil.rmtree(whole.root)
    shutil.copytree(whole.root.parent / "before", whole.root, symlinks=True)


def sql(statement: str) -> Callable[[Site], None]:
    """Return what runs a statement behind the mirror's back."""

    def tamper(site: Site) -> None:
        with site.writing() as conn:
            conn.execute(statement)

    return tamper


def other_bytes(kind: str) -> Callable[[Site], None]:
    """Return what gives a file other bytes, and has its row agree."""

    def tamper(site: Site) -> None:
        path = site.sql("SELECT path FROM files WHERE kind = ?", kind)[0][0]
        content = (site.root / path).read_bytes().replace(b"e", b"i", 1) + b" "
        (site.root / path).write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        with site.writing() as conn:
            values = (len(content), sha256, path)
            conn.execute("UPDATE files SET size = ?, sha256 = ? WHERE path = ?", values)

    return tamper


def written(path: str, content: bytes | None = None) -> Callable[[Site], None]:
    """Return what writes a file below the site's folder; a key, if nothing else is given."""

    def tamper(site: Site) -> None:
        key = site.server.keys.handed_out[0].encode()
        (site.root / path).write_bytes(key if content is None else content)

    return tamper


def removed(site: Site) -> None:
    next(site.root.glob("datasets/*/*/*.csv")).unlink()


AMISS: dict[str, tuple[str, Callable[[Site], None]]] = {
    "a file is gone": ("lost", removed),
    "a file has no row": ("wrong", written("datasets/odd", b"?")),
    "a row has no file": (
        "lost",
        sql("UPDATE files SET path = path || 'x' WHERE kind = 'lcformat'"),
    ),
    "a CSV is another": ("wrong", other_bytes("csv")),
    "a ZIP is another": ("wrong", other_bytes("lczip")),
    "a JSON is another": ("wrong", other_bytes("json")),
    "a light curve is another": ("wrong", other_bytes("lc")),
    "a description is another": ("wrong", other_bytes("lcformat")),
    "a row is another": (
        "wrong",
        sql("UPDATE dataset_rows SET data = json_set(data, '$.ndet', 0)"),
    ),
    "a row is gone": ("wrong", sql("DELETE FROM dataset_rows WHERE row = 1")),
    "what is said of a dataset is another": ("wrong", sql("UPDATE datasets SET name = 'x'")),
    "a dataset's time is another": (
        "wrong",
        sql("UPDATE datasets SET last_updated = '2001-01-01T00:00:00.000000Z'"),
    ),
    "what is said of a collection is another": (
        "wrong",
        sql("UPDATE collections SET description = 'x'"),
    ),
    "what is said of a column is another": ("wrong", sql("UPDATE columns SET title = 'x'")),
    "an object is old": ("wrong", sql("UPDATE objects SET ndet = ndet + 1")),
    "an object is gone": ("wrong", sql("DELETE FROM objects WHERE objectid LIKE '%1'")),
    "a count is wrong": ("wrong", sql("UPDATE counts SET n = 9 WHERE name = 'objects'")),
    "a kind's count is wrong": (
        "wrong",
        sql("UPDATE counts SET n = n + 1 WHERE name = 'file_bytes:csv'"),
    ),
    "a light curve is nowhere": ("wrong", sql("UPDATE lightcurves SET member = 'x'")),
    "a key between tables": (
        "wrong",
        sql("INSERT INTO dataset_collections VALUES ('nobody', 'x')"),
    ),
    "a dataset has failed": ("stuck", sql("UPDATE datasets SET state = 'failed'")),
    "a dataset is private": ("stuck", sql("UPDATE datasets SET state = 'private'")),
    "a dataset is left out": ("lost", sql("UPDATE datasets SET state = 'skipped'")),
    "a dataset waits": (
        "stuck",
        sql(
            "INSERT INTO work (setid, reason, since, not_before) SELECT setid, '', '', '9' "
            "FROM datasets LIMIT 1"
        ),
    ),
    "rubbish in incoming": ("stuck", written("incoming/odd.part", b"?")),
    "a key in a file": ("wrong", written("datasets/key")),
    "a key in a row": (
        "wrong",
        lambda site: sql(f"UPDATE mirror SET value = '{_key(site)}'")(site),
    ),
    "something beside the mirror": ("wrong", written("../odd", b"?")),
    "keys for all": ("wrong", lambda site: (site.root.parent / "keys").chmod(0o755)),
}


def _key(site: Site) -> str:
    return site.server.keys.handed_out[0]


@pytest.mark.parametrize("what", AMISS)
def test_the_judge_sees(site: Site, what: str) -> None:
    kind, tamper = AMISS[what]
    try:
        tamper(site)
        assert getattr(check(site), kind) > 0
    finally:
        (site.root.parent / "keys").chmod(0o700)
        (site.root.parent / "odd").unlink(missing_ok=True)


def test_the_judge_sees_what_was_held_and_is_not(site: Site) -> None:
    before = held(site)
    assert check(site, before)
    assert check(site, Held(before.versions | {"x" * 64}, before.setids)).lost == 1
    assert check(site, Held(before.versions, before.setids | {"x"})).lost == 1


def test_the_judge_sees_a_dataset_that_was_missed(site: Site) -> None:
    missed = site.server.make_dataset(columns=("ndet",))
    try:
        assert check(site).lost == 1
    finally:
        site.server.delete(missed)


def test_the_judge_sees_a_key_in_a_log(site: Site) -> None:
    assert check(site, logs=["well"])
    assert check(site, logs=["well", f"GET /?key={_key(site)}"]).wrong == 1
