"""Whether the folder of what is arriving is the mirror's own."""

from __future__ import annotations

from pathlib import Path

from .errors import InTheWay


def refuse_linked(folder: Path) -> None:
    """Make sure that the folder of what is arriving is none somewhere else.

    Raises
    ------
    InTheWay
        If it is a link: somebody has put it there.
    """
    if folder.is_symlink():
        raise InTheWay(
            f"{folder} is a link, not a folder",
            hint="files pass through it and must be on the mirror's own disk: remove the link",
        )
