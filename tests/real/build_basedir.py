"""Build a base directory for the genuine server, with its own functions.

Run with the Python of the server's environment (``basedir.build`` does)::

    python -m tests.real.build_basedir BASEDIR OPTIONS.json

``OPTIONS.json`` holds the fields of ``basedir.Options``. Everything in the collections is a
function of the seed; the server's secrets and its administrator's password are random.
"""

from __future__ import annotations

import json
import logging
import pickle
import shutil
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

# Only the server's environment has these three, without types; ours checks this file.
from astrobase import lcproc  # type: ignore[import-not-found]
from astrobase.lcproc.catalogs import make_lclist  # type: ignore[import-not-found]
from lccserver import cli  # type: ignore[import-not-found]
from lccserver.backend import abcat  # type: ignore[import-not-found]

from tests.real import synthetic

HERE = Path(__file__).resolve().parent
MAGNITUDE = "aep_000"

_COLUMNS = {
    "period": ("period [d]", "f8", "%.7f", "synthetic period in days"),
    "teststat": ("test statistic", "f8", "%.7f", "numbers that do not fit their format"),
    "varflag": ("var. flag", "i8", "%i", "variability flag"),
    "gaiaid": ("Gaia ID", "i8", "%i", "an identifier of up to 19 digits"),
    "starname": ("name", "U80", "%s", "a free-form star name"),
    "remarks": ("remarks", "U200", "%s", "free-form remarks, nan included"),
    "fieldname": ("field", "U20", "%s", "name of the observed field"),
}
_INDEXED = ("objectid", "ra", "decl", "ndet", "sdssr", "jmag", "kmag", "period", "varflag")
_FTS_INDEXED = ("objectid", "starname", "remarks", "twomassid")
_LIGHT_CURVE_COLUMNS = {
    "rjd": ["time of observation in Reduced Julian date", "%.7f", "f8"],
    "stf": ["station ID", "%i", "i8"],
    "flt": ["filter name", "%s", "U8"],
    "aim": ["instrumental magnitude in aperture %s", "%.5f", "f8"],
    "aie": ["instrumental magnitude error in aperture %s", "%.5f", "f8"],
    "aep": ["EPD magnitude in aperture %s", "%.5f", "f8"],
}


def main(basedir: Path, options: dict[str, Any]) -> None:
    """Make the whole base directory; it must not exist."""
    basedir.mkdir(parents=True)
    logging.disable(logging.WARNING)
    cli.prepare_basedir(str(basedir), interactive=False)
    _write_site_settings(basedir, options["site"])
    cli.new_lcc_index_db(str(basedir))
    cli.new_lcc_datasets_db(str(basedir))
    for sizes in options["collections"]:
        _make_collection(basedir, synthetic.spec(**sizes), options["seed"])


def _write_site_settings(basedir: Path, settings: dict[str, Any]) -> None:
    path = basedir / "site-info.json"
    site = json.loads(path.read_text())
    site |= settings | {"cache_location": str(basedir / ".cache")}
    path.write_text(json.dumps(site, indent=4))


def _make_collection(basedir: Path, spec: synthetic.CollectionSpec, seed: int) -> None:
    cli.new_collection_directories(str(basedir), spec.collection_id)
    folder = basedir / spec.collection_id
    items = list(synthetic.objects(spec, seed))
    files = {
        item.objectid: _write_light_curve(folder / "lightcurves", spec, item, seed)
        for item in items
    }
    keys = _metadata_keys(items[0])
    _register_format(folder, spec, keys)
    _make_catalog_pickles(folder, spec, list(files.values()), keys)
    cli.generate_catalog_kdtree(str(basedir), spec.collection_id)
    cli.generate_catalog_database(
        str(basedir),
        spec.collection_id,
        collection_visibility="public",
        collection_info={
            "name": f"Synthetic collection {spec.collection_id}",
            "desc": spec.description,
            "project": "lccmirror test data",
            "datarelease": 1,
            "citation": spec.citation,
        },
        colinfo={
            name: dict(zip(("title", "dtype", "format", "description"), info, strict=True))
            for name, info in _COLUMNS.items()
        },
        indexcols=list(_INDEXED),
        ftsindexcols=list(_FTS_INDEXED),
    )
    _put_integer_nulls(folder / "catalog-objectinfo.sqlite", items)
    # the catalog had to read every light curve, so they break only now
    _break_light_curves(files[item.objectid] for item in items if not item.convertible)
    if not cli.add_collection_to_lcc_index(str(basedir), spec.collection_id, raiseonfail=True):
        raise SystemExit(f"could not add {spec.collection_id} to the server's index")


def _write_light_curve(
    folder: Path, spec: synthetic.CollectionSpec, item: synthetic.SyntheticObject, seed: int
) -> Path:
    # The server's tool turns a column with None in it into text: see _put_integer_nulls.
    integers = {name: value or 0 for name, value in item.integers.items()}
    info = {"objectid": item.objectid, "ra": item.ra, "decl": item.decl}
    lines = [
        "# " + json.dumps(info | item.reals | integers | item.texts),
        "rjd,stf,flt,aim_000,aie_000,aep_000",
    ]
    lines += [
        f"{p.rjd:.7f},{p.stf},{p.flt},{p.aim:.5f},{p.aie:.5f},{p.aep:.5f}"
        for p in synthetic.light_curve(item, spec.npoints, seed)
    ]
    path = folder / f"{item.objectid}-synthlc.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _metadata_keys(item: synthetic.SyntheticObject) -> dict[str, str]:
    """Return the catalog's columns as keys of the reader's dictionary, with their casters."""
    numbers = ("ra", "decl", *item.reals, *item.integers)
    return (
        {"objectid": "str"}
        | {f"objectinfo.{name}": "float" for name in numbers}
        | {f"objectinfo.{name}": "str" for name in item.texts}
    )


def _register_format(
    folder: Path, spec: synthetic.CollectionSpec, keys: dict[str, str]
) -> None:
    module = f"{spec.db_id}_reader"
    shutil.copy(HERE / "reader.py", folder / f"{module}.py")
    description = {
        "lc_formatkey": f"lcm-{spec.collection_id}",
        "lc_fileglob": "*-synthlc.csv",
        "lc_readermodule": "{{collection_dir}}/" + module + ".py",
        "lc_readerfunc": "read_lc",
        "lc_readerfunc_kwargs": None,
        "lc_normalizemodule": None,
        "lc_normalizefunc": None,
        "lc_normalizefunc_kwargs": None,
        "lc_measurements_flux_or_mag": "mag",
        "unaffiliated_cols": ["rjd", "stf", "flt"],
        "mag_apertures": ["000"],
        "aperture_joiner": "_",
        "per_aperture_cols": ["aim", "aie", "aep"],
        "metadata_keys": {
            key: [key.split(".")[-1].upper(), "%s" if caster == "str" else "%.7f", caster]
            for key, caster in keys.items()
        },
        "column_keys": _LIGHT_CURVE_COLUMNS,
    }
    path = folder / "lcformat-description.json"
    path.write_text(json.dumps(description, indent=2))
    # what `lcc-server add-collection` does once it has asked its questions
    parsed = abcat.get_lcformat_description(str(path))
    info = parsed["parsed_formatinfo"]
    lcproc.register_lcformat(
        info["formatkey"],
        info["fileglob"],
        ["rjd"],
        [MAGNITUDE],
        ["aie_000"],
        info["readermodule"],
        info["readerfunc"],
        magsarefluxes=parsed["magsarefluxes"],
        overwrite_existing=True,
    )


def _make_catalog_pickles(
    folder: Path, spec: synthetic.CollectionSpec, files: list[Path], keys: dict[str, str]
) -> None:
    plain = folder / "lclist.pkl"
    make_lclist(
        str(folder / "lightcurves"),
        str(plain),
        use_list_of_filenames=[str(path) for path in files],
        lcformat=f"lcm-{spec.collection_id}",
        columns=list(keys),
        nworkers=2,
    )
    # our own file, written a line above
    catalog = pickle.loads(plain.read_bytes())  # noqa: S301
    catalog["magcols"] = [MAGNITUDE]
    augmented = pickle.dumps(catalog, pickle.HIGHEST_PROTOCOL)
    (folder / "lclist-catalog.pkl").write_bytes(augmented)


def _put_integer_nulls(catalog: Path, items: Iterable[synthetic.SyntheticObject]) -> None:
    """Put the NULLs into integer columns, which only SQL can.

    The server's tool has arrays of int64; a real survey's catalog has passed other hands.
    """
    with closing(sqlite3.connect(catalog)) as db, db:
        for item in items:
            for name, value in item.integers.items():
                if value is None:
                    db.execute(
                        f'update object_catalog set "{name}" = null where objectid = ?',
                        [item.objectid],
                    )


def _break_light_curves(paths: Iterable[Path]) -> None:
    """Make light curves that the server cannot convert: half are gone, half unreadable."""
    for number, path in enumerate(paths):
        if number % 2:
            path.unlink()
        else:
            path.write_text("not a light curve\n")


if __name__ == "__main__":
    target, options_path = map(Path, sys.argv[1:])
    main(target.absolute(), json.loads(options_path.read_text()))
