"""Where the search begins: for each target a few inputs as the server or a user writes them."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from typing import Any

from lccmirror.demo.png import grey_png
from tests.support.pictures import header, picture
from tests.support.published import PublishedDataset, gzipped, lczip, lightcurve

Seeds = tuple[bytes, ...]

_SET = "N1tZWPOZyxk"
_DATASETS = (
    PublishedDataset([("db_oid", "U20", "%s"), ("sdssr", "f8", "%.3f")], [["HAT-1", 12.3456]]),
    PublishedDataset(
        [("n", "i8", "%i"), ("t", "U20", "%s"), ("x", "f8", "%.5f")],
        [[7, "banana|split", None], [None, "one\nand", 1.5], [-9999, None, -0.0]],
    ),
    PublishedDataset([("t", "U20", "%s")], [["a"], ["b; c"], ["nan"]], rows_per_page=2),
    PublishedDataset(
        [("a", "U9", "%s"), ("collection", "U9", "%s")], [["x", "synth_alpha"]] * 3
    ),
)
_COLUMNS = [
    ("rjd", "f8", "%.7f"),
    ("stf", "U3", "%s"),
    ("frk", "i8", "%i"),
    ("ok", "bool", "%s"),
]
_ROWS: list[list[Any]] = [
    [56092.64, "r", 3, True],
    [56093.5, "gri", 256, False],
    ["nan", "", "nan", "x"],
]


def _json(*values: Any) -> bytes:
    return b"\n".join(json.dumps(value).encode() for value in values)


def _small(*datasets: PublishedDataset) -> tuple[PublishedDataset, ...]:
    return datasets or _DATASETS


def streams() -> Seeds:
    """Return streams of searches."""
    queued = {"status": "queued", "message": "in <b>queue</b>", "result": {"setid": _SET}}
    running = {"status": "running", "result": {"setid": _SET, "total_nmatches": 5}}
    ok = {
        "status": "ok",
        "result": {"setid": _SET, "actual_nrows": "10", "npages": 1.0, "visibility": "public"},
        "time": "2018-08-09T01:04:01.219230Z",
    }
    failed = {"status": "failed", "result": {"setid": _SET, "actual_nrows": 0}}
    refused = {"status": "failed", "result": None, "message": 'quote " and \\ brace }'}
    background = {"status": "background", "result": {"setid": _SET}}
    return (
        _json(queued, running, ok),
        _json(queued, background),
        _json(queued, failed),
        _json(refused).replace(b"\n", b"") * 2,
        _json({"status": "ok", "result": {"setid": _SET, "nobjects": 11}}),
    )


def dataset_lists() -> Seeds:
    """Return lists of datasets."""
    item = {
        "setid": _SET,
        "created_on": "2018-08-09T01:04:00",
        "last_updated": "2018-08-09T01:04:00",
        "nobjects": 7,
        "queried_collections": "a, b",
        "query_params": "{}",
        "owned": False,
    }
    ok: dict[str, Any] = {"message": "found 2 datasets in total", "status": "ok"}
    return (
        _json({**ok, "result": [item, {**item, "setid": "../x"}]}),
        _json({**ok, "result": [item, 7, None, ["x"]], "later": {"a": [1, {}]}}),
        _json({"status": "failed", "result": None, "message": "no datasets found"}),
        _json({**ok, "result": []}).replace(b"[]", b'[{"setid": "a", "nobjects": NaN}]'),
    )


def dataset_jsons() -> Seeds:
    """Return datasets as the server answers them."""
    return (
        *(one.json() for one in _small()[:3]),
        _DATASETS[2].pages()[1],
        _json(
            {"columns": ["a"], "rows": [], "npages": 1, "rows_per_page": 5, "actual_nrows": 1}
        ),
        _json({"columns": "a,b", "page_slices": [[0, 2], ["2", 4]], "lczipfpath": None}),
        _json({"status": "failed", "message": "no such dataset"}),
        b'{"columns": ["a"], "rows": [[NaN, 18446744073709551616, -Infinity]]}',
    )


def collection_lists() -> Seeds:
    """Return lists of collections."""
    lists = {
        "db_collection_id": ["hatnet_a", None],
        "collection_id": ["hatnet-a", "x"],
        "name": ["A", 7],
        "minra": [0.5, 1e400],
        "nobjects": [5, "7"],
        "columnlist": ["ra,decl", []],
        "columnjson": [{"ra": {"title": "RA", "desc": "in degrees", "dtype": "f8"}}, None],
        "lcmagcols": ["aim_000", None],
    }
    result = {"available_index_columns": [], "collections": lists}
    return (
        _json({"status": "ok", "result": result}),
        _json({"status": "ok", "result": {"collections": {**lists, "name": ["A"]}}}),
    )


def object_infos() -> Seeds:
    """Return the server's answers about an object."""
    plot = base64.b64encode(grey_png([b"\x00\x7f\xff"] * 2)).decode()
    result = {
        "objectid": "HAT-123-0004567",
        "finderchart": plot,
        "objectinfo": {"objecttags": "star, odd", "ra": 1.5},
        "varinfo": {"objectisvar": "1", "varperiod": 0.5, "vartags": ["a", 2]},
        "pfmethods": ["gls", "bls"],
        "gls": {"nbestperiods": [0.5, 1, 2e400], "phasedlc0": {"plot": plot, "epoch": 5.5}},
        "bls": {"bestperiod": 3.0},
        "neighbors": {"x": {"magseries": f"data:image/png;base64,{plot}"}},
        "xmatch": {"gaia": {"id": 1}},
    }
    return (
        _json({"status": "ok", "result": result}),
        _json({"status": "ok", "result": {**result, "objectid": "other", "magseries": "no"}}),
        b'{"status": "ok", "result": {"objectcomments": "\\ud83d\\u0000", "a": [NaN, -1e999]}}',
    )


def gzips() -> Seeds:
    """Return compressed bodies."""
    small = gzip.compress(b'{"status": "ok"}', mtime=0)
    return small, small + small, gzip.compress(b"\0" * 200_000, mtime=0), small[:-5]


def headers() -> Seeds:
    """Return statuses, headers and bodies."""
    return (
        b"503\nRetry-After:120\nDate:Sun, 06 Nov 1994 08:49:37 GMT\nContent-Type:text/html\n\n"
        b"<html><title>503: busy &amp; tired</title>",
        b'206\nContent-Range:bytes 0-9/10\nETag:W/"abc"\nLast-Modified:Sun Nov 6 08:49:37 1994',
        b"401\nContent-Type:application/json; charset=x\n\n"
        b'{"status": "failed", "message": "API key"}',
        b"206\nContent-Encoding:gzip\nContent-Type:application/json\n\n"
        + gzip.compress(b' {"a": 1}', mtime=0),
        b"206\nTransfer-Encoding:chunked\n\n<html>",
        b"206\nContent-Length:5\nContent-Type:text/html\n\n{}",
        b"429\nRetry-After:Sunday, 06-Nov-94 08:49:37 GMT\nContent-Length:5\n\n[[[[",
        b'404\nRetry-After:-5\nX:2018-08-09T01:04:01Z\n\n{"path": "/d/x", "total": "12"}',
    )


def messages() -> Seeds:
    """Return lines of the control socket."""
    return (
        b'{"say": "search run", "names": ["a"], "wait": true}',
        b'{"say": "sync", "dry_run": true}',
        b'{"say": "begin", "key": "k", "label": "l", "total": 5}',
        b'{"say": "done", "result": {"a": [1, null]}}',
        b'{"say": "failed", "error": "NoRoom", "message": "m"}',
        b"<b>bold</b> &amp; &#0; <br/>",
    )


def tables() -> Seeds:
    """Return datasets' CSVs."""
    csvs = [one.csv() for one in _small()]
    cut = csvs[1].replace(b'  "coldesc"', b'  "x"')
    return (*csvs, cut, csvs[0] + b"more|1\n", b'# {\n# "columns": ["a"]\n# }\nx\n')


def table_jsons() -> Seeds:
    """Return datasets' JSONs as the mirror keeps them."""
    two = _DATASETS[2].pages()
    return (*(one.json() for one in _small()), b"".join(two), gzipped(*two))


def pairs() -> Seeds:
    """Return a CSV and its JSON."""
    return (
        *(one.csv() + b"\0" + one.json() for one in _small()),
        _DATASETS[1].csv() + b"\0" + b"".join(_DATASETS[1].pages()),
        _DATASETS[0].csv() + b"\0{}",
        b"#\0" + _DATASETS[0].json(),
    )


def lightcurves() -> Seeds:
    """Return light curves."""
    curve = lightcurve(_COLUMNS, _ROWS[:2])
    return (
        curve,
        lightcurve(_COLUMNS, _ROWS, {"objectid": "HAT-1", "ra": float("nan")}),
        lightcurve(
            [("t", "S4", "%s"), ("u", "u1", "%s")], [["é", 3]], comment="!", separator=" ; "
        ),
        gzip.compress(curve, mtime=0),
        curve[:-1] + b",5\n",
        lightcurve(_COLUMNS, []).replace(b"# LIGHTCURVE", b"#LIGHTCURVE"),
    )


def zips() -> Seeds:
    """Return ZIPs of light curves."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a-HAT-1-csvlc.gz", b"content " * 9)
    large = io.BytesIO()
    with (
        zipfile.ZipFile(large, "w") as archive,
        archive.open("a-HAT-1-csvlc.gz", "w", force_zip64=True) as member,
    ):
        member.write(b"abc")
    return (
        lczip({"HAT-1": b"one", "HAT-2": b"two"}),
        lczip({"HAT-1": b"one"}, ["HAT-3"]),
        lczip({}, manifest=["HAT-4-csvlc.gz"]),
        out.getvalue(),
        large.getvalue(),
    )


def pngs() -> Seeds:
    """Return pictures."""
    return (
        grey_png([b"\x00\x7f\xff"] * 2),
        picture(header(3, 2, depth=1), b"\0\xa0\0\x40"),
        picture(header(2, 1, colour=6), b"\0" + b"\x01\x02\x03\x04" * 2),
        picture(header(1, 1, interlace=1), b"\0\x10"),
    )


def configs() -> Seeds:
    """Return configuration files."""
    least = '[server]\nurl = "https://host"\n[mirror]\nroot = "."\n'
    more = (
        'max_bytes = "5 GB"\nbandwidth = "4 MB/s"\nproducts = ["csv"]\n'
        '[poll]\ndatasets = "15m"',
        '[[search]]\nname = "a"\nkind = "conesearch"\ncenter = "19:25:27.9 +42:47:03.7"\n'
        'radius_arcmin = 30\nevery = "6h"\nfilters = "sdssr < 13"\nsort = ["a", "asc"]\n',
        '[[search]]\nname = "b"\nkind = "ftsquery"\ntext = """\nRR"""\ncron = "0 4 * * *"',
        "[[search]]\nname = 'x'\nkind = 'xmatch'\nfile = 't.txt'\nradius_arcsec = 3\n"
        "every = '1d'\n[select]\nnot_before = 2020-01-01\ndeny = ['abc']\n",
        '[[notify]]\nurl = "https://u:p@host/hook"\nevents = ["gap"]\n'
        "[daemon]\nnightly = 02:30:00\n",
        '[prune]\nsuperseded = "30d"\n[limits]\nmax_json = "2 GB"\nmax_zip_ratio = 1e3\n# e',
    )
    nested = b"[a.b]\nc = [1, { d = '''x\n''' }] # e\n[[f]]\n\"g\" = 1\n"
    return (*(f"{least}{one}".encode() for one in more), nested)


def crons() -> Seeds:
    """Return crontab expressions."""
    return b"0 4 * * *", b"*/15 0-5 1,15 jan-mar mon-fri", b"30 2 29 2 *", b"0 0 * * 0,7"


def filters() -> Seeds:
    """Return filters."""
    return (
        b"sdssr < 13.0 and propermotion > 50",
        b"(a lt 13.0) and (not (b is not null) or (c ct 'RR''s'))",
        "a between 1 and -2.5e3 or b ≠ 'x' and not c is null".encode(),
        b'a not contains "b"',
    )


def positions() -> Seeds:
    """Return lists of targets."""
    return (
        b"a 291.366 42.784\nb 19:25:27.9 +42:47:03.7 # comment\n\n",
        b"c 19h25m27.9s -42d47m03.7s\nd 19 25 27 -00 47 03\ne 359.9999999999, -89.9\n",
    )


def keys() -> Seeds:
    """Return key files."""
    answer = {"apikey": "AbCd-0123456789", "expires": "2018-09-01T00:00:00Z"}
    return b"AbCd-0123456789\n", _json(answer), _json({"status": "ok", "result": answer})


def values() -> Seeds:
    """Return sizes, rates, durations, moments and URLs."""
    return (
        *(b"500 GB", b"1.5 MiB/s", b"15m", b"1d", b"2020-01-01T00:00:00+02:00", b"2020-01-01"),
        *(b"https://host:8080/lcc", b"http://[::1]:80", b"HTTPS://EXAMPLE.org/"),
    )
