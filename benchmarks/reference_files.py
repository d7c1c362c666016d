"""Download files the way the server's reference client does, astrobase's ``lccs``.

Run with the Python of the reference server's environment::

    python -m benchmarks.reference_files FOLDER LIST

The client has a function for the files of a dataset, and none for single light curves: this
is what that function does for each file, with its own imports. LIST has a URL a line.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(folder: str, listed: str) -> None:
    """Download them, one after the other."""
    # only that environment has it, without types
    from astrobase.services import lccs  # type: ignore[import-not-found]

    for url in Path(listed).read_text().split():
        req = lccs.Request(url, data=None, headers={"Authorization": "Bearer: none"})
        resp = lccs.urlopen(req)
        with open(os.path.join(folder, url.rpartition("/")[2]), "wb") as file, resp:  # noqa: PTH118, PTH123 (as there)
            file.write(resp.read())


if __name__ == "__main__":
    main(*sys.argv[1:])
