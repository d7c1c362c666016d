"""A catalog of another program, of a newer version, or damaged: said, and nothing is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from lccmirror.errors import CatalogTooNew, Damaged, InTheWay
from tests.support.kept import Kept, assert_told
from tests.support.site import Site
from tests.support.sites import site_fixture

site = site_fixture('[server]\nretry_total = "1s"')


def test_a_database_of_another_program_is_left_as_it_is(site: Site) -> None:
    """Else our tables would be made in it, and mirrored files be nobody's."""
    setid = site.server.make_dataset()
    site.sync()
    path = site.root / "catalog.sqlite"
    path.unlink()
    for version in (0, 1):
        with sqlite3.connect(path) as conn:
            conn.execute("CREATE TABLE IF NOT EXISTS precious (thing)")
            conn.execute(f"PRAGMA user_version = {version}")
        conn.close()
        before = path.read_bytes()
        for job in (site.sync, site.verify):
            with pytest.raises(InTheWay, match="not a mirror's catalog") as caught:
                job()
            assert caught.value.exit_code == 78
        assert path.read_bytes() == before
    rebuilt = site.rebuild()
    assert rebuilt.aside is not None
    assert Path(rebuilt.aside).read_bytes() == before
    assert site.states() == {setid: "mirrored"}
    site.check()


@pytest.mark.parametrize("name", ["lightcurves", "objects_fts", "jobs"])
def test_a_catalog_without_one_of_its_tables_is_damaged(site: Site, name: str) -> None:
    site.server.make_dataset()
    site.sync()
    with site.writing() as conn:
        conn.execute("PRAGMA foreign_keys = OFF")
        conn.execute(f"DROP TABLE {name}")
    with pytest.raises(Damaged, match=f"no (such )?table:? {name}") as caught:
        site.verify()
    assert "--rebuild-catalog" in str(caught.value.hint)
    if name == "lightcurves":
        site.server.make_dataset(columns=("ndet",))
        assert isinstance(site.sync().stopped, Damaged)
    assert site.rebuild().exit_code == 0
    assert site.sync().exit_code == 0
    site.check()


def test_a_catalog_of_a_newer_lccmirror(site: Site) -> None:
    site.server.make_dataset()
    site.sync()
    catalog = site.root / "catalog.sqlite"
    conn = sqlite3.connect(catalog)
    conn.execute("PRAGMA user_version = 99")
    conn.close()
    before = catalog.read_bytes()
    kept = Kept(site)
    for job in (site.sync, site.verify, site.plan):
        with pytest.raises(CatalogTooNew) as caught:
            job()
        assert caught.value.exit_code == 78
        assert_told(caught.value, str(catalog), "99")
        assert "upgrade" in str(caught.value.hint)
    assert catalog.read_bytes() == before
    assert list(site.root.glob("catalog.sqlite-*")) == []
    kept.check()


def _half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _over(start: float, length: int) -> Callable[[bytes], bytes]:
    def damage(content: bytes) -> bytes:
        at = int(start * len(content))
        return content[:at] + b"\xa5" * length + content[at + length :]

    return damage


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "text": lambda content: b"this is no database\n" * 400,
    "header": _over(0.0, 100),
    "first page behind the header": lambda c: c[:100] + b"\xa5" * 3996 + c[4096:],
    "all pages but the first": lambda c: c[:4096] + b"\xa5" * (len(c) - 4096),
    "middle": _over(0.4, 80_000),
    "cut in half": _half,
}


@pytest.mark.parametrize("where", sorted(DAMAGE))
def test_a_damaged_catalog(site: Site, where: str) -> None:
    for i in range(3):
        site.server.make_dataset(filters=f"(ndet gt {i})")
    site.sync()
    catalog = site.root / "catalog.sqlite"
    catalog.write_bytes(DAMAGE[where](catalog.read_bytes()))
    kept = Kept(site)
    with pytest.raises(Damaged) as caught:
        site.verify()
    assert caught.value.exit_code == 65
    assert_told(caught.value, "damaged")
    assert "catalog.sqlite" in caught.value.message + str(caught.value.hint)
    site.clock.forward(8 * 86_400)
    try:
        report = site.sync()
    except Damaged as error:
        assert_told(error, "damaged")
    else:
        assert report.exit_code == 65
    kept.check()
    # What the hint says helps.
    assert site.rebuild().exit_code == 0
    assert site.sync().exit_code == 0
    assert site.requests("/d/") == site.requests("/p/") == []
    site.check()
