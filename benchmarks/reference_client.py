"""What somebody without a mirror runs: the server's reference client, astrobase's ``lccs``.

Run with the Python of the reference server's environment::

    python -m benchmarks.reference_client mirror URL FOLDER [SETID...]
    python -m benchmarks.reference_client search URL FOLDER FILTERS COLLECTION COLUMN...

``mirror`` downloads the CSV and the ZIP of every dataset in the server's list, or of those
named, with a key: without one the client is slower, since the server makes a new session for
each file. ``search`` repeats a column search, and downloads what it finds, as the client's own
function does.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

_EVERYTHING = 1_000_000
# The server refuses a good key once in ten thousand requests. What is there is not downloaded
# again.
_ATTEMPTS = 3


def mirror(url: str, folder: str, setids: Sequence[str]) -> None:
    """Download datasets, one after the other."""
    # only that environment has it, without types
    from astrobase.services import lccs  # type: ignore[import-not-found]

    apikey, _ = lccs.get_new_apikey(url)
    wanted = list(setids) or [
        one["setid"] for one in lccs.list_recent_datasets(url, nrecent=_EVERYTHING)
    ]
    for setid in wanted:
        # what the client's own searches call once their stream has ended
        info = {"result": {"seturl": f"{url}/set/{setid}"}}
        for _attempt in range(_ATTEMPTS):
            csv, lczip, _ = lccs.retrieve_dataset_files(
                ("ok", info, setid), outdir=folder, apikey=apikey
            )
            if csv is not None and lczip is not None:
                break
        else:
            raise SystemExit(f"the reference client could not download dataset {setid}")


def search(
    url: str, folder: str, filters: str, collection: str, columns: Sequence[str]
) -> None:
    """Search, and download what was found."""
    from astrobase.services import lccs

    _, csv, lczip = lccs.column_search(
        url,
        filters,
        result_visibility="public",
        collections=[collection],
        columns=list(columns),
        outdir=folder,
    )
    if csv is None or lczip is None:
        raise SystemExit("the reference client's search failed")


def main(what: str, url: str, folder: str, *more: str) -> None:
    """Do it."""
    logging.disable(logging.CRITICAL)
    if what == "mirror":
        mirror(url, folder, more)
    else:
        search(url, folder, more[0], more[1], more[2:])


if __name__ == "__main__":
    main(*sys.argv[1:])
