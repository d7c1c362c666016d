"""`DemoServer`: an LCC-Server inside this process.

It speaks either dialect on a free port of 127.0.0.1, holds two collections of synthetic
variable stars, and can be asked by a test for the truth behind everything it serves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from random import Random
from types import TracebackType
from typing import Self

from .arguments import SearchRequest, parse_search
from .backend import ANONYMOUS_USER, Dataset, Requester, SearchStep, utc
from .dialects import Dialect, dataset_json, zip_path
from .handlers import LccApplication
from .keys import KeyDesk
from .memory import MemoryBackend
from .searcher import Fate
from .surveys import Survey, Value, demo_surveys
from .web import Exchange, Hook, Request, WebServer

_DAY_S = 86400.0
_LIFETIME_S = {"running": 7 * _DAY_S, "documented": _DAY_S}
_HOUSE = Requester("the demo itself")


class DemoServer:
    """An embedded LCC-Server.

    Parameters
    ----------
    dialect
        ``running`` (lccserver 0.2.7) or ``documented`` (the API of 2018).
    seed
        Everything that is made up follows from it.
    clock
        POSIX seconds; for keys, times of datasets and files, and the rate limit.
    objects, points
        Objects in each collection; the fewest and most points of a light curve.
    surveys
        Other collections than the demo's two.
    rate_limit
        Whether to limit requests per key.
    key_lifetime_s
        By default that of the dialect.
    rows_per_page, lczip_max_nrows
        Site settings, for datasets made from now on.
    hook
        See `web.WebServer`.

    Examples
    --------
    >>> with DemoServer(objects=5, points=(5, 9)) as server:
    ...     setid = server.make_dataset("columnsearch", filters="(ndet gt 0)")
    ...     len(server.truth(setid))
    10
    """

    def __init__(
        self,
        *,
        dialect: Dialect = "running",
        seed: int = 1,
        clock: Callable[[], float] = time.time,
        objects: int = 150,
        points: tuple[int, int] = (300, 600),
        surveys: Sequence[Survey] | None = None,
        rate_limit: bool = False,
        key_lifetime_s: float | None = None,
        rows_per_page: int = 500,
        lczip_max_nrows: int = 500,
        hook: Hook | None = None,
    ) -> None:
        random = Random(seed)
        self.dialect = dialect
        self._clock = clock
        self._client_address: str | None = None
        self._backend = MemoryBackend(
            surveys if surveys is not None else demo_surveys(seed, objects, points),
            clock,
            random,
            rows_per_page=rows_per_page,
            lczip_max_nrows=lczip_max_nrows,
        )
        lifetime = _LIFETIME_S[dialect] if key_lifetime_s is None else key_lifetime_s
        self.keys = KeyDesk(clock, Random(f"keys {seed}"), lifetime, limited=rate_limit)
        application = LccApplication(
            self._backend, self.keys, dialect, lambda: utc(clock()), self._address
        )
        self.web = WebServer(application, clock, hook)

    # The server itself

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return self.web.url

    @property
    def requests(self) -> list[Exchange]:
        """Every request so far, in the order of arrival."""
        return self.web.requests

    def start(self) -> None:
        """Begin to serve."""
        self.web.start()

    def close(self) -> None:
        """Stop, and leave nothing behind."""
        self.web.close()
        self._backend.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # What is there

    @property
    def surveys(self) -> Sequence[Survey]:
        """The collections."""
        return self._backend.collections()

    def dataset(self, setid: str) -> Dataset:
        """Return a dataset as it is now; `KeyError` if there is none."""
        found = self._backend.dataset(setid)
        if found is None:
            raise KeyError(setid)
        return found

    def datasets(self) -> Sequence[Dataset]:
        """Return every complete dataset, the latest first, whoever may see it."""
        return self._backend.datasets()

    def truth(self, setid: str) -> list[dict[str, Value]]:
        """Return every row of a dataset as the server's database has it."""
        dataset = self.dataset(setid)
        return [dict(zip(dataset.columns, row, strict=True)) for row in dataset.rows]

    def product(self, setid: str, kind: str) -> bytes:
        """Return the exact bytes of a product.

        Parameters
        ----------
        kind
            ``csv``, ``pickle``, ``lczip`` or ``json`` (the first page, to an anonymous
            stranger).
        """
        dataset = self.dataset(setid)
        if kind == "json":
            stranger = Requester("a stranger")
            return dataset_json(
                self.dialect, dataset, stranger, page=1, rows=dataset.page(1), strformat=False
            )
        paths = {
            "csv": f"/d/dataset-{setid}.csv",
            "pickle": f"/d/dataset-{setid}.pkl.gz",
            "lczip": zip_path(dataset),
        }
        return self.file(paths[kind])

    def file(self, path: str) -> bytes:
        """Return the exact bytes at a URL path (``/d/…``, ``/p/…``, ``/l/…``, ``/c/…``)."""
        served = self._backend.file(path)
        if served is None:
            raise KeyError(path)
        content = served.content
        return content if isinstance(content, bytes) else content.read_bytes()

    # Making and changing datasets

    def make_dataset(
        self,
        service: str = "columnsearch",
        *,
        visibility: str = "public",
        columns: Iterable[str] = ("sdssr", "objtype", "starname", "remarks", "varflag"),
        collections: Iterable[str] = (),
        session: str | None = None,
        **form: str,
    ) -> str:
        """Run a search directly and return the setid of the dataset it made.

        Parameters
        ----------
        session
            The session it shall belong to (`keys.issue(…, session=…)` makes a key for
            one); nobody's by default.
        form
            The service's own fields (``filters``, ``coords``, ``ftstext``, ``xmq`` …); a
            column search without filters takes every object.
        """
        if service == "columnsearch":
            form.setdefault("filters", "(ndet gt 0)")
        fields = {name: [value] for name, value in form.items()}
        fields |= {"visibility": [visibility], "columns[]": list(columns)}
        fields["collections[]"] = list(collections)
        who = Requester(session) if session else _HOUSE
        return self._run(parse_search(service, fields), who)

    def _run(self, request: SearchRequest, who: Requester) -> str:
        last: SearchStep | None = None
        for step in self._backend.search(request, who):
            last = step
        assert last is not None
        if last.kind == "too many rows":
            self.advance(last.setid)
        elif last.kind != "done":
            raise ValueError(f"the search ended as: {last.kind}")
        return last.setid

    def change_visibility(self, setid: str, visibility: str) -> None:
        """Change who may see a dataset; it moves to the top of the list."""
        self._backend.shelf.change(setid, visibility=visibility)

    def delete(self, setid: str) -> None:
        """Remove a dataset and its files, as only the site's staff can."""
        self._backend.shelf.remove(setid)

    def remake_zip(self, setid: str) -> None:
        """Write a dataset's ZIP again: other bytes, a new Last-Modified, the old ETag."""
        self._backend.shelf.remake_zip(setid)

    def next_search(self, fate: Fate) -> None:
        """Say how the next search shall go (timeout, crash); several calls queue up."""
        self._backend.searcher.next_search(fate)

    def advance(self, setid: str | None = None) -> bool:
        """Let one step happen in the background; whether anything happened."""
        return self._backend.searcher.advance(setid)

    # Keys

    def account_key(self, user_id: int = 5) -> str:
        """Return a key of an account, as its owner would download it."""
        if user_id == ANONYMOUS_USER:
            raise ValueError("that user is everybody")
        address = self._client_address or "127.0.0.1"
        return self.keys.issue(address, user_id=user_id)[0]

    def move_client(self, address: str) -> None:
        """From now on the client comes from another address: its keys are refused."""
        self._client_address = address

    def _address(self, request: Request) -> str:
        return self._client_address or request.address
