"""Secrets that systemd hands to a service: the files of ``LoadCredential=``.

They lie in a folder of their own, which only the service can enter; systemd opens the files
themselves to the service's user by an access list, which shows as readable by the group.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

NAME = "CREDENTIALS_DIRECTORY"
_PREFIX = f"${NAME}/"


def expanded(written: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return a path with a leading ``$CREDENTIALS_DIRECTORY`` filled in, if it is known.

    Outside the service it is not, and the path stays as it is.

    >>> expanded("$CREDENTIALS_DIRECTORY/key.json", {NAME: "/run/credentials/x"})
    '/run/credentials/x/key.json'
    >>> expanded("$CREDENTIALS_DIRECTORY/key.json", {})
    '$CREDENTIALS_DIRECTORY/key.json'
    """
    folder = environ.get(NAME)
    if folder and written.startswith(_PREFIX):
        return f"{folder}/{written.removeprefix(_PREFIX)}"
    return written


def is_unknown(path: Path) -> bool:
    """Whether a path is a credential's, and this process is not the service that has it."""
    return f"${NAME}" in path.parts


def is_credential(path: Path, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a file is one that systemd has handed to this process."""
    folder = environ.get(NAME)
    return bool(folder) and path.absolute().parent == Path(str(folder))
