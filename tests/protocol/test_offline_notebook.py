"""What a notebook shows: nothing of the server's is HTML, and nothing is left out silently."""

from __future__ import annotations

import re
import shutil
import sqlite3
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import lccmirror
from lccmirror.offline import Mirror
from tests.support.demo_mirrors import SEARCH, make_demo

STAR = "DMB-358-0000058"
EVIL = "<script>alert(1)</script>\x1b[31m\u202e&amp;"
_OURS = {
    "div", "strong", "table", "thead", "tbody", "tr", "th", "td", "p", "em", "img", "details",
    "summary",
}  # fmt: skip


class Tags(HTMLParser):
    """Collects the tags of a page, and refuses what is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        if tag != "img":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Mirror:
    """A mirror of a server all of whose texts are an attack."""
    folder = make_demo(tmp_path_factory.mktemp("evil") / "demo", searches=SEARCH)
    conn = sqlite3.connect(folder / "mirror/catalog.sqlite")
    for table, columns in {
        "collections": ("name", "description", "citation", "project"),
        "columns": ("title", "description", "dtype"),
        "datasets": ("name", "description", "citation", "query_type", "last_error"),
        "dataset_columns": ("title", "description", "dtype"),
        "search_runs": ("message",),
        "searches": ("schedule",),
    }.items():
        conn.execute(f"UPDATE {table} SET {', '.join(f'{c} = :evil' for c in columns)}", [EVIL])
    conn.execute("UPDATE mirror SET value = ? WHERE key = 'server_url'", [EVIL])
    conn.commit()
    conn.close()
    return lccmirror.open(folder)


def test_texts_of_the_server_are_no_html(evil: Mirror) -> None:
    shown: list[Any] = [
        evil,
        evil.collections,
        evil.collections["demo_field_a"],
        evil.datasets(),
        evil.datasets()[0],
        evil.searches,
        evil.search("bright_movers"),
        evil.query('SELECT name, ? AS "<b>" FROM datasets', [EVIL]),
        evil.datasets()[0].rows(),
        evil.cone(*evil.position(STAR), 60, columns="*"),
        evil.object(STAR),
        evil.lightcurve(STAR),
        evil.lightcurve(STAR).periods(),
    ]
    for one in shown:
        html = one._repr_html_()
        assert Tags(html).found <= _OURS
        assert "<script" not in html
        assert "\x1b" not in html
        assert "\u202e" not in html
    assert "&lt;script&gt;" in evil.datasets()[0]._repr_html_()


def test_a_light_curve_is_shown_with_a_picture(demo_mirror: Path) -> None:
    html = lccmirror.open(demo_mirror).lightcurve(STAR)._repr_html_()
    assert '<img alt="light curve" src="data:image/png;base64,iVBOR' in html
    assert len(html) < 100_000
    assert "407" in html


def test_without_matplotlib_it_is_shown_without(
    demo_mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    html = lccmirror.open(demo_mirror).lightcurve(STAR)._repr_html_()
    assert "<img" not in html
    assert "a plot needs matplotlib" in html


def test_a_light_curve_without_magnitudes_is_shown_without_a_picture(demo_mirror: Path) -> None:
    html = lccmirror.open(demo_mirror).lightcurve(STAR, columns=["rjd", "stf"])._repr_html_()
    assert "<img" not in html
    assert "no column of magnitudes" in html


def test_a_name_with_dollars_is_no_formula(demo_mirror: Path) -> None:
    from dataclasses import replace

    curve = lccmirror.open(demo_mirror).lightcurve(STAR)
    odd = replace(curve, source=replace(curve.source, objectid=r"$\frac{ $ \$"))
    assert "<img" in odd._repr_html_()


def test_an_empty_mirror_can_be_looked_at(demo_mirror: Path, tmp_path: Path) -> None:
    root = tmp_path / "empty"
    shutil.copytree(demo_mirror / "mirror", root, ignore=shutil.ignore_patterns("*.zip"))
    conn = sqlite3.connect(root / "catalog.sqlite")
    conn.execute("PRAGMA foreign_keys = OFF")
    for table in ("datasets", "collections", "columns", "lightcurves", "objects", "files"):
        conn.execute(f"DELETE FROM {table}")
    conn.commit()
    conn.close()
    m = lccmirror.open(root)
    for one in (m, m.collections, m.datasets(), m.searches):
        assert Tags(one._repr_html_()).found <= _OURS
    assert repr(m.collections) == "<Collections: none yet>"
    assert m.datasets().to_pandas().empty
    assert list(m.lightcurves()) == []
    assert not re.search("None", m._repr_html_())
