"""Positions on the sky and lists of them, as people write them.

What comes out is right ascension and declination in decimal degrees; `position_text`
writes them the way the server's own parser accepts them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .errors import UsageError
from .names import printable

MAX_CONE_ARCMIN = 60.0
"""The largest cone; beyond it the server silently searches this one."""
MAX_XMATCH_ARCSEC = 30.0
"""Cross-match radii are below this; at or beyond it the server silently takes 3 arcsec."""

_DEGREES = re.compile(r"([+-]?[0-9]+(?:\.[0-9]*)?)(?:\s*,\s*|\s+)([+-]?[0-9]+(?:\.[0-9]*)?)")
_SEXAGESIMAL = re.compile(
    r"([+-]?)([0-9]{1,2})(?:\s*[:h]\s*|\s+)([0-9]{1,2})(?:\s*[:m]\s*|\s+)([0-9]{1,2}(?:\.[0-9]*)?)s?"
    r"(?:\s*,\s*|\s+)"
    r"([+-]?)([0-9]{1,2})(?:\s*[:d]\s*|\s+)([0-9]{1,2})(?:\s*[:m]\s*|\s+)([0-9]{1,2}(?:\.[0-9]*)?)s?"
)
_OBJECTID = re.compile(r"[A-Za-z0-9_+\-\[\].]+")
# The server cuts a line of a cross-match list at 280 characters.
_LONGEST_OBJECTID = 200
_MOST_MISTAKES = 50
# Some million targets; /dev/zero has more.
_LARGEST_LIST = 100_000_000


@dataclass(frozen=True, slots=True)
class Target:
    """One line of a cross-match list; `ra` and `decl` in decimal degrees."""

    objectid: str
    ra: float
    decl: float
    line: int


def parse_position(text: str, *, poles: bool = False) -> tuple[float, float]:
    """Return right ascension and declination in decimal degrees.

    Parameters
    ----------
    text
        ``"291.366 42.784"``, ``"19:25:27.9 +42:47:03.7"``, or the latter with blanks or
        ``h m s`` and ``d m s`` in place of colons.
    poles
        Take the poles themselves, too, which the server does not.

    Raises
    ------
    UsageError
        If it is none of these, or outside 0° ≤ RA < 360°, -90° < Dec < 90° (the server
        takes no others).

    Examples
    --------
    >>> parse_position("15:00:00 -45:30:00")
    (225.0, -45.5)
    """
    stripped = text.strip()
    if match := _SEXAGESIMAL.fullmatch(stripped):
        ra_sign, ra_h, ra_m, ra_s, decl_sign, decl_d, decl_m, decl_s = match.groups()
        for what, value in (("minutes", ra_m), ("seconds", ra_s)):
            _below_60(float(value), f"{what} of right ascension")
        for what, value in (("minutes", decl_m), ("seconds", decl_s)):
            _below_60(float(value), f"{what} of declination")
        if int(ra_h) >= 24:
            raise UsageError(f"right ascension is 0h to 24h, not {ra_h}h")
        ra = 15 * (int(ra_h) + int(ra_m) / 60 + float(ra_s) / 3600)
        decl = int(decl_d) + int(decl_m) / 60 + float(decl_s) / 3600
        return checked_position(
            -ra if ra_sign == "-" else ra, -decl if decl_sign == "-" else decl, poles=poles
        )
    if match := _DEGREES.fullmatch(stripped):
        return checked_position(float(match[1]), float(match[2]), poles=poles)
    raise UsageError(
        f"not a position: {printable(stripped, 60)!r}; write it in decimal degrees "
        '("291.366 42.784") or as "19:25:27.9 +42:47:03.7"'
    )


def checked_position(ra: float, decl: float, *, poles: bool = False) -> tuple[float, float]:
    """Return `ra` and `decl` (decimal degrees) if the server takes them.

    Parameters
    ----------
    ra, decl
        Decimal degrees.
    poles
        Take the poles themselves, too, which the server does not.

    Raises
    ------
    UsageError
        Outside 0° ≤ RA < 360° or -90° < Dec < 90°.
    """
    if not 0 <= ra < 360:
        # Not turned in silence: 400 is more often a slip of units or columns than meant as 40.
        hint = f" (write {ra % 360:g})" if -360 <= ra < 720 else ""
        raise UsageError(
            f"right ascension must be at least 0 and below 360 degrees, not {ra:g}{hint}"
        )
    if not (-90 < decl < 90 or (poles and abs(decl) == 90)):
        raise UsageError(f"declination must be between -90 and +90 degrees, not {decl:g}")
    # No negative zero: it would be written as "-0.0".
    return abs(ra), decl + 0.0


def position_text(ra: float, decl: float, radius_arcmin: float | None = None) -> str:
    """Write a position as the server's ``coords`` parameter takes it.

    Nine decimals of a degree (4 microarcseconds), never an exponent, which the server's
    parser does not know.

    Examples
    --------
    >>> position_text(291.36625, 42.784361111, 30)
    '291.36625 42.784361111 30.0'
    """
    # What rounds to 360 is 0: the server refuses 360.
    ra_text = _decimal(0.0 if round(ra, 9) >= 360 else ra)
    text = f"{ra_text} {_decimal(decl)}"
    return text if radius_arcmin is None else f"{text} {_decimal(radius_arcmin)}"


def checked_radius_arcmin(radius: float) -> float:
    """Return the radius of a cone (arcminutes) if the server searches that radius.

    Raises
    ------
    UsageError
        If it is not above 0 and at most 60'.
    """
    if not 0 < radius <= MAX_CONE_ARCMIN:
        raise UsageError(
            f"must be above 0 and at most {MAX_CONE_ARCMIN:g} arcmin, not {radius:g}"
        )
    return radius


def checked_radius_arcsec(radius: float) -> float:
    """Return the radius of a cross-match (arcseconds) if the server matches by it.

    Raises
    ------
    UsageError
        If it is not above 0 and below 30".
    """
    if not 0 < radius < MAX_XMATCH_ARCSEC:
        raise UsageError(
            f"must be above 0 and below {MAX_XMATCH_ARCSEC:g} arcsec, not {radius:g}"
        )
    return radius


def read_targets(path: Path) -> tuple[Target, ...]:
    """Read a file of cross-match targets: ``objectid ra decl``, one a line.

    Positions are written as for `parse_position`; ``#`` begins a comment.

    Raises
    ------
    UsageError
        If the file cannot be read or has no target, or with every mistake in it, one a
        line, each with its line number.
    """
    name = printable(str(path))
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_LIST + 1)
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror or error}") from error
    if len(data) > _LARGEST_LIST:
        raise UsageError(f"{name} has more than {_LARGEST_LIST:,} bytes: no list of targets")
    return parse_targets(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), name)


def parse_targets(lines: Iterable[bytes], name: str) -> tuple[Target, ...]:
    """Like `read_targets`, from the lines of a file called `name` in messages."""
    targets: list[Target] = []
    first_line: dict[str, int] = {}
    mistakes: list[str] = []
    for number, raw in enumerate(lines, start=1):
        try:
            target = _parse_target(raw, number)
            if target is None:
                continue
            if target.objectid in first_line:
                raise UsageError(
                    f"{target.objectid} is already on line {first_line[target.objectid]}; "
                    "every target needs a name of its own"
                )
        except UsageError as error:
            mistakes.append(f"{name}:{number}: {error.message}")
            continue
        first_line[target.objectid] = number
        targets.append(target)
    if not targets and not mistakes:
        mistakes.append(f"{name}: no target in it; lines are: objectid ra decl")
    if len(mistakes) > _MOST_MISTAKES:
        more = len(mistakes) - _MOST_MISTAKES
        mistakes[_MOST_MISTAKES:] = [f"{name}: … and {more} more"]
    if mistakes:
        raise UsageError("\n".join(mistakes))
    return tuple(targets)


def _parse_target(raw: bytes, number: int) -> Target | None:
    try:
        text = raw.decode("utf-8").partition("#")[0].strip()
    except UnicodeDecodeError:
        raise UsageError("not UTF-8 text") from None
    if not text:
        return None
    objectid, *rest = text.split(None, 1)
    if not rest:
        raise UsageError("expected: objectid ra decl")
    if not _OBJECTID.fullmatch(objectid):
        raise UsageError(
            f"a name may only have letters, digits and _ + - [ ] . and not be "
            f"{printable(objectid, 60)!r}"
        )
    if len(objectid) > _LONGEST_OBJECTID:
        raise UsageError(f"the name is longer than {_LONGEST_OBJECTID} characters")
    ra, decl = parse_position(rest[0])
    for what, text in zip(("RA", "Dec"), position_text(ra, decl).split(), strict=True):
        if float(text) == 0:
            raise UsageError(
                f"the server drops a target whose {what} is exactly 0; write 0.0000001 degrees"
            )
    return Target(objectid, ra, decl, number)


def _below_60(value: float, what: str) -> None:
    if value >= 60:
        raise UsageError(f"{what} must be below 60, not {value:g}")


def _decimal(value: float) -> str:
    if not math.isfinite(value):
        raise UsageError(f"{value} is no coordinate")
    text = f"{value:.9f}".rstrip("0")
    text = f"{text}0" if text.endswith(".") else text
    return text.removeprefix("-") if float(text) == 0 else text
