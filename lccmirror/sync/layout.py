"""Where each thing lies below the mirror's root. Paths are relative, with ``/``."""

from __future__ import annotations

from ..names import checked_component, checked_setid

INCOMING = "incoming"
LOCK = "lock"


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
    """Return the path of a light curve that was fetched alone."""
    folder = checked_component(collection, "collection")
    return f"lightcurves/{folder}/{checked_component(name, 'light-curve file name')}"


def arriving(path: str) -> str:
    """Return where the file that will be at `path` is downloaded to."""
    return f"{INCOMING}/{path.replace('/', '~')}.part"


def destination(part_name: str) -> str:
    """Return the path that a file in ``incoming/`` is for; the reverse of `arriving`."""
    return part_name.removesuffix(".part").replace("~", "/")


def superseded(path: str, sha256: str) -> str:
    """Return where a replaced version of `path` is kept."""
    return f"{path}.{sha256[:12]}.old"
