"""The demo's two collections: what is in their catalogs.

``demo_field_a`` is a rich northern field; ``demo_field_b`` lies over RA 0h, has other
columns, and two objects whose light curve the server cannot convert. Their texts hold
what real catalogs hold and parsers trip on: ``|``, quotes, ``nan`` inside words, line
breaks, names beyond ASCII, and strings that look like a missing value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random

from .observing import Cadence
from .stars import Star, make_star

Value = float | int | str | None


@dataclass(frozen=True)
class CatalogColumn:
    """A column of a collection's catalog, as ``/api/collections`` describes it."""

    name: str
    title: str
    description: str
    dtype: str
    format: str
    indexed: bool = False
    fts_indexed: bool = False


@dataclass(frozen=True)
class CatalogObject:
    """An object: its position, its catalog values, and the star behind it.

    `convertible` is false for an object whose light curve the server has not managed to
    convert: it is missing in every ZIP and its ``/l/`` link is dead.
    """

    objectid: str
    ra: float
    decl: float
    values: Mapping[str, Value]
    star: Star
    npoints: int
    convertible: bool = True


@dataclass(frozen=True)
class Survey:
    """A light-curve collection.

    `collection` is the database collection ID, `collection_id` the form in paths.
    """

    collection: str
    collection_id: str
    name: str
    description: str
    project: str
    citation: str | None
    datarelease: int
    columns: tuple[CatalogColumn, ...]
    magnitude_columns: tuple[str, ...]
    cadence: Cadence
    objects: tuple[CatalogObject, ...]
    seed: int

    def column(self, name: str) -> CatalogColumn | None:
        """Return the catalog column called `name`, or None."""
        return next((c for c in self.columns if c.name == name), None)

    def find(self, objectid: str) -> CatalogObject | None:
        """Return the object called `objectid`, or None."""
        return self.by_name.get(objectid)

    @cached_property
    def by_name(self) -> dict[str, CatalogObject]:
        """The objects by their names."""
        return {o.objectid: o for o in self.objects}


_OBJECTID = CatalogColumn("objectid", "object ID", "object ID", "<U15", "%s", True, True)
_RA = CatalogColumn(
    "ra",
    "&alpha;",
    "right ascension of the object [J2000 decimal degrees]",
    "<f8",
    "%.5f",
    indexed=True,
)
_DECL = CatalogColumn(
    "decl",
    "&delta;",
    "declination of the object [J2000 decimal degrees]",
    "<f8",
    "%.5f",
    indexed=True,
)
_LCFNAME = CatalogColumn("lcfname", "LC filename", "light curve filename", "<U66", "%s")
_SDSSR = CatalogColumn(
    "sdssr", "<em>r</em> [mag]", "catalog SDSS r band magnitude", "<f8", "%.3f", indexed=True
)
_JMAG = CatalogColumn(
    "jmag", "<em>J</em> [mag]", "2MASS J band magnitude", "<f8", "%.3f", indexed=True
)
_NDET = CatalogColumn("ndet", "points", "number of observations", "<i8", "%i", indexed=True)
_MOTION = CatalogColumn(
    "propermotion",
    "&mu; [mas yr<sup>-1</sup>]",
    "total proper motion",
    "<f8",
    "%.2f",
    indexed=True,
)
_CLASS = CatalogColumn("objtype", "type", "variability type", "U20", "%s", False, True)
_STARNAME = CatalogColumn("starname", "name", "a name of the star", "U80", "%s", False, True)
_REMARKS = CatalogColumn("remarks", "remarks", "free remarks", "U200", "%s", False, True)
_PERIOD = CatalogColumn("period", "period [d]", "best period", "f8", "%.7f", indexed=True)
_EPOCH = CatalogColumn("epoch", "epoch [RJD]", "time of minimum light", "f8", "%.5f")
_KMAG = CatalogColumn("kmag", "<em>K<sub>s</sub></em> [mag]", "2MASS Ks", "<f8", "%.3f")
_TWOMASS = CatalogColumn("twomassid", "2MASS ID", "2MASS ID", "<U17", "%s", True, True)
_VARFLAG = CatalogColumn("varflag", "var. flag", "variability flag", "i8", "%i", indexed=True)
_PARALLAX = CatalogColumn("parallax", "&varpi; [mas]", "parallax", "<f8", "%.3f")
_FIELDNAME = CatalogColumn("fieldname", "field", "name of the field", "U20", "%s")

FIELD_A_COLUMNS = (
    _OBJECTID, _RA, _DECL, _LCFNAME, _SDSSR, _JMAG, _KMAG, _NDET, _MOTION, _CLASS,
    _STARNAME, _REMARKS, _PERIOD, _EPOCH, _TWOMASS, _VARFLAG, _FIELDNAME,
)  # fmt: skip
FIELD_B_COLUMNS = (
    _OBJECTID, _RA, _DECL, _LCFNAME, _SDSSR, _JMAG, _NDET, _MOTION, _CLASS, _STARNAME,
    _REMARKS, _PERIOD, _VARFLAG, _PARALLAX,
)  # fmt: skip

_NAMES = (
    None,
    "Fernando-42",
    "banana|split",
    'O\'Connor "Nancy"',
    "Mañana Ñandú",
    "nanette",
    "β Cephei-like",
    "None",
    "-9999",
    "a, b; c",
    "# not a comment",
    "星",
)
_REMARK_TEXTS = (
    None,
    "see Fernandez et al. (2018), Table 2",
    "dominant; nan; unknown",
    "pipe | inside",
    "two\nlines",
    "one\nand another",
    "tab\there",
    'quoted "remark"',
    "  spaces around  ",
    "cr\r\nlf",
    "back\\slash \\n",
    "<b>not markup</b> & more",
    "Blazhko effect",
)
_MIX = ("RRab", "none", "EA", "none", "EW", "Cep", "none", "transit", "RRab", "none")


def demo_surveys(
    seed: int, objects: int = 150, points: tuple[int, int] = (300, 600)
) -> tuple[Survey, Survey]:
    """Return the demo's two collections, the same for the same arguments.

    Parameters
    ----------
    objects
        Objects in each collection.
    points
        The fewest and the most points a light curve has.
    """
    field_a = Survey(
        collection="demo_field_a",
        collection_id="demo-field-a",
        name="Demo field A",
        description='<p>A synthetic <em>northern</em> field, é and "quotes" included.</p>',
        project="lccmirror demo",
        citation='Fernando et al. (2018), "nan", 2018AJ....156..102S',
        datarelease=1,
        columns=FIELD_A_COLUMNS,
        magnitude_columns=("aim_000", "aie_000", "aim_001", "aie_001", "aep_000", "atf_000"),
        cadence=Cadence(first_rjd=55000.0, seasons=3, per_night=12, clear=0.62),
        objects=tuple(
            _objects("DMA", FIELD_A_COLUMNS, (290.0, 45.0), objects, points, Random(seed))
        ),
        seed=seed,
    )
    field_b = Survey(
        collection="demo_field_b",
        collection_id="demo-field-b",
        name="Demo field B",
        description="A synthetic southern field over RA 0h.",
        project="lccmirror demo",
        citation=None,
        datarelease=2,
        columns=FIELD_B_COLUMNS,
        magnitude_columns=("aim_000", "aie_000", "aep_000"),
        cadence=Cadence(first_rjd=57200.0, seasons=2, per_night=20, clear=0.75),
        objects=tuple(
            _objects("DMB", FIELD_B_COLUMNS, (0.0, -30.0), objects, points, Random(seed + 1))
        ),
        seed=seed,
    )
    return field_a, field_b


def _objects(
    prefix: str,
    columns: tuple[CatalogColumn, ...],
    centre: tuple[float, float],
    count: int,
    points: tuple[int, int],
    random: Random,
) -> Iterable[CatalogObject]:
    wanted = {c.name for c in columns}
    for number in range(1, count + 1):
        decl = centre[1] + random.uniform(-2.5, 2.5)
        spread = random.uniform(-2.5, 2.5) / math.cos(math.radians(decl))
        ra = round((centre[0] + spread) % 360.0, 7)
        decl = round(decl, 7)
        kind = _MIX[number % len(_MIX)]
        magnitude = round(random.triangular(9.5, 15.5, 14.0), 3)
        star = make_star(kind, magnitude, random)
        npoints = random.randint(*points)
        name = _NAMES[number % len(_NAMES)]
        varies = kind != "none"
        values: dict[str, Value] = {
            "sdssr": magnitude if number % 17 else None,
            "jmag": round(magnitude - random.uniform(0.7, 2.0), 3),
            "kmag": None if number % 9 == 0 else round(magnitude - random.uniform(1.5, 2.9), 3),
            "ndet": npoints,
            "propermotion": round(random.expovariate(1 / 25.0), 2) if number % 7 else None,
            "objtype": kind if varies else None,
            "starname": name,
            "remarks": _REMARK_TEXTS[number % len(_REMARK_TEXTS)],
            "period": star.period_d if varies else None,
            "epoch": star.epoch_rjd if varies else None,
            "twomassid": f"{ra * 1e6:09.0f}{decl * 1e5:+08.0f}" if number % 11 else None,
            "varflag": (-9999 if number % 23 == 0 else int(varies)) if number % 13 else None,
            "parallax": round(random.uniform(0.2, 9.0), 4) if number % 5 else None,
            "fieldname": f"nanfield-{number % 3}",
        }
        objectid = f"{prefix}-{int(ra):03d}-{number:07d}"
        yield CatalogObject(
            objectid=objectid,
            ra=ra,
            decl=decl,
            values={k: v for k, v in values.items() if k in wanted},
            star=star,
            npoints=npoints,
            convertible=not (prefix == "DMB" and number in (5, 40)),
        )
