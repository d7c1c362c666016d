"""The mirror for Python programs: `lccmirror.open`, and what it gives.

Everything here only reads the mirror's folder: it needs no network, no daemon and no write
permission, and never changes anything.
"""

from ..query.status import Status
from .collections import Collection, Collections, UnknownName
from .columns import Column
from .curves import LightCurves, MirroredLightCurve, Periods, Unreadable
from .dataset_list import Datasets
from .datasets import Dataset
from .mirror import Mirror
from .objects import MirroredObject
from .rows import Rows
from .searches import Search, Searches, SearchRun

__all__ = [
    "Collection",
    "Collections",
    "Column",
    "Dataset",
    "Datasets",
    "LightCurves",
    "Mirror",
    "MirroredLightCurve",
    "MirroredObject",
    "Periods",
    "Rows",
    "Search",
    "SearchRun",
    "Searches",
    "Status",
    "UnknownName",
    "Unreadable",
]
