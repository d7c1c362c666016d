"""Where each thing lies below the mirror's root. Paths are relative, with ``/``."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..errors import FormatError
from ..names import checked_component, checked_setid

# With what is added in ``incoming/``, a name must not be longer than 255 bytes.
_LONGEST = 230
KINDS = ("csv", "json", "lczip", "pickle")
INCOMING = "incoming"
_OBJECT_INFO = ".json.gz"
_OBJECT_ENDINGS = (_OBJECT_INFO, "-finderchart.png", "-magseries.png")
LOCK = "lock"
BACKUPS = "backups"
_DAMAGED = ".damaged"
_KEPT = re.compile(r"\.[0-9a-f]{12}\.damaged$")
CONTROL = "control"


def dataset_folder(setid: str) -> str:
    """Return the folder of a dataset's products."""
    setid = checked_setid(setid)
    return f"datasets/{setid[:2]}/{setid}"


def product(setid: str, kind: str) -> str:
    """Return the path of a dataset's product: ``csv``, ``json``, ``lczip`` or ``pickle``.

    >>> product("N1tZWPOZyxk", "csv")
    'datasets/N1/N1tZWPOZyxk/dataset-N1tZWPOZyxk.csv'
    """
    folder = dataset_folder(setid)
    name = {
        "csv": f"dataset-{setid}.csv",
        "json": f"dataset-{setid}.json.gz",
        "lczip": f"lightcurves-{setid}.zip",
        "pickle": f"dataset-{setid}.pkl.gz",
    }[kind]
    return f"{folder}/{name}"


def lcformat(collection: str) -> str:
    """Return the path of a collection's light-curve format description."""
    return (
        f"collections/{checked_component(collection, 'collection')}/lcformat-description.json"
    )


def single_lightcurve(collection: str, name: str) -> str:
    """Return the path of a light curve that was fetched alone.

    Raises
    ------
    FormatError
        If the names are unfit, or too long together.
    """
    folder = checked_component(collection, "collection")
    path = f"lightcurves/{folder}/{checked_component(name, 'light-curve file name')}"
    if len(path) > _LONGEST:
        raise FormatError(f"too long for a file name: {path}")
    return path


def object_info(collection: str, objectid: str) -> str:
    """Return the path of what the server tells of an object.

    Raises
    ------
    FormatError
        If the names are unfit, or too long together.
    """
    return _of_object(collection, objectid, _OBJECT_INFO)


def object_picture(collection: str, objectid: str, picture: str) -> str:
    """Return the path of a picture of an object: ``finderchart`` or ``magseries``.

    Raises
    ------
    FormatError
        If the names are unfit, or too long together.
    """
    return _of_object(collection, objectid, f"-{picture}.png")


def _of_object(collection: str, objectid: str, ending: str) -> str:
    folder = checked_component(collection, "collection")
    path = f"objects/{folder}/{checked_component(objectid, 'file name')}{ending}"
    if len(path) > _LONGEST:
        raise FormatError(f"too long for a file name: {path}")
    return path


def object_of(path: str) -> tuple[str, str] | None:
    """Return collection and object of an object's file; None for any other path."""
    match path.split("/"):
        case ["objects", collection, name]:
            for ending in _OBJECT_ENDINGS:
                objectid = name.removesuffix(ending)
                if path == _made(_of_object, collection, objectid, ending):
                    return collection, objectid
    return None


def arriving(path: str) -> str:
    """Return where the file that will be at `path` is downloaded to."""
    return f"{INCOMING}/{path.replace('/', '~')}.part"


def destination(part_name: str) -> str | None:
    """Return the path that a download in ``incoming/`` is for; the reverse of `arriving`.

    None for a name that `arriving` does not give: whatever put it there, no path outside
    the mirror, nor one of the catalog, comes of it.
    """
    path = part_name.removesuffix(".part").replace("~", "/")
    match path.split("/"):
        case ["datasets", _, setid, _]:
            known = [_made(product, setid, kind) for kind in KINDS]
        case ["collections", collection, _]:
            known = [_made(lcformat, collection)]
        case ["lightcurves", collection, name]:
            known = [_made(single_lightcurve, collection, name)]
        case ["objects", _, _]:
            known = [path if object_of(path) else None]
        case _:
            return None
    return path if path in known and part_name.endswith(".part") else None


def _made(make: Callable[..., str], *names: str) -> str | None:
    try:
        return make(*names)
    except FormatError:
        return None


def linking(path: str) -> str:
    """Return where a link that will be at `path` is made; never taken for a download."""
    return f"{INCOMING}/{path.replace('/', '~')}.link"


def superseded(path: str, sha256: str) -> str:
    """Return where a replaced version of `path` is kept."""
    return f"{path}.{sha256[:12]}.old"


def kept_damaged(path: str, sha256: str) -> str:
    """Return where a damaged file is kept that nobody can replace; `sha256` is what it was."""
    return f"{path}.{sha256[:12]}{_DAMAGED}"


def undamaged(path: str) -> str:
    """Return the path of which `path` may be a `kept_damaged`, or `path` itself."""
    return _KEPT.sub("", path)


def is_kept_damaged(path: str) -> bool:
    """Whether a path is one of `kept_damaged`."""
    return path.endswith(_DAMAGED)
