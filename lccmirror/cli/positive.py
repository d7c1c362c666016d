"""A number above 0, as an option takes it."""

from __future__ import annotations

import math
from typing import Any

import click


class Positive(click.ParamType[float]):
    """A finite number above 0: NaN is neither, and compares with nothing."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number, or have click say what is wrong with it."""
        number: float = click.FLOAT.convert(value, param, ctx)
        if not (number > 0 and math.isfinite(number)):
            self.fail(f"{value} is not a number above 0.", param, ctx)
        return number
