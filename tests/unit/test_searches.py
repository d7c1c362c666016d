"""The four searches, as they are sent."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from lccmirror.errors import UsageError
from lccmirror.server import ColumnSearch, ConeSearch, FulltextSearch, Search, XmatchSearch


@pytest.mark.parametrize(
    ("search", "body"),
    [
        (ConeSearch((290.0, 45.0), 10), "coords=290.0000000+45.0000000+10"),
        (ConeSearch((0.0, -30.5)), "coords=0.0000000+-30.5000000+5"),
        (ConeSearch((359.99999999, 0.0)), "coords=0.0000000+0.0000000+5"),
        (ConeSearch((1e-9, 89.99999999), 0.5), "coords=0.0000000+89.9999999+0.5"),
        (
            ConeSearch("15:00:00  +45:00:00.5", 60),
            "coords=15%3A00%3A00+%2B45%3A00%3A00.5+60",
        ),
        (
            ConeSearch(
                (290.0, 45.0),
                columns=("sdssr", "propermotion"),
                collections=("hatnet_keplerfield",),
                filters="(sdssr lt 13.0) and (propermotion gt 50)",
                sort=(("sdssr", "asc"), ("kmag", "desc")),
                sample=100,
                limit=10,
                visibility="public",
                email_when_done=True,
            ),
            "coords=290.0000000+45.0000000+5&columns%5B%5D=sdssr&columns%5B%5D=propermotion"
            "&collections%5B%5D=hatnet_keplerfield"
            "&filters=%28sdssr+lt+13.0%29+and+%28propermotion+gt+50%29"
            "&sortspec=%5B%5B%22sdssr%22%2C+%22asc%22%5D%2C+%5B%22kmag%22%2C+%22desc%22%5D%5D"
            "&samplespec=100&limitspec=10&visibility=public&emailwhendone=true",
        ),
        (ConeSearch(" 290.505,  -43.067"), "coords=290.5050000+-43.0670000+5"),
        (FulltextSearch(" RR Lyr* "), "ftstext=RR+Lyr%2A"),
        (FulltextSearch("RR Lyr", sesame=True), "ftstext=RR+Lyr&sesame=true"),
        (
            ColumnSearch(filters="(sdssr lt 13.0)", visibility="unlisted"),
            "filters=%28sdssr+lt+13.0%29&visibility=unlisted",
        ),
        (
            XmatchSearch((("a-1", 290.0, 45.0), ("[b]", 0.0, -0.0)), 2.5),
            "xmq=a-1+290.0000000+45.0000000%0A%5Bb%5D+0.0000001+0.0000001&xmd=2.5",
        ),
    ],
)
def test_the_form_is_exactly_what_the_server_reads(search: Search, body: str) -> None:
    assert urlencode(search.form()) == body


@pytest.mark.parametrize(
    ("kind", "given", "wrong"),
    [
        (ConeSearch, {"center": (-1.0, 0.0)}, "ra from 0"),
        (ConeSearch, {"center": (360.0, 0.0)}, "ra from 0"),
        (ConeSearch, {"center": (0.0, 90.0)}, "decl from -90"),
        (ConeSearch, {"center": (float("nan"), 0.0)}, "ra from 0"),
        (ConeSearch, {"center": "15 hours"}, "center: not a position: '15 hours'; write it"),
        (ConeSearch, {"center": "25:00:00 +10:00:00"}, "center: right ascension is 0h to 24h"),
        (ConeSearch, {"center": "400 10"}, "center: .* not 400"),
        (ConeSearch, {"center": 290.5}, r"a pair \(ra, decl\)"),
        (ConeSearch, {"center": (290.5,)}, r"a pair \(ra, decl\)"),
        (ConeSearch, {"center": (1.0, 1.0), "radius_arcmin": 61}, "radius_arcmin"),
        (ConeSearch, {"center": (1.0, 1.0), "radius_arcmin": 0}, "radius_arcmin"),
        (ConeSearch, {"center": (1.0, 1.0), "sort": (("a", "DESC"),)}, "asc or desc"),
        (ConeSearch, {"center": (1.0, 1.0), "limit": 0}, "limit"),
        (ConeSearch, {"center": (1.0, 1.0), "sample": -1}, "sample"),
        (ConeSearch, {"center": (1.0, 1.0), "visibility": "secret"}, "visibility"),
        (ConeSearch, {"center": (1.0, 1.0), "filters": "x" * 1001}, "1000"),
        (FulltextSearch, {"text": "RR"}, "3 to"),
        (FulltextSearch, {"text": "x" * 1025}, "3 to"),
        (FulltextSearch, {"text": '"' * 300}, "3 to"),
        (FulltextSearch, {"text": "a b\nc d"}, "one line"),
        (ColumnSearch, {}, "needs them"),
        (ColumnSearch, {"filters": "  "}, "needs them"),
        (XmatchSearch, {"objects": ()}, "1 to 5,000"),
        (XmatchSearch, {"objects": (("a b", 1.0, 1.0),)}, "letters"),
        (XmatchSearch, {"objects": (("#a", 1.0, 1.0),)}, "letters"),
        (XmatchSearch, {"objects": (("a", 1.0, 1.0), ("a", 2.0, 2.0))}, "twice"),
        (XmatchSearch, {"objects": (("a", 1.0, 95.0),)}, "decl from"),
        (XmatchSearch, {"objects": (("a", 1.0, 1.0),), "radius_arcsec": 30}, "less than 30"),
        (
            XmatchSearch,
            {"objects": tuple((f"a{n}", 1.0, 1.0) for n in range(5001))},
            "not 5,001",
        ),
    ],
)
def test_what_the_server_would_take_for_something_else_is_not_sent(
    kind: type[Search], given: dict[str, object], wrong: str
) -> None:
    with pytest.raises(UsageError, match=wrong):
        kind(**given)  # type: ignore[arg-type]  # wrong on purpose


def test_the_most_objects_a_cross_match_takes_are_sent() -> None:
    search = XmatchSearch(tuple((f"a{n}", 1.0, 1.0) for n in range(5000)))
    assert dict(search.form())["xmq"].count("\n") == 4999
