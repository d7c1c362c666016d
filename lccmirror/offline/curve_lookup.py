"""Which light curves are meant, and reading them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..query import Value, run_query
from ..query.lc_many import copies_where
from ..query.lightcurves import Copy, LightCurveFiles, chosen_copy
from ..query.object_names import meant_perhaps
from .curves import Errors, LightCurves, MirroredLightCurve, mirrored

if TYPE_CHECKING:
    from ..query import ReadOnlyCatalog
    from .session import Session

_FINDING: Final = "`find` and `cone` of a mirror find the names of objects"
_PREFERRED: Final = "SELECT collection, lcmagcols FROM collections"
# A copy of the dataset's own where there is one, else the newest.
_OF_DATASET: Final = """
SELECT l.collection, l.objectid, l.path, l.member, l.setid, l.size, l.crc32, l.newest
FROM (SELECT DISTINCT r.collection, r.objectid
      FROM datasets AS d JOIN dataset_rows AS r ON r.setid = coalesce(d.same_as, d.setid)
      WHERE d.setid = :setid) AS r
JOIN lightcurves AS l USING (collection, objectid)
WHERE l.path = coalesce(
  (SELECT own.path FROM lightcurves AS own JOIN files AS f ON f.path = own.path
   WHERE own.collection = l.collection AND own.objectid = l.objectid
     AND own.setid = :setid AND f.state = 'ok' ORDER BY own.newest DESC LIMIT 1),
  (SELECT newest.path FROM lightcurves AS newest
   WHERE newest.collection = l.collection AND newest.objectid = l.objectid
     AND newest.newest = 1))
ORDER BY l.path, l.member
"""


def read_one(
    session: Session,
    objectid: str,
    collection: str | None,
    setid: str | None,
    columns: Sequence[str] | None,
) -> MirroredLightCurve:
    """Read a light curve: `lccmirror.offline.Mirror.lightcurve`."""
    with session.reading() as catalog:
        with meant_perhaps(catalog, objectid, _FINDING):
            source = chosen_copy(catalog.connection, objectid, collection, setid)
        preferred = _preferred(catalog)
    session.require_files()
    with LightCurveFiles(session.root) as files:
        curve = mirrored(files.read(source), source, preferred.get(source.collection, ()))
    return curve if columns is None else curve.select(columns)


def read_where(
    session: Session,
    where: str,
    params: Mapping[str, Value],
    workers: int | None,
    errors: Errors,
) -> LightCurves[Errors]:
    """Read those of some objects: `lccmirror.offline.Mirror.lightcurves`."""
    with session.reading() as catalog:
        copies = copies_where(catalog, where, params)
        preferred = _preferred(catalog)
    return _many(session, copies, preferred, workers, errors)


def read_of_dataset(
    session: Session, setid: str, workers: int | None, errors: Errors
) -> LightCurves[Errors]:
    """Read those of a dataset's objects: `lccmirror.offline.Dataset.lightcurves`."""
    with session.reading() as catalog:
        found: Any = run_query(catalog, _OF_DATASET, {"setid": setid}).rows
        copies = [
            Copy(collection, objectid, path, member, came_with, size, crc32, bool(newest))
            for collection, objectid, path, member, came_with, size, crc32, newest in found
        ]
        preferred = _preferred(catalog)
    return _many(session, copies, preferred, workers, errors)


def _many(
    session: Session,
    copies: Sequence[Copy],
    preferred: Mapping[str, tuple[str, ...]],
    workers: int | None,
    errors: Errors,
) -> LightCurves[Errors]:
    if copies:
        session.require_files()
    return LightCurves(session.root, copies, preferred, workers, errors)


def _preferred(catalog: ReadOnlyCatalog) -> dict[str, tuple[str, ...]]:
    """Return each collection's own choice of columns of magnitudes, best first."""
    found = run_query(catalog, _PREFERRED).rows
    return {
        str(collection): tuple(name.strip() for name in str(names).split(","))
        for collection, names in found
        if names is not None
    }
