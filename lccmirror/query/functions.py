"""The SQL functions that our own connections have, besides those of SQLite."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from typing import Final

from .geometry import angular_distance_arcsec

Number = str | int | float | bytes | None
"""What SQLite hands to a function where a number is expected."""


def sql_angular_distance(
    ra1: Number, decl1: Number, ra2: Number, decl2: Number
) -> float | None:
    """Return the angle in arcseconds between two positions in degrees.

    Returns
    -------
    float or None
        None (NULL) for what is no position: a NULL, a text that is no number, an infinite
        number, a declination beyond a pole. SQLite's own functions do the same.
    """
    try:
        decls = float(decl1), float(decl2)  # type: ignore[arg-type]  # None: TypeError
        if not all(-90 <= decl <= 90 for decl in decls):
            return None
        return angular_distance_arcsec(float(ra1), decls[0], float(ra2), decls[1])  # type: ignore[arg-type]  # None: TypeError
    except (TypeError, ValueError):
        return None


def sql_in_cone(
    ra: Number, decl: Number, ra0: Number, decl0: Number, radius_arcmin: Number
) -> bool | None:
    """Tell whether a position is inside a cone or on its edge; None as above."""
    distance = sql_angular_distance(ra, decl, ra0, decl0)
    if distance is None or math.isnan(distance):
        return None
    try:
        radius = float(radius_arcmin)  # type: ignore[arg-type]  # None: TypeError
    except (TypeError, ValueError):
        return None
    return None if math.isnan(radius) else distance <= radius * 60


SQL_FUNCTIONS: Final[tuple[tuple[str, int, Callable[..., float | bool | None]], ...]] = (
    ("angular_distance_arcsec", 4, sql_angular_distance),
    ("in_cone", 5, sql_in_cone),
)
"""Name, number of arguments and function; all are deterministic."""


def _like_sqlite(function: Callable[..., float]) -> Callable[..., float | None]:
    """Answer NULL instead of an error, as SQLite's own mathematical functions do."""

    def answer(*values: Number) -> float | None:
        try:
            return function(*map(float, values))  # type: ignore[arg-type]  # None: TypeError
        except (TypeError, ValueError, OverflowError):
            return None

    return answer


_MATHEMATICS: Final[tuple[tuple[str, int, Callable[..., float]], ...]] = (
    ("sin", 1, math.sin),
    ("cos", 1, math.cos),
    ("asin", 1, math.asin),
    ("atan2", 2, math.atan2),
    ("sqrt", 1, math.sqrt),
    ("pow", 2, math.pow),
    ("radians", 1, math.radians),
    ("degrees", 1, math.degrees),
)
_HAS_MATHEMATICS = "SELECT sin(0), cos(0), asin(0), atan2(0, 1), sqrt(0), radians(pow(0, 2))"


def add_functions(connection: sqlite3.Connection) -> None:
    """Give `connection` our functions, and those of mathematics if its SQLite lacks them."""
    for name, count, function in SQL_FUNCTIONS:
        connection.create_function(name, count, function, deterministic=True)
    try:
        connection.execute(_HAS_MATHEMATICS).fetchone()
    except sqlite3.OperationalError:
        add_mathematics(connection)


def add_mathematics(connection: sqlite3.Connection) -> None:
    """Add the functions that `lccmirror.query.sky` needs and some builds of SQLite lack."""
    for name, count, function in _MATHEMATICS:
        connection.create_function(name, count, _like_sqlite(function), deterministic=True)
