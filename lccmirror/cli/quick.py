"""`lccmirror status` in its plainest form, without importing click.

People put it into their prompts, and machines ask it every minute; importing click takes as
long as all that it does. Whatever is not exactly one of these forms, a wrong one too, is for
click, which gives the same answer to these.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping, Sequence
from pathlib import Path


def status_asked(
    words: Sequence[str], environ: Mapping[str, str]
) -> tuple[Path | None, bool] | None:
    """Return what a command line asks, if it is ``[-c FILE] status [--json]``.

    Parameters
    ----------
    words
        Without the program's name.
    environ
        The environment, in which a shell that completes words says so.

    Returns
    -------
    tuple or None
        The config file, if one is named, and whether JSON is wanted.
    """
    match words:
        case ["status", *rest]:
            file = None
        case ["-c" | "--config", named, "status", *rest] if not named.startswith("-"):
            file = Path(named)
        case _:
            return None
    if rest not in ([], ["--json"]) or "_LCCMIRROR_COMPLETE" in environ:
        return None
    # click says that one names a folder.
    if file is not None and os.path.isdir(file):  # noqa: PTH112 -- never raises
        return None
    return file, bool(rest)


def show_quickly(file: Path | None, as_json: bool) -> int:
    """Do it, and return the exit code: to a process that ends with that."""
    # It is over before there is anything to collect, at the end, too: a tenth of its time.
    gc.disable()
    from .failures import guarded
    from .settings import Settings

    def show() -> None:
        from .status_told import show

        show(Settings(config=file), as_json=as_json)

    code = guarded(show, debug=False)
    gc.freeze()
    return code
