"""The LCC-Server's API: keys, lists, datasets, searches, files.

`LccClient` is the way in; it knows both dialects of the API and nothing of a mirror.

Examples
--------
>>> from lccmirror.server import ConeSearch, LccClient
>>> with LccClient("https://data.example.org") as client:  # doctest: +SKIP
...     for event in client.search(ConeSearch((290.0, 45.0), radius_arcmin=10)):
...         print(event.message)
"""

from .answers import DatasetAnswer, DatasetsAnswer
from .client import LccClient
from .downloaded import Downloaded
from .downloads import discard
from .keys import KeyEvent
from .keystore import ApiKey, KeyStore, read_key_file
from .options import ClientOptions
from .retry import Retry, RetryPolicy
from .searches import (
    ColumnSearch,
    ConeSearch,
    FulltextSearch,
    Search,
    SearchOptions,
    XmatchSearch,
)
from .secret import Secret
from .sidecar import same_version
from .streams import Background, Finished, NoMatch, Queued, Running, SearchEvent
from .timing import Timing
from .urls import (
    Origin,
    csv_path,
    lcformat_path,
    lczip_path,
    lightcurve_path,
    pickle_path,
)
from .wire import (
    Collection,
    CollectionsAnswer,
    Column,
    DatasetHeader,
    DatasetSummary,
    FileInfo,
    KeyStatus,
)

__all__ = [
    "ApiKey",
    "Background",
    "ClientOptions",
    "Collection",
    "CollectionsAnswer",
    "Column",
    "ColumnSearch",
    "ConeSearch",
    "DatasetAnswer",
    "DatasetHeader",
    "DatasetSummary",
    "DatasetsAnswer",
    "Downloaded",
    "FileInfo",
    "Finished",
    "FulltextSearch",
    "KeyEvent",
    "KeyStatus",
    "KeyStore",
    "LccClient",
    "NoMatch",
    "Origin",
    "Queued",
    "Retry",
    "RetryPolicy",
    "Running",
    "Search",
    "SearchEvent",
    "SearchOptions",
    "Secret",
    "Timing",
    "XmatchSearch",
    "csv_path",
    "discard",
    "lcformat_path",
    "lczip_path",
    "lightcurve_path",
    "pickle_path",
    "read_key_file",
    "same_version",
]
