"""What a search request asks for, read from its form as the server reads it.

Every oddity here is the server's: which coordinates parse, which cross-match lines are
dropped, which sort orders are ignored, which spellings crash a search.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .filters import parsed_conditions

SERVICES = ("conesearch", "ftsquery", "columnsearch", "xmatch")
_VISIBILITIES = ("public", "private", "shared", "unlisted")
_DEGREES = re.compile(r"(\d{1,3}\.?\d*) ([+-]?\d{1,2}\.?\d*) ?(\d{1,2}\.?\d*)?\Z")
_SEXAGESIMAL = re.compile(
    r"(\d{1,2}[: ]\d{2}[: ]\d{2}\.?\d*) ([+-]?\d{1,2}[: ]\d{2}[: ]\d{2}\.?\d*)"
    r" ?(\d{1,2}\.?\d*)?\Z"
)
_NAMED = re.compile(r"([a-zA-Z0-9_+\-\[\].]+) (.+)\Z")
_MAX_XMATCH_LINES = 5001

Form = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Position:
    """A named position to match (cross-match), decimal degrees."""

    objectid: str
    ra: float
    decl: float


@dataclass(frozen=True)
class SearchRequest:
    """One search, understood.

    `arguments` is what the stream's first line shows as ``api_args``; the others are
    what the search uses. Collections and columns are as asked for, checked by nobody yet.
    """

    service: str
    columns: tuple[str, ...] = ()
    collections: tuple[str, ...] | None = None
    conditions: str | None = None
    sortspec: object = None
    limitspec: int | None = None
    samplespec: int | None = None
    visibility: str = "unlisted"
    center: tuple[float, float, float] | None = None
    text: str | None = None
    positions: tuple[Position, ...] = ()
    radius_arcsec: float = 3.0
    arguments: Mapping[str, object] = field(default_factory=dict)


class BadRequest(Exception):
    """A search that is refused before it is queued.

    `messages` are the texts of the ``failed`` objects, `status` the HTTP status.
    """

    def __init__(self, *messages: str, status: int = 200) -> None:
        super().__init__(*messages)
        self.messages = messages
        self.status = status


def parse_search(service: str, form: Form) -> SearchRequest:
    """Read the form of a search.

    Raises
    ------
    BadRequest
        When a required argument is missing or cannot be read.
    """
    center: tuple[float, float, float] | None = None
    text: str | None = None
    positions: tuple[Position, ...] = ()
    radius = 3.0
    special: dict[str, object] = {}
    if service == "conesearch":
        center = _center(form)
        special["coords"] = html.escape(form["coords"][0])
    elif service == "ftsquery":
        text = _fulltext(form)
        special |= {"ftstext": text, "sesame": _one(form, "sesame") == "true"}
    elif service == "xmatch":
        positions, radius = _xmatch(form)
        special |= {"xmq": form["xmq"][0], "xmd": form["xmd"][0]}

    filters = _one(form, "filters")
    collections = sorted(set(form.get("collections[]", ())) - {"all"})
    request = SearchRequest(
        service=service,
        columns=tuple(dict.fromkeys(form.get("columns[]", ()))),
        collections=tuple(collections) or None,
        conditions=parsed_conditions(filters) if filters else None,
        sortspec=_sortspec(_one(form, "sortspec")),
        limitspec=_whole_number(_one(form, "limitspec")),
        samplespec=_whole_number(_one(form, "samplespec")),
        visibility=_visibility(_one(form, "visibility")),
        center=center,
        text=text,
        positions=positions,
        radius_arcsec=radius,
    )
    arguments = {
        **special,
        "results_sortspec": request.sortspec,
        "results_limitspec": request.limitspec,
        "results_samplespec": request.samplespec,
        "dataset_visibility": request.visibility,
        "dataset_sharedwith": None,
        "conditions": request.conditions,
        "collections": collections or None,
        "getcolumns": list(request.columns),
    }
    return SearchRequest(**{**request.__dict__, "arguments": arguments})


def parse_coordinates(text: str) -> tuple[float, float, float | None] | None:
    """Read ``RA DEC [RADIUS]``: decimal degrees or sexagesimal; None if it is neither."""
    text = " ".join(text.split())
    found = _SEXAGESIMAL.match(text)
    if found:
        hours, degrees, radius = found.groups()
        h, m, s = (float(x) for x in re.split("[: ]", hours))
        d, dm, ds = (float(x) for x in re.split("[: ]", degrees.lstrip("+-")))
        if h >= 24 or d >= 90 or max(m, s, dm, ds) >= 60:
            return None
        sign = -1.0 if degrees.startswith("-") else 1.0
        ra, decl = 15.0 * (h + m / 60 + s / 3600), sign * (d + dm / 60 + ds / 3600)
        return ra, decl, float(radius) if radius else None
    found = _DEGREES.match(text)
    if found:
        ra, decl = float(found[1]), float(found[2])
        if ra < 360.0 and abs(decl) < 90.0:
            return ra, decl, float(found[3]) if found[3] else None
    return None


def _center(form: Form) -> tuple[float, float, float]:
    missing = "conesearch: one or more of the required args are missing or invalid."
    coords = _one(form, "coords")
    if coords is None:
        raise BadRequest(missing)
    found = parse_coordinates(coords[:280])
    if found is None:
        raise BadRequest("could not parse the input coords string", missing)
    ra, decl, radius = found
    return ra, decl, min(radius or 5.0, 60.0)


def _fulltext(form: Form) -> str:
    text = _one(form, "ftstext")
    escaped = html.escape(text).replace("&#x27;", "&#39;").replace("\n", "") if text else ""
    if not 3 <= len(escaped) <= 1024:
        raise BadRequest(
            "ftsearch: one or more of the required args are missing or invalid. The query "
            "string should be between 3 and 1024 characters long."
        )
    return escaped


def _xmatch(form: Form) -> tuple[tuple[Position, ...], float]:
    for name in ("xmq", "xmd"):
        if _one(form, name) is None:
            raise BadRequest(f"HTTP 400: Bad Request (Missing argument {name})", status=400)
    lines = [x for x in form["xmq"][0].split("\n") if not x.startswith("#")]
    found: list[Position] = []
    seen: dict[str, int] = {}
    for line in lines:
        named = _NAMED.match(" ".join(line[:280].split()))
        at = parse_coordinates(named[2]) if named else None
        # RA or Dec of exactly 0 is taken for "not there" and drops the line
        if named is None or at is None or at[2] is not None or not (at[0] and at[1]):
            continue
        name = named[1]
        seen[name] = seen.get(name, 0) + 1
        unique = name if seen[name] == 1 else f"{name}_{seen[name]}"
        found.append(Position(unique, at[0], at[1]))
    if not found or len(lines) > _MAX_XMATCH_LINES:
        raise BadRequest("Could not parse the xmatch input or  the match radius is invalid.")
    try:
        radius = float(form["xmd"][0])
    except ValueError:
        radius = 3.0
    return tuple(found), radius if 0.0 < radius < 30.0 else 3.0


def _one(form: Form, name: str) -> str | None:
    values = form.get(name)
    return values[-1].strip() if values and values[-1].strip() else None


def _sortspec(text: str | None) -> object:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _whole_number(text: str | None) -> int | None:
    try:
        return abs(int(text or "")) or None
    except ValueError:
        return None


def _visibility(text: str | None) -> str:
    return text if text in _VISIBILITIES else "unlisted"
