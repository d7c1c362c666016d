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


def position_angle_deg(ra1: float, decl1: float, ra2: float, decl2: float) -> float:
    """Return in which direction the second position is from the first.

    Parameters
    ----------
    ra1, decl1, ra2, decl2
        Decimal degrees.

    Returns
    -------
    float
        Degrees from north through east, at least 0 and below 360.

    Examples
    --------
    >>> position_angle_deg(10, 0, 11, 0), position_angle_deg(359.9, 20, 359.9, 19)
    (90.0, 180.0)
    """
    turn = radians(ra2 - ra1)
    low, high = radians(decl1), radians(decl2)
    east = cos(high) * sin(turn)
    north = cos(low) * sin(high) - sin(low) * cos(high) * cos(turn)
    return turned(degrees(atan2(east, north)))


def turned(angle: float) -> float:
    """Return an angle in degrees as the same one that is at least 0 and below 360.

    >>> turned(-10), turned(360), turned(-1e-15)
    (350, 0, 0.0)
    """
    within = angle % 360
    # A small negative number modulo 360 is 360 itself.
    return 0.0 if within == 360 else within


def sexagesimal(ra: float, decl: float) -> str:
    """Return a position as observers write it: to 0.01 s and 0.1 arcseconds.

    Parameters
    ----------
    ra, decl
        Decimal degrees, the right ascension at least 0 and below 360.

    Examples
    --------
    >>> sexagesimal(291.36625, 42.784361), sexagesimal(359.9999999, -0.00001)
    ('19:25:27.90 +42:47:03.7', '00:00:00.00 -00:00:00.0')
    """
    # Whole numbers of the last digit, so that nothing is rounded up to 60.
    hundredths = round(ra * 24_000) % 8_640_000
    seconds, hundredths = divmod(hundredths, 100)
    tenths = round(abs(decl) * 36_000)
    arcsec, tenths = divmod(tenths, 10)
    sign = "-" if decl < 0 else "+"
    return (
        f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{hundredths:02} "
        f"{sign}{arcsec // 3600:02}:{arcsec // 60 % 60:02}:{arcsec % 60:02}.{tenths}"
    )
