"""The pictures in the server's information about an object: PNG, in base64, in its JSON."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import FormatError
from .png import Size, check_png

# Where pictures are, wherever in the answer; what begins as one in base64 is one anyway.
_KEYS = frozenset(("finderchart", "magseries", "periodogram", "plot"))
_BEGINNING = "iVBORw0KGgo"
_DATA_URL = "data:image/png;base64,"
_UNFIT = re.compile(r"[^A-Za-z0-9_+]+")
_LONGEST_NAME = 80
# No answer is nested half as deep; Python's own limit comes a little after it.
_DEEPEST = 60


@dataclass(frozen=True)
class Picture:
    """A picture as it stands in the answer.

    Parameters
    ----------
    name
        Where it stands, fit for a file's name: ``finderchart``, ``gls-phasedlc0-plot``,
        ``neighbors-2-magseries``. No two pictures of an answer have the same.
    encoded
        The base64.
    """

    name: str
    encoded: str

    def decoded(self, max_pixels: int) -> tuple[bytes, Size]:
        """Return the PNG file and its size, checked.

        Raises
        ------
        FormatError
            If it is none.
        """
        text = "".join(self.encoded.removeprefix(_DATA_URL).split())
        try:
            content = base64.b64decode(text, validate=True)
        except (ValueError, binascii.Error):
            raise FormatError(f"{self.name} is not base64") from None
        try:
            return content, check_png(content, max_pixels)
        except FormatError as error:
            raise FormatError(f"{self.name} is {error.message}") from None


def find_pictures(answer: dict[str, Any]) -> Iterator[Picture]:
    """Yield every picture of an answer.

    Raises
    ------
    FormatError
        If the answer is nested deeper than any can be.
    """
    found: list[Picture] = []
    taken: set[str] = set()

    def keep(place: tuple[str, ...], text: str) -> None:
        name = plain = "-".join(_UNFIT.sub("_", part) for part in place)[:_LONGEST_NAME]
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name.casefold())
        found.append(Picture(name, text))

    replaced(answer, keep)
    return iter(found)


def replaced(
    answer: dict[str, Any], put: Callable[[tuple[str, ...], str], Any]
) -> dict[str, Any]:
    """Return an answer with something else in place of each picture, and no infinities.

    Parameters
    ----------
    put
        Gets where a picture stands, and its base64; what it returns stands there instead.

    Raises
    ------
    FormatError
        If the answer is nested deeper than any can be.
    """

    def copy(value: Any, place: tuple[str, ...]) -> Any:
        if len(place) > _DEEPEST:
            raise FormatError("object information is nested too deep")
        if isinstance(value, dict):
            # In the order of the names, not of the answer: pictures are told apart by numbers.
            return {key: copy(value[key], (*place, key)) for key in sorted(value)}
        if isinstance(value, list):
            return [copy(inner, (*place, str(at))) for at, inner in enumerate(value)]
        if isinstance(value, str) and value and _is_picture(place, value):
            return put(place, value)
        # JSON has no infinity, but 1e999 is read as one.
        return None if value in (float("inf"), float("-inf")) else value

    whole: dict[str, Any] = copy(answer, ())
    return whole


def _is_picture(place: tuple[str, ...], text: str) -> bool:
    return place[-1] in _KEYS or text.startswith((_BEGINNING, _DATA_URL))
