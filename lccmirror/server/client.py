"""The LCC-Server's whole API as one object with a method for each service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..closing import Closing
from . import services, urls
from .answers import DatasetAnswer, DatasetsAnswer
from .budget import Bandwidth, RequestBudget
from .clock import ServerClock
from .downloaded import Downloaded
from .downloads import Download, Progress, download_whole
from .exchange import Exchange
from .keys import KeyEvent, KeyRing
from .keystore import ApiKey, KeyStore
from .options import ClientOptions
from .reply import Reply
from .retry import Retry
from .search_service import run_search
from .searches import Search
from .services import Desk
from .stats import Stats
from .streams import SearchEvent
from .timing import Timing
from .transport import Request, Transport
from .urls import Origin
from .wire import CollectionsAnswer, FileInfo, KeyStatus


class LccClient(Closing):
    """A client for one LCC-Server, for any number of threads.

    Parameters
    ----------
    url
        The site: ``https://data.example.org``, also with a prefix: ``https://host/lcc``.
    options
        How to behave.
    key_store
        Where API keys are kept between runs; None to keep them nowhere.
    account_key
        An account's key (see `read_key_file`); None to work anonymously.
    stop
        Ends every wait, with `Stopped`.
    on_key_event
        Called with what a person should know about the keys.
    on_retry
        Called before each wait for another try, from any thread.
    timing
        Clock, waiting and chance.

    Attributes
    ----------
    origin
        The site.
    stats
        Counters of requests, bytes, renewals, answers 304, and retries.
    """

    def __init__(
        self,
        url: str,
        options: ClientOptions | None = None,
        *,
        key_store: KeyStore | None = None,
        account_key: ApiKey | None = None,
        stop: threading.Event | None = None,
        on_key_event: Callable[[KeyEvent], None] | None = None,
        on_retry: Callable[[Retry], None] | None = None,
        timing: Timing | None = None,
    ) -> None:
        self.origin = Origin.parse(url)
        self.stats = Stats()
        options = options or ClientOptions()
        timing = timing or Timing()
        self._options = options
        self._stop = stop or threading.Event()
        self._budget = RequestBudget(options.requests_per_minute, timing)
        self._transport = Transport(
            self.origin, self._budget, options.transport(), timing, self.stats
        )
        self._clock = ServerClock(timing)
        self._exchange = Exchange(
            self._transport,
            self._budget,
            self._clock,
            options.retry,
            timing,
            self.stats,
            options.max_json,
            options.spool_folder,
            on_retry,
        )
        self._keys = KeyRing(
            self.origin,
            lambda stop: services.fetch_key(self._exchange, self.origin, stop),
            self._clock,
            timing,
            store=key_store,
            account=account_key,
            anonymous_fallback=options.anonymous_fallback,
            renew_before_s=options.renew_before_s,
            on_event=on_key_event,
        )
        self._desk = Desk(self._exchange, self._keys, self._stop)
        self._bandwidth = (
            None if options.bandwidth is None else Bandwidth(options.bandwidth, timing)
        )

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    @property
    def clock_offset_s(self) -> float | None:
        """Seconds that the server's clock is ahead of ours; None before its first answer."""
        return self._clock.offset_s

    def new_key(self) -> ApiKey:
        """Fetch a new anonymous key and use it from now on.

        An account's key stays in use as long as it is good.
        """
        return self._keys.renew(self._stop)

    def current_key(self) -> ApiKey:
        """Return the key that requests carry now, fetched if there is none yet."""
        return self._keys.get(self._stop)

    @property
    def key_in_use(self) -> ApiKey | None:
        """The key that requests carry now; None if there is none yet. Nothing is asked."""
        return self._keys.current

    def verify_key(self) -> KeyStatus:
        """Ask the server whether the key in use is good.

        Raises
        ------
        KeyRefused
            If it is not; it is not renewed for that.
        """
        return services.verify_key(self._desk, self._keys.get(self._stop))

    def collections(self, etag: str | None = None) -> CollectionsAnswer:
        """Return the collections.

        Parameters
        ----------
        etag
            Of an earlier answer: then the server may say that nothing has changed.
        """
        return services.collections(self._desk, self.origin, etag)

    def datasets(self, nsets: int = 25, etag: str | None = None) -> DatasetsAnswer:
        """Return the newest datasets, as a context manager.

        Parameters
        ----------
        nsets
            How many the server looks at, before it leaves out those we may not see; -1 for
            all. The documented server has a cap of 1,000, the running one has none.
        etag
            Of an earlier answer: then the server may say that nothing has changed.
        """
        if nsets == 0:
            raise ValueError("the server takes nsets=0 for an error")
        return services.datasets(self._desk, nsets, etag)

    def dataset(self, setid: str, page: int = 1, *, strformat: bool = False) -> DatasetAnswer:
        """Return a page of a dataset, as a context manager.

        Parameters
        ----------
        setid
            The dataset.
        page
            From 1.
        strformat
            Values as formatted text, as in the CSV, in place of numbers.

        Raises
        ------
        NotFound
            If it is not there: also while its search still runs, and for ever if that
            search failed.
        PageNotReady
            If the server has not rendered the page in all the time we gave it.
        """
        if page < 1:
            raise ValueError("pages are counted from 1")
        return services.dataset(self._desk, setid, page, strformat=strformat)

    def object_info(
        self, objectid: str, collection: str, *, max_bytes: int | None = None
    ) -> dict[str, Any]:
        """Return all the server tells of an object, as it tells it.

        Parameters
        ----------
        objectid
            As in the column ``db_oid`` of results.
        collection
            Database ID of its collection.
        max_bytes
            The largest answer, which is held in memory; that of all JSON if None.

        Returns
        -------
        dict
            The documented items, as JSON has them; empty if the server has none.

        Raises
        ------
        NotFound
            If there is no such object, or nothing is known of it.
        ServerFault, CutShort
            At once: they are not tried again here.
        """
        return services.object_info(self._desk, objectid, collection, max_bytes)

    def search(self, search: Search) -> Iterator[SearchEvent]:
        """Run a search and yield its events as the server tells them.

        A search makes a dataset on the server, so it is sent again only when the server
        has certainly not begun it: no connection, a refused key, 429.

        Returns
        -------
        Iterator of SearchEvent
            Nothing is sent before the first is asked for. The first names the setid; the
            last is `Finished`, `Background` or `NoMatch`.

        Raises
        ------
        RequestRefused
            If the server refused the arguments.
        CutShort
            If the stream ended before its end: the dataset may come all the same.
        """
        return run_search(
            self._desk,
            search,
            total_s=self._options.search_total_s,
            max_bytes=self._options.max_stream,
        )

    def head(self, path: str) -> FileInfo:
        """Ask for a file's size and times.

        On the running server this makes it read the whole file once, to hash it.

        Parameters
        ----------
        path
            Of `urls`: `csv_path` and the others.
        """
        request = Request("HEAD", urls.checked_path(path), f"file {path}")

        def use(reply: Reply) -> FileInfo:
            with reply:
                headers = reply.headers
                return FileInfo(reply.length, headers.get("ETag"), headers.get("Last-Modified"))

        return self._exchange.run(lambda: request, use, self._ring_for(path), self._stop)

    def download(
        self,
        path: str,
        part: Path,
        *,
        expect: FileInfo | None = None,
        progress: Progress | None = None,
        admit: Callable[[int], None] | None = None,
        stop: threading.Event | None = None,
        max_bytes: int | None = None,
    ) -> Downloaded:
        """Fetch a file to `part`, going on where an earlier call broke off.

        Parameters
        ----------
        path
            Of `urls`: `csv_path` and the others.
        part
            Where the bytes go; ``<part>.json`` beside it says what they are of.
        expect
            The version that is wanted, as `head` told it.
        progress
            Called with the bytes on hand and the total (None if not told).
        admit
            Called with the bytes still to come, before they do; may raise `NoRoom`.
        stop
            Ends this download in place of the client's own; the part stays.
        max_bytes
            The largest file.

        Returns
        -------
        Downloaded
            Its hashes; `part` is flushed to the disk.

        Raises
        ------
        FileChanged
            If the server has another version than `expect`, or ever new ones.
        CutShort, Unreachable, ServerFault, RateLimited
            If it did not come whole in the time we gave it; the part stays.
        NoRoom, TooLarge, NotFound, AccessDenied
            As they say.
        """
        urls.checked_path(path)
        stop = stop or self._stop
        download = Download(
            path,
            part,
            expect=expect,
            progress=progress,
            admit=admit,
            stop=stop,
            max_bytes=max_bytes,
            bandwidth=self._bandwidth,
        )
        return download_whole(self._exchange, self._ring_for(path), download, stop)

    def _ring_for(self, path: str) -> KeyRing | None:
        # /c/ is the server's static folder: it looks at no key
        return None if path.startswith("/c/") else self._keys
