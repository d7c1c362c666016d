"""Download datasets with the server's own reference client, astrobase's ``lccs``.

Run with the Python of the server's environment (``reference.download`` does)::

    python -m tests.real.reference URL FOLDER SETID...

The client keeps an API key below ``$HOME``, so that is redirected.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.real.environment import RealEnvironment


def download(env: RealEnvironment, url: str, folder: Path, setids: Iterable[str]) -> Path:
    """Download datasets' CSVs, ZIPs and pickles into a folder; return the folder.

    The files have the names that the server gives them. A dataset without a ZIP has none
    here, either.
    """
    folder.mkdir(parents=True, exist_ok=True)
    home = folder.with_name(folder.name + "-home")
    env.run(["-m", "tests.real.reference", url, str(folder), *setids], home=home)
    return folder


def main(url: str, folder: Path, setids: Iterable[str]) -> None:
    """Do the work, inside the server's environment."""
    # only that environment has it, without types
    from astrobase.services import lccs  # type: ignore[import-not-found]

    logging.disable(logging.CRITICAL)
    apikey, _ = lccs.get_new_apikey(url)
    for setid in setids:
        # what the client's own searches call once their stream has ended
        info = {"result": {"seturl": f"{url}/set/{setid}"}}
        paths = lccs.retrieve_dataset_files(
            ("ok", info, setid), getpickle=True, outdir=str(folder), apikey=apikey
        )
        if paths[0] is None:
            raise SystemExit(f"the reference client could not download dataset {setid}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
