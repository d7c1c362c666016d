"""The four searches: what they take, and the form fields they are sent as.

Values are checked here as far as the server would otherwise take something else for them
without saying so. Filters are in the server's own words (``(sdssr lt 13.0)``): it takes
``<`` for a search that matches nothing.
"""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from ..errors import UsageError
from ..positions import parse_position

Form = tuple[tuple[str, str], ...]
Visibility = Literal["public", "unlisted", "private", "shared"]

MAX_XMATCH_OBJECTS = 5000
_MAX_FILTERS = 1000
_XMATCH_NAME = re.compile(r"[A-Za-z0-9_+\-\[\].]{1,200}\Z")
_SEXAGESIMAL = re.compile(
    r"\d{1,2}[: ]\d{2}[: ]\d{2}(\.\d*)? [+-]?\d{1,2}[: ]\d{2}[: ]\d{2}(\.\d*)?\Z"
)


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """What every search takes.

    Parameters
    ----------
    columns
        Catalog columns to return besides the usual ones; the server drops those it does
        not know, and chooses the order itself.
    collections
        Database IDs of the collections to search; none: all. An unknown one crashes the
        search.
    filters
        A condition in the server's words, at most 1,000 characters (it cuts the rest off).
    sort
        Pairs of a column and ``asc`` or ``desc``.
    sample, limit
        Rows to draw at random, and rows to keep; in the order sample, sort, limit.
    visibility
        Of the dataset; the server's default is ``unlisted``.
    email_when_done
        Have the server write to the account's owner.
    """

    service: ClassVar[str]

    columns: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    filters: str | None = None
    sort: tuple[tuple[str, str], ...] = ()
    sample: int | None = None
    limit: int | None = None
    visibility: Visibility | None = None
    email_when_done: bool = False

    def __post_init__(self) -> None:
        for column, order in self.sort:
            _require(order in {"asc", "desc"}, f"sort {column}: asc or desc, not {order!r}")
            _require(bool(column), "sort: a column without a name")
        for name, number in (("sample", self.sample), ("limit", self.limit)):
            _require(number is None or number > 0, f"{name}: a positive number of rows")
        _require(
            self.visibility in {None, "public", "unlisted", "private", "shared"},
            f"visibility: not {self.visibility!r}",
        )
        _require(
            len(self.filters or "") <= _MAX_FILTERS,
            f"filters: the server reads no more than {_MAX_FILTERS} characters",
        )
        _require(all(self.columns) and all(self.collections), "an empty name")

    def form(self) -> Form:
        """Return the fields of the form, exactly as they are sent."""
        fields = list(self._own_fields())
        fields += [("columns[]", name) for name in self.columns]
        fields += [("collections[]", name) for name in self.collections]
        if self.filters:
            fields.append(("filters", self.filters))
        if self.sort:
            fields.append(("sortspec", json.dumps([list(pair) for pair in self.sort])))
        if self.sample is not None:
            fields.append(("samplespec", str(self.sample)))
        if self.limit is not None:
            fields.append(("limitspec", str(self.limit)))
        if self.visibility is not None:
            fields.append(("visibility", self.visibility))
        if self.email_when_done:
            fields.append(("emailwhendone", "true"))
        return tuple(fields)

    def _own_fields(self) -> Form:
        raise NotImplementedError


@dataclass(frozen=True)
class ConeSearch(SearchOptions):
    """All objects around a point.

    Parameters
    ----------
    center
        ``(ra, decl)`` in decimal degrees, or a text of both, in degrees (``"290.5 43.1"``)
        or as ``HH:MM:SS[.s] [+-]DD:MM:SS[.s]``, which is sent as it is.
    radius_arcmin
        More than 0, at most 60 (the server silently takes 60 for more).
    """

    service: ClassVar[str] = "conesearch"

    center: tuple[float, float] | str
    radius_arcmin: float = 5.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.center, str):
            try:
                parse_position(self.center)
            except UsageError as error:
                _require(False, f"center: {error.message}")
        else:
            pair = isinstance(self.center, Sequence) and len(self.center) == 2
            _require(pair, "center: a pair (ra, decl) in degrees, or a text of both")
            _check_position(*self.center)
        _require(0 < self.radius_arcmin <= 60, "radius_arcmin: more than 0, at most 60")

    def _own_fields(self) -> Form:
        asked = self.center
        if isinstance(asked, str):
            asked = " ".join(asked.split())
            if not _SEXAGESIMAL.match(asked):
                asked = parse_position(asked)
        center = asked if isinstance(asked, str) else f"{_ra(asked[0])} {_decl(asked[1])}"
        return (("coords", f"{center} {_plain_number(self.radius_arcmin)}"),)


@dataclass(frozen=True)
class FulltextSearch(SearchOptions):
    """All objects whose indexed texts match.

    Parameters
    ----------
    text
        A query of SQLite's FTS5, 3 to 1,024 characters.
    sesame
        Take it for an object's name, resolved by the server.
    """

    service: ClassVar[str] = "ftsquery"

    text: str
    sesame: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _require("\n" not in self.text, "text: one line")
        # the server counts after it has escaped the text for HTML
        length = len(html.escape(self.text.strip()))
        _require(3 <= length <= 1024, "text: 3 to 1,024 characters")

    def _own_fields(self) -> Form:
        fields = (("ftstext", self.text.strip()),)
        return (*fields, ("sesame", "true")) if self.sesame else fields


@dataclass(frozen=True)
class ColumnSearch(SearchOptions):
    """All objects whose columns meet the filters, which are required here."""

    service: ClassVar[str] = "columnsearch"

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(bool((self.filters or "").strip()), "filters: a column search needs them")

    def _own_fields(self) -> Form:
        return ()


@dataclass(frozen=True)
class XmatchSearch(SearchOptions):
    """All objects near one of a list of positions.

    Parameters
    ----------
    objects
        ``(name, ra, decl)`` in decimal degrees, at most 5,000; names are unique and made
        of letters, digits and ``_+-[].``.
    radius_arcsec
        More than 0, less than 30 (the server silently takes 3 for anything else).
    """

    service: ClassVar[str] = "xmatch"

    objects: tuple[tuple[str, float, float], ...]
    radius_arcsec: float = 3.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(
            1 <= len(self.objects) <= MAX_XMATCH_OBJECTS,
            f"objects: 1 to {MAX_XMATCH_OBJECTS:,}, not {len(self.objects):,}",
        )
        seen: set[str] = set()
        for name, ra, decl in self.objects:
            _require(
                _XMATCH_NAME.match(name) is not None,
                f"objects: {name!r}: only letters, digits and _+-[]. in a name",
            )
            _require(name not in seen, f"objects: {name} is there twice")
            seen.add(name)
            _check_position(ra, decl)
        _require(0 < self.radius_arcsec < 30, "radius_arcsec: more than 0, less than 30")

    def _own_fields(self) -> Form:
        lines = (
            f"{name} {_nonzero(_ra(ra))} {_nonzero(_decl(decl))}"
            for name, ra, decl in self.objects
        )
        return (("xmq", "\n".join(lines)), ("xmd", _plain_number(self.radius_arcsec)))


Search = ConeSearch | FulltextSearch | ColumnSearch | XmatchSearch


def _require(fine: bool, message: str) -> None:
    if not fine:
        raise UsageError(f"the search cannot be sent: {message}")


def _check_position(ra: float, decl: float) -> None:
    # the server takes neither a negative RA nor the poles themselves
    fine = math.isfinite(ra) and math.isfinite(decl) and 0 <= ra < 360 and -90 < decl < 90
    _require(fine, f"{ra} {decl}: ra from 0 to 360, decl from -90 to 90 degrees, both without")


def _ra(angle: float) -> str:
    """Write an angle as the server reads it: no exponent, and 360 is none; 1e-7° is 0.4 mas."""
    written = f"{angle:.7f}"
    return "0.0000000" if written == "360.0000000" else written


def _decl(angle: float) -> str:
    return f"{max(-89.9999999, min(89.9999999, angle)):.7f}"


def _nonzero(written: str) -> str:
    # A cross-match drops a line with a coordinate of exactly 0: move it by less than any
    # catalog knows its positions.
    return "0.0000001" if float(written) == 0 else written


def _plain_number(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")
