"""Saved searches in people's words become the requests that the server understands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lccmirror.config import SearchConfig, load_config
from lccmirror.errors import UsageError
from lccmirror.server import Search
from lccmirror.sync.searches.check import check
from lccmirror.sync.searches.requests import decode, encode, question, requests_for
from tests.support.catalog import NOW, add_collection, fresh_catalog


def searches(folder: Path, text: str) -> tuple[SearchConfig, ...]:
    """Return the searches of a configuration."""
    path = folder / "lccmirror.toml"
    path.write_text(
        f'[server]\nurl = "http://127.0.0.1:1"\n[mirror]\nroot = "m"\nmin_free = 0\n{text}'
    )
    return load_config(path).searches


def one(folder: Path, lines: str) -> SearchConfig:
    """Return a search of these lines."""
    (search,) = searches(folder, f'[[search]]\nname = "one"\nevery = "1h"\n{lines}')
    return search


def forms(search: SearchConfig) -> list[list[tuple[str, str]]]:
    return [list(request.form()) for request in requests_for(search)]


UNLISTED = ("visibility", "unlisted")


def test_a_column_search(tmp_path: Path) -> None:
    search = one(
        tmp_path,
        """
kind = "columnsearch"
filters = "sdssr < 13.0 and (propermotion > 50 or simbad_best_objtype contains 'RR')"
columns = ["sdssr", "propermotion"]
collections = ["hatnet-keplerfield"]
sort = ["sdssr", "desc"]
sample = 500
limit = 10
visibility = "public"
""",
    )
    assert forms(search) == [
        [
            ("columns[]", "sdssr"),
            ("columns[]", "propermotion"),
            ("collections[]", "hatnet_keplerfield"),
            (
                "filters",
                "(sdssr lt 13.0) and ((propermotion gt 50) or (simbad_best_objtype ct 'RR'))",
            ),
            ("sortspec", '[["sdssr", "desc"]]'),
            ("samplespec", "500"),
            ("limitspec", "10"),
            ("visibility", "public"),
        ]
    ]


def test_a_cone_search_in_sexagesimal_and_decimal(tmp_path: Path) -> None:
    lines = 'kind = "conesearch"\nradius_arcmin = 30\ncenter = '
    written = one(tmp_path, lines + '"19:25:27.9 +42:47:03.7"')
    assert forms(written) == [[("coords", "291.3662500 42.7843611 30"), UNLISTED]]
    assert forms(one(tmp_path, lines + "[291.366, -0.5]")) == [
        [("coords", "291.3660000 -0.5000000 30"), UNLISTED]
    ]
    without = one(tmp_path, 'kind = "conesearch"\ncenter = [1, 2]')
    assert forms(without) == [[("coords", "1.0000000 2.0000000 5"), UNLISTED]]


def test_a_full_text_search(tmp_path: Path) -> None:
    search = one(
        tmp_path, 'kind = "ftsquery"\ntext = "RR Lyr"\nsesame = true\nfilters = "ndet >= 10"'
    )
    assert forms(search) == [
        [("ftstext", "RR Lyr"), ("sesame", "true"), ("filters", "(ndet ge 10)"), UNLISTED]
    ]


def test_a_list_of_positions_in_parts(tmp_path: Path) -> None:
    (tmp_path / "targets.txt").write_text("# mine\na 10.5 -5\nb 00:42:00 +05:00:00\nc 12 1\n")
    lines = 'kind = "xmatch"\nfile = "targets.txt"\nradius_arcsec = 2.5\n'
    assert forms(one(tmp_path, lines)) == [
        [
            ("xmq", "a 10.5000000 -5.0000000\nb 10.5000000 5.0000000\nc 12.0000000 1.0000000"),
            ("xmd", "2.5"),
            UNLISTED,
        ]
    ]
    parts = forms(one(tmp_path, lines + "positions_per_request = 2"))
    assert [part[0][1].count("\n") + 1 for part in parts] == [2, 1]
    assert [part[1:] for part in parts] == [[("xmd", "2.5"), UNLISTED]] * 2


def test_more_than_5000_positions_are_sent_in_parts(tmp_path: Path) -> None:
    lines = (f"t{number} {number / 100 + 1:.4f} 5.5" for number in range(12_001))
    (tmp_path / "targets.txt").write_text("\n".join(lines))
    search = one(tmp_path, 'kind = "xmatch"\nfile = "targets.txt"')
    parts = forms(search)
    assert [part[0][1].count("\n") + 1 for part in parts] == [5000, 5000, 2001]
    names = [line.split()[0] for part in parts for line in part[0][1].splitlines()]
    assert names == [f"t{number}" for number in range(12_001)]
    with pytest.raises(UsageError, match="limit and sample"):
        requests_for(one(tmp_path, 'kind = "xmatch"\nfile = "targets.txt"\nlimit = 5'))


def test_a_request_written_down_is_the_same_when_read(tmp_path: Path) -> None:
    (tmp_path / "targets.txt").write_text("a 10.5 -5\n")
    kinds = (
        'kind = "columnsearch"\nfilters = "a < 1"\nsort = [["a", "asc"], ["b", "desc"]]',
        'kind = "conesearch"\ncenter = [1.25, 2]\ncolumns = ["x"]',
        'kind = "ftsquery"\ntext = "é \\"x\\""',
        'kind = "xmatch"\nfile = "targets.txt"\nvisibility = "public"',
    )
    for lines in kinds:
        (request,) = requests_for(one(tmp_path, lines))
        read: Search = decode(encode(request))
        assert read == request


def test_the_question_does_not_change_with_how_it_is_asked(tmp_path: Path) -> None:
    lines = 'kind = "columnsearch"\nfilters = "a < 1"\n'
    asked = question(one(tmp_path, lines))
    assert question(one(tmp_path, lines + 'visibility = "public"\ndeadline = "1h"')) == asked
    assert question(one(tmp_path, lines + "limit = 5")) != asked
    (tmp_path / "targets.txt").write_text("a 10.5 -5\n")
    positions = one(tmp_path, 'kind = "xmatch"\nfile = "targets.txt"')
    before = question(positions)
    (tmp_path / "targets.txt").write_text("a 10.5 -5.1\n")
    assert question(positions) != before


# --- the check -------------------------------------------------------------------------


def catalog() -> Any:
    conn = fresh_catalog()
    add_collection(conn, "synth_alpha", {"sdssr": "f8", "ndet": "i8", "period": "f8"})
    add_collection(conn, "synth_beta", {"sdssr": "f8", "kmag": "f8"})
    return conn


def mistakes(folder: Path, lines: str) -> tuple[str, ...]:
    return check(catalog(), one(folder, lines)).mistakes


def test_all_unknown_names_are_told_at_once_with_the_nearest(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        'kind = "columnsearch"\nfilters = "sdsr < 1"\ncolumns = ["perid"]\n'
        'sort = ["ndett", "asc"]\ncollections = ["synth-alpha", "synth_alhpa"]\n',
    )
    assert [line.partition(";")[0] for line in found] == [
        'collections: no collection "synth_alhpa"',
        'columns: no column "perid"',
        'sort: no column "ndett"',
        'filters: no column "sdsr"',
    ]
    assert "did you mean synth_alpha?" in found[0]
    assert "did you mean sdssr?" in found[3]


def test_a_column_that_one_collection_lacks(tmp_path: Path) -> None:
    lines = 'kind = "columnsearch"\nfilters = "sdssr < 1"\ncolumns = ["ndet"]\n'
    checked = check(catalog(), one(tmp_path, lines))
    assert checked.mistakes == ()
    assert '"ndet" is not in synth_beta' in checked.remarks[0]
    assert mistakes(tmp_path, lines.replace("sdssr", "ndet")) != ()
    assert mistakes(tmp_path, lines + 'sort = ["ndet", "asc"]\n') != ()
    assert mistakes(tmp_path, lines + 'collections = ["synth_alpha"]\n') == ()


def test_a_column_that_the_collection_has_lost_is_unknown(tmp_path: Path) -> None:
    conn = catalog()
    later = NOW.replace("23", "24")
    conn.execute("UPDATE collections SET last_seen = ?", (later,))
    conn.execute("UPDATE columns SET last_seen = ? WHERE name <> 'ndet'", (later,))
    search = one(tmp_path, 'kind = "columnsearch"\nfilters = "ndet < 1"')
    assert 'no column "ndet"' in check(conn, search).mistakes[0]


def test_what_the_configuration_would_have_refused_is_found_as_well(tmp_path: Path) -> None:
    from msgspec import structs

    good = one(tmp_path, 'kind = "conesearch"\ncenter = [1, 2]')
    bad = structs.replace(good, radius_arcmin=61.0, filters="sdssr eq 'a b'")
    found = check(catalog(), bad).mistakes
    assert len(found) == 2
    assert "blank" in found[0]
    assert "at most 60" in found[1]
    (tmp_path / "targets.txt").write_text("a 10.5 0\nb 0 1\nc 12 5\n")
    listed = structs.replace(good, kind="xmatch", file=tmp_path / "targets.txt")
    found = check(catalog(), listed).mistakes
    assert len(found) == 2
    assert "Dec is exactly 0" in found[0]
    assert "RA is exactly 0" in found[1]
