"""An object on a terminal: everything that is known of it, in sections."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from rich.filesize import decimal

from ..query.geometry import sexagesimal
from .page import Page
from .settings import Settings, is_terminal

if TYPE_CHECKING:
    from ..config import Config
    from ..query import Value
    from ..query.known_object import CatalogValue, KnownObject
    from ..query.lightcurves import Copy
    from ..query.object_told import Told

_PIPED_WIDTH: Final = 120
_KINDS: Final = {
    "sqlite_kdtree_conesearch": "conesearch",
    "sqlite_fulltext_search": "ftsquery",
    "sqlite_column_search": "columnsearch",
    "sqlite_xmatch_search": "xmatch",
}
# The best of each method; all are in --json and in the table object_periods.
_PERIODS_SHOWN: Final = 3
_VARIABLE: Final = {0: "no, or not known", 1: "yes", 2: "no", 3: "cannot be told"}


def show_object(
    one: KnownObject, config: Config, radius_arcsec: float, chosen: Settings, out: TextIO
) -> None:
    """Print everything that is known of an object, for people.

    Parameters
    ----------
    one
        From `lccmirror.query.objects.known_objects`.
    config
        Where the mirror is, and whether it asks the server about objects.
    radius_arcsec
        Within which neighbours were looked for.
    chosen
        Colour.
    out
        Where to.
    """
    wide = shutil.get_terminal_size().columns if is_terminal(out) else _PIPED_WIDTH
    page = Page(wide, color=chosen.color(out))
    title = f"{one.objectid} in {one.collection}"
    if one.collection_name and one.collection_name != one.collection:
        title += f" ({one.collection_name})"
    page.title(title)
    if one.ra is None or one.decl is None:
        page.line("no position is known")
    else:
        page.line(f"{sexagesimal(one.ra, one.decl)}   ra {one.ra}°  decl {one.decl:+}°")
    _catalog(page, one.catalog)
    _datasets(page, one)
    _searches(page, one)
    _lightcurves(page, one)
    _neighbours(page, one, radius_arcsec)
    _told(page, one.told, config)
    out.write(page.text())


def _catalog(page: Page, values: Sequence[CatalogValue]) -> None:
    known = [one for one in values if one.value is not None]
    missing = [one.name for one in values if one.value is None]
    if not values:
        return
    page.head("Catalog")
    if known:
        page.table(
            ("name", "value", "unit", "what it is"),
            ((one.name, one.value, one.unit, _meaning(one)) for one in known),
        )
    if missing:
        page.line("no value of " + ", ".join(missing))


def _meaning(one: CatalogValue) -> str:
    # A title that only repeats name or unit says nothing.
    title = one.title.split("[")[0].strip()
    if not one.description or one.description.casefold() == title.casefold():
        return title
    return one.description


def _datasets(page: Page, one: KnownObject) -> None:
    page.head(f"Datasets ({one.ndatasets:,})")
    if not one.datasets:
        page.line("no mirrored dataset has it")
        return
    page.table(
        ("made", "setid", "objects", "search", "name"),
        (
            (
                _day(d.created_on),
                d.setid,
                d.nobjects,
                _KINDS.get(d.query_type or "", d.query_type),
                d.name if d.state == "mirrored" else f"[{d.state}] {d.name or ''}",
            )
            for d in one.datasets
        ),
        right="objects",
        firm="made,setid",
    )
    page.more(len(one.datasets), one.ndatasets)


def _searches(page: Page, one: KnownObject) -> None:
    if not one.searches:
        return
    page.head(f"Saved searches ({len(one.searches):,})")
    page.table(
        ("search", "kind", "has it", "last change"),
        (
            (
                s.name,
                s.kind + ("" if s.enabled else ", disabled"),
                "yes" if s.found else "no",
                f"{s.change} {_moment(s.changed_at)}" if s.change else None,
            )
            for s in one.searches
        ),
    )


def _lightcurves(page: Page, one: KnownObject) -> None:
    page.head(f"Light curves ({one.nlightcurves:,})")
    for copy in one.lightcurves:
        page.line(_copy(copy))
        page.whole(f"  {copy.path}" + (f" : {copy.member}" if copy.member else ""))
    page.more(len(one.lightcurves), one.nlightcurves)
    for missing in one.missing:
        where = f"dataset {missing.setid}: " if missing.setid else ""
        since = f" (since {_day(missing.since)})" if missing.since else ""
        again = f"; next try {_moment(missing.next_try)}" if missing.next_try else ""
        page.line(f"not here: {where}{missing.reason}{since}{again}")
    if not one.lightcurves and not one.missing:
        page.line("the mirror has none")


def _copy(copy: Copy) -> str:
    parts = ["newest" if copy.newest else "older"]
    parts.append(f"of dataset {copy.setid}" if copy.setid else "fetched alone")
    if copy.created_on:
        parts.append(f"made {_day(copy.created_on)}")
    if copy.size is not None:
        parts.append(decimal(copy.size))
    if copy.state not in (None, "ok"):
        parts.append(f"its file is {copy.state}")
    return ", ".join(parts)


def _neighbours(page: Page, one: KnownObject, radius_arcsec: float) -> None:
    if one.ra is None:
        return
    page.head(f"Neighbours within {_angle(radius_arcsec)}")
    if not one.neighbours:
        page.line("none in the mirror")
        return
    page.table(
        ("distance", "PA", "objectid", "collection"),
        (
            (
                _angle(n.dist_arcsec),
                f"{n.position_angle_deg:.1f}°",
                n.objectid,
                n.collection,
            )
            for n in one.neighbours
        ),
        right="distance,PA",
        firm="objectid",
    )
    if one.more_neighbours:
        page.line("… and more (--most 0 shows all)")


def _told(page: Page, told: Told | None, config: Config) -> None:
    if told is None:
        if config.objects.mirror != "never":
            page.head("From the server")
            page.line("it was not asked about this object yet")
        return
    page.head("From the server" + (f", {_day(told.fetched_at)}" if told.fetched_at else ""))
    if told.state != "ok":
        words = {"missing": "has nothing of it", "refused": "refused", "failed": "failed"}
        page.line(
            f"{_moment(told.asked_at)} the server {words[told.state]}: {told.last_error}; "
            f"next try {_moment(told.next_try)}"
        )
    if told.fetched_at is None:
        return
    page.facts([(name, value) for name, value in _facts(told) if value is not None])
    if told.periods:
        page.table(
            ("method", "rank", "period [d]", "epoch"),
            (
                (p.method, p.rank, p.period, p.epoch)
                for p in told.periods
                if p.rank <= _PERIODS_SHOWN
            ),
            right="rank,period [d],epoch",
        )
    root: Path = config.mirror.root
    for what, path in (("finder chart", told.finderchart), ("light curve", told.magseries)):
        if path is not None:
            page.whole(f"{what}: {root / path}")
    others = len(told.pictures()) - sum(
        p is not None for p in (told.finderchart, told.magseries)
    )
    if others > 0:
        page.line(f"{others} more pictures, written as PNG by --png DIR")
    for problem in told.problems:
        page.line(f"odd: {problem}")


def _facts(told: Told) -> list[tuple[str, Value]]:
    flag = told.objectisvar
    period = f"{told.period} d" if told.period is not None else None
    if period and told.epoch is not None:
        period += f", epoch {told.epoch}"
    matches = told.xmatch if isinstance(told.xmatch, dict | list) else None
    return [
        ("variable", None if flag is None else _VARIABLE.get(flag, str(flag))),
        ("types of variability", told.vartags),
        ("types of object", told.objecttags),
        ("period", period),
        ("comments", told.comments),
        ("cross-matches", ", ".join(map(str, matches)) if isinstance(matches, dict) else
         f"{len(matches)}" if matches else None),
        ("neighbours told of", told.neighbors),
    ]  # fmt: skip


def _angle(arcsec: float) -> str:
    if arcsec < 60:
        return f"{arcsec:.3g}″" if arcsec < 1 else f"{arcsec:.1f}″".replace(".0″", "″")
    if arcsec < 3600:
        return f"{arcsec / 60:.2f}′".replace(".00′", "′")
    return f"{arcsec / 3600:.3f}°".replace(".000°", "°")


def _day(text: str | None) -> str | None:
    return None if text is None else text[:10]


def _moment(text: str | None) -> str:
    return "never" if text is None else f"{text[:19]}Z"
