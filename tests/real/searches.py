"""Searches as the server's four services take them, and the sixty of the mirror's test."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.real import synthetic

COMMON_COLUMNS = (
    "sdssr", "jmag", "kmag", "period", "teststat", "ndet", "varflag", "gaiaid",
    "starname", "remarks", "twomassid",
)  # fmt: skip


@dataclass(frozen=True)
class Search:
    """One search: the service's name and its form, as it goes over the wire."""

    service: str
    form: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Extras:
    """What all four services take; collections by their database ids."""

    columns: tuple[str, ...] = COMMON_COLUMNS
    collections: tuple[str, ...] = ()
    visibility: str = "public"
    filters: str | None = None
    sort: tuple[tuple[str, str], ...] = ()
    limit: int | None = None
    sample: int | None = None

    def form(self) -> Iterator[tuple[str, str]]:
        """Yield the fields of the form."""
        yield from (("columns[]", name) for name in self.columns)
        yield from (("collections[]", name) for name in self.collections)
        yield "visibility", self.visibility
        if self.filters is not None:
            yield "filters", self.filters
        if self.sort:
            yield "sortspec", json.dumps(self.sort)
        if self.limit is not None:
            yield "limitspec", str(self.limit)
        if self.sample is not None:
            yield "samplespec", str(self.sample)


NO_EXTRAS = Extras()


def conesearch(
    ra: float, decl: float, radius_arcmin: float, extras: Extras = NO_EXTRAS
) -> Search:
    """Return a search around a point, in decimal degrees."""
    coords = f"{ra:.6f} {decl:+.6f} {radius_arcmin:.2f}"
    return Search("conesearch", (("coords", coords), *extras.form()))


def columnsearch(filters: str, extras: Extras = NO_EXTRAS) -> Search:
    """Return a search by columns; operators are words (``lt gt le ge eq ne ct``)."""
    return Search("columnsearch", (("filters", filters), *extras.form()))


def ftsquery(text: str, extras: Extras = NO_EXTRAS) -> Search:
    """Return a full-text search."""
    return Search("ftsquery", (("ftstext", text), *extras.form()))


def xmatch(
    positions: Iterable[tuple[str, float, float]],
    radius_arcsec: float = 3.0,
    extras: Extras = NO_EXTRAS,
) -> Search:
    """Return a cross-match of named positions, in decimal degrees."""
    lines = "\n".join(f"{name} {ra:.6f} {decl:.6f}" for name, ra, decl in positions)
    return Search(
        "xmatch",
        (("xmq", f"# objectid ra decl\n{lines}"), ("xmd", str(radius_arcsec)), *extras.form()),
    )


def everything_in(collection: str, columns: tuple[str, ...] = COMMON_COLUMNS) -> Search:
    """Return a search for every object of a collection."""
    return columnsearch("(ndet gt 0)", Extras(columns=columns, collections=(collection,)))


def sixty(seed: int = 7) -> list[Search]:
    """Return sixty public searches with all services in both usual collections.

    The first is the large one: every object of ``synth_large``, too many for a ZIP. Then
    come every object of each of the others, with light curves that cannot be converted;
    the same without those; each text alone in the first column; one search twice, whose
    sets share a ZIP; and the rest at random, but always the same.
    """
    rng = random.Random(seed)
    a, b = synthetic.alpha(), synthetic.beta()
    only_a, only_b = Extras(collections=(a.db_id,)), Extras(collections=(b.db_id,))
    # never "all collections": that would be the large one, too
    both = Extras(collections=(a.db_id, b.db_id))
    found = [
        everything_in(synthetic.large().db_id, ("sdssr", "remarks", "gaiaid")),
        everything_in(a.db_id, (*COMMON_COLUMNS, "fieldname")),
        everything_in(b.db_id),
        columnsearch("(ndet gt 0)", both),
        columnsearch(f"(decl lt {a.unconvertible_above}) and (sdssr lt 13)", only_a),
        columnsearch(f"(decl lt {b.unconvertible_above})", only_b),
        columnsearch(f"(decl gt {a.unconvertible_above})", only_a),
        columnsearch("(varflag is null)", both),
        columnsearch("(period is null)", only_b),
        everything_in(a.db_id, ("remarks",)),
        everything_in(b.db_id, ("starname",)),
        everything_in(b.db_id, ("varflag", "gaiaid")),
        conesearch(0.0, b.decl_centre, 5.0, only_b),
        conesearch(359.999, b.decl_centre, 60.0, both),
        conesearch(0.001, b.decl_centre, 60.0, only_b),
        conesearch(a.ra_centre, a.unconvertible_above, 60.0, only_a),
        ftsquery("Fernando", both),
        ftsquery("Fernando", both),
        ftsquery('"nan"', only_a),
        ftsquery("variable", only_b),
        ftsquery("starname:split", only_a),
        xmatch(_near_objects(b, 8, rng), extras=only_b),
        xmatch(_near_objects(a, 20, rng), 10.0),
        xmatch([*_near_objects(a, 6, rng), *_near_objects(b, 6, rng)], extras=both),
    ]
    while len(found) < 60:
        found.append(_at_random(len(found), rng, a, b))
    return found


def _near_objects(
    spec: synthetic.CollectionSpec, count: int, rng: random.Random
) -> list[tuple[str, float, float]]:
    items = rng.sample(list(synthetic.objects(spec, seed=42)), count)
    return [
        (f"{spec.prefix}in{number}", (item.ra + 1e-4) % 360.0, item.decl - 1e-4)
        for number, item in enumerate(items)
    ]


def _at_random(
    number: int,
    rng: random.Random,
    a: synthetic.CollectionSpec,
    b: synthetic.CollectionSpec,
) -> Search:
    spec = rng.choice([a, b])
    columns = tuple(rng.sample(COMMON_COLUMNS, rng.randint(1, len(COMMON_COLUMNS))))
    extras = Extras(
        columns=columns,
        collections=rng.choice([(a.db_id, b.db_id), (spec.db_id,)]),
        sort=((rng.choice(["sdssr", "ndet"]), rng.choice(["asc", "desc"])),)
        if rng.random() < 0.4
        else (),
        limit=rng.choice([None, None, 5, 40]),
        sample=rng.choice([None, None, None, 7]),
    )
    match number % 4:
        case 0:
            # around an object, so that something is always found
            _, ra, decl = _near_objects(spec, 1, rng)[0]
            return conesearch(ra, decl, rng.uniform(20, 60), extras)
        case 1:
            limits = rng.uniform(11, 15), rng.uniform(0, 1)
            return columnsearch(
                f"(sdssr lt {limits[0]:.3f}) or (period lt {limits[1]:.3f})", extras
            )
        case 2:
            return ftsquery(
                rng.choice(["dominant", "Hernandez", "comma", "line", "nanmags OR nan"]), extras
            )
        case _:
            return xmatch(_near_objects(spec, rng.randint(3, 12), rng), 5.0, extras)
