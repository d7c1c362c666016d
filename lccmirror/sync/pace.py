"""A ceiling on how fast the mirror's files are read, so that others can use the disk, too."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..server.budget import Bandwidth
from ..server.timing import Timing as _Timing

if TYPE_CHECKING:
    from ..server import Timing


def pace_of(
    rate: int | None, stop: threading.Event, timing: Timing | None = None
) -> Callable[[int], None] | None:
    """Return what waits after each piece that was read; None if there is no ceiling.

    Parameters
    ----------
    rate
        Bytes a second.
    stop
        Ends a wait; then `Stopped` is raised.
    """
    if rate is None:
        return None
    ceiling = Bandwidth(rate, timing or _Timing())
    return lambda nbytes: ceiling.spend(nbytes, stop)
