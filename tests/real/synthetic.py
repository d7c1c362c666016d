"""The synthetic collections: every object and light curve, as a function of a seed.

Nothing here knows the server, and only the standard library is used: the same objects are
made inside the server's environment, which builds collections from them, and can be asked
for by the tests.

The texts are the point. Each of them is something that one of the server's two published
forms of a table (CSV, JSON) damages, or that a careless reader of them would.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

NAN = math.nan

TEXTS: tuple[str, ...] = (
    # Becomes `null` inside the JSON's text, wherever it stands.
    "Fernando-42",
    "NaN",
    "Hernandez, Nan",
    "NaN mags flagged",
    "dominant; nan; unknown",
    # Becomes `; ` in the CSV; the third has it already.
    "pipe | inside",
    "|",
    "semicolons; already",
    "a; b|c; d",
    "||",
    # Both kinds of damage in one word.
    "ba|nan",
    "nan|nan",
    "banana|split",
    "NaN|nan; NaN",
    # JSON escapes that make a 'nan', and some that only look so.
    "one\nand",
    "\\nan",
    "\nand\nan",
    "\\\nan",
    "n\nan|an",
    # Line ends and what Python, but not the server, takes for one.
    "line one\nline two",
    "cr\r\nlf",
    "lone\rreturn",
    "ends with a newline\n",
    "\nbegins with one",
    "tab\there",
    "vertical\x0btab, form\x0cfeed",
    "next\x85line and line\u2028separator",
    "file\x1cseparator",
    "escape \x1b[31mred\x1b[0m",
    # Quotes, backslashes, markup, formats.
    'O\'Connor "Nancy"',
    'quote " and comma ,',
    "it's variable",
    "back\\slash\\",
    "<b>bold</b> & co",
    "<script>alert('nan')</script>",
    "&lt;nan&gt; &amp;",
    "100% %s %d",
    "{} {0} %(a)s",
    # Beyond ASCII, and beyond the basic plane.
    "Mañana Ñandú",
    "période ≈ 3.2 d",
    "δ Cep 星",
    "combining e\u0301, \U0001f52d nan",
    # What the CSV writes for NULL, and what others do.
    "None",
    "-9999",
    "null",
    "Fernulldo-42",
    "0",
    "true",
    # The server's own tool makes NULL of these three.
    "",
    "nan",
    " nan ",
    # Could be taken for a part of the CSV's header.
    "# leading",
    "#",
    "# }",
    "  padded  ",
    " ",
    "see Fernandez et al. (2018), Table 2",
)

# Reals the CSV's '%.7f' or a careless parser would lose.
_AWKWARD_REALS = (
    0.1 + 0.2,
    1e-12,
    -1e-300,
    1.7976931348623157e308,
    5e-324,
    -9999.0,
    0.0,
    1 / 3,
    123456789.12345679,
    NAN,
    math.inf,
)
# -9999 is also what the CSV writes for NULL; the others do not fit a double.
_AWKWARD_INTEGERS = (None, -9999, 0, 9007199254740993, 2101234567890123457, -1, None)

UNCONVERTIBLE_SHARE = 1 / 16


@dataclass(frozen=True)
class CollectionSpec:
    """A collection's size and its box on the sky, in decimal degrees."""

    collection_id: str
    prefix: str
    nobjects: int
    npoints: int
    ra_centre: float
    ra_width: float
    decl_centre: float
    decl_width: float
    description: str
    citation: str
    has_unconvertible: bool = True

    @property
    def db_id(self) -> str:
        """The identifier that search results use."""
        return self.collection_id.replace("-", "_")

    @property
    def unconvertible_above(self) -> float:
        """The declination above which light curves cannot be converted."""
        top = self.decl_centre + self.decl_width / 2
        return top - self.decl_width * UNCONVERTIBLE_SHARE if self.has_unconvertible else 90.0


def alpha(nobjects: int = 200, npoints: int = 120) -> CollectionSpec:
    """Return the northern collection."""
    return CollectionSpec(
        "synth-alpha", "SYA", nobjects, npoints, 290.0, 10.0, 45.0, 8.0,
        '#!MKD The *alpha* test collection, with **markdown**, é, nan and "quotes".',
        'Fernando et al. (2018), "nan", 2018AJ....156..102S',
    )  # fmt: skip


def beta(nobjects: int = 64, npoints: int = 60) -> CollectionSpec:
    """Return the southern collection, whose right ascensions go across 0h."""
    return CollectionSpec(
        "synth-beta", "SYB", nobjects, npoints, 0.0, 6.0, -30.0, 6.0,
        "The beta test collection (RA wraps 0h).",
        "Nobody (2019)",
    )  # fmt: skip


def large(nobjects: int = 20_000, npoints: int = 3) -> CollectionSpec:
    """Return the collection of very many very small light curves."""
    return CollectionSpec(
        "synth-large", "SYL", nobjects, npoints, 130.0, 30.0, 10.0, 20.0,
        "A large collection of tiny light curves.",
        "Nobody (2020)",
        has_unconvertible=False,
    )  # fmt: skip


def spec(name: str, **sizes: int) -> CollectionSpec:
    """Return the collection ``alpha``, ``beta`` or ``large`` with other sizes."""
    return {"alpha": alpha, "beta": beta, "large": large}[name](**sizes)


@dataclass(frozen=True)
class SyntheticObject:
    """One object: what its light curve's header says of it.

    A NaN or infinite number, and a text that is empty or ``nan``, is NULL in the server's
    database; an integer of None is, too, though the server's own tool cannot write one.
    """

    objectid: str
    ra: float
    decl: float
    convertible: bool
    reals: dict[str, float]
    integers: dict[str, int | None]
    texts: dict[str, str]


@dataclass(frozen=True)
class Point:
    """One measurement of a light curve."""

    rjd: float
    stf: int
    flt: str
    aim: float
    aie: float
    aep: float


def objects(spec: CollectionSpec, seed: int) -> Iterator[SyntheticObject]:
    """Yield a collection's objects, always the same for the same spec and seed."""
    rng = random.Random(f"{seed} {spec.collection_id}")
    for number in range(spec.nobjects):
        yield _object(spec, number, rng)


def light_curve(item: SyntheticObject, npoints: int, seed: int) -> Iterator[Point]:
    """Yield an object's measurements, in order of time."""
    rng = random.Random(f"{seed} {item.objectid}")
    period = item.reals["period"] if math.isfinite(item.reals["period"]) else 1.0
    base = item.reals["sdssr"] if math.isfinite(item.reals["sdssr"]) else 12.0
    for time in sorted(55000.0 + 400.0 * rng.random() for _ in range(npoints)):
        mag = base + 0.2 * math.sin(2 * math.pi * time / period) + rng.gauss(0, 0.01)
        station = rng.randint(5, 10)
        yield Point(
            rjd=time,
            stf=station,
            flt="r" if station % 2 else "nan",
            aim=mag,
            aie=0.005 + 0.01 * rng.random(),
            aep=NAN if rng.random() < 0.02 else mag + rng.gauss(0, 0.02),
        )


def _object(spec: CollectionSpec, number: int, rng: random.Random) -> SyntheticObject:
    ra = (spec.ra_centre + spec.ra_width * (rng.random() - 0.5)) % 360.0
    decl = spec.decl_centre + spec.decl_width * (rng.random() - 0.5)
    if number < 4 and spec.ra_centre == 0.0:
        # a close group on both sides of 0h, for cones and matches across it
        ra = (0.01 * (number - 1.5)) % 360.0
        decl = spec.decl_centre + 0.001 * number

    def missing(share: float, value: float) -> float:
        return NAN if rng.random() < share else value

    sdssr = 9.0 + 7.0 * rng.random()
    jmag = missing(0.05, round(sdssr - 1.0, 3))
    reals = {
        "sdssr": missing(0.15, round(sdssr, 3)),
        "jmag": jmag,
        "kmag": missing(0.05, round(sdssr - 1.2 - 0.8 * rng.random(), 3)),
        "period": missing(0.3, round(math.exp(rng.gauss(0.5, 1.2)), 7)),
        "teststat": _AWKWARD_REALS[number % len(_AWKWARD_REALS)],
    }
    integers = {
        "ndet": spec.npoints,
        "varflag": None if rng.random() < 0.2 else rng.randint(0, 3),
        "gaiaid": _AWKWARD_INTEGERS[number % len(_AWKWARD_INTEGERS)],
    }
    texts = {
        # Two walks through the texts: each occurs in each column of each collection.
        "starname": TEXTS[number % len(TEXTS)],
        "remarks": TEXTS[(number * 5 + 17) % len(TEXTS)],
        "twomassid": f"{int(ra * 1e6) % 10**9:09d}+{int(abs(decl) * 1e5):07d}",
    }
    if spec.prefix == "SYA":
        texts["fieldname"] = f"nanfield-{number % 7}"
    return SyntheticObject(
        objectid=_objectid(spec, number, ra),
        ra=ra,
        decl=decl,
        convertible=decl <= spec.unconvertible_above,
        reals=reals,
        integers=integers,
        texts=texts,
    )


def _objectid(spec: CollectionSpec, number: int, ra: float) -> str:
    # Some have 'nan' in them: in the dataset JSON these, too, are damaged, and so are the
    # paths of their light curves.
    middle = "nan" if number % 10 == 3 else f"{int(ra):03d}"
    return f"{spec.prefix}-{middle}-{number + 1:07d}"
