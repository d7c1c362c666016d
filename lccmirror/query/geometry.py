"""How far apart two points of the sky are."""

from __future__ import annotations

from math import atan2, cos, degrees, hypot, radians, sin


def angular_distance_arcsec(ra1: float, decl1: float, ra2: float, decl2: float) -> float:
    """Return the angle between two positions.

    Vincenty's formula, as astropy has it: it keeps its precision next to a position and
    next to its antipode, where the cosine rule and the haversine lose theirs.

    Parameters
    ----------
    ra1, decl1, ra2, decl2
        Decimal degrees. Whole turns of right ascension do not matter.

    Returns
    -------
    float
        Arcseconds, from 0 to 648,000.

    Examples
    --------
    >>> round(angular_distance_arcsec(359.5, 0, 0.5, 0), 9)
    3600.0
    >>> angular_distance_arcsec(10, 90, 200, 90) < 1e-9
    True
    """
    turn = radians(ra2 - ra1)
    low, high = radians(decl1), radians(decl2)
    sin_low, cos_low = sin(low), cos(low)
    sin_high, cos_high = sin(high), cos(high)
    cos_turn = cos(turn)
    across = hypot(cos_high * sin(turn), cos_low * sin_high - sin_low * cos_high * cos_turn)
    along = sin_low * sin_high + cos_low * cos_high * cos_turn
    return degrees(atan2(across, along)) * 3600
