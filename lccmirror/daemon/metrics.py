"""Numbers for Prometheus, at a loopback port or in a file for the node exporter.

And ``/healthz``, which says whether the mirror is up to date. The numbers are read by the
writer after each task; a scrape only shows the last ones, and never waits for the work.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..clock import Now, to_text
from ..errors import ConfigError
from .numbers import METRICS, Numbers

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family

log = logging.getLogger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_MODE = 0o644  # the node exporter is another user


class Board:
    """The last numbers read, for any thread."""

    def __init__(self) -> None:
        self.numbers: Numbers | None = None

    def text(self) -> bytes:
        """Return them in Prometheus' text format."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Collector(self.numbers))
        return generate_latest(registry)

    def health(self, now: datetime, max_age_s: float) -> tuple[bool, dict[str, Any]]:
        """Return whether the last good poll is young enough, and what to say of it."""
        polled = None if self.numbers is None else self.numbers.last_good_poll
        age_s = None if polled is None else (now - polled).total_seconds()
        good = age_s is not None and age_s <= max_age_s
        return good, {
            "status": "ok" if good else "stale",
            "last_good_poll": None if polled is None else to_text(polled),
            "age_seconds": age_s,
            "max_age_seconds": max_age_s,
        }


class _Collector:
    """What prometheus_client asks for the metrics."""

    def __init__(self, numbers: Numbers | None) -> None:
        self._values = {} if numbers is None else numbers.values

    def collect(self) -> Iterator[Family]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for metric in METRICS:
            labels = [] if metric.label is None else [metric.label]
            family: CounterMetricFamily | GaugeMetricFamily
            if metric.kind == "counter":
                family = CounterMetricFamily(metric.full_name, metric.help, labels=labels)
            else:
                family = GaugeMetricFamily(metric.full_name, metric.help, labels=labels)
            for label, number in self._values.get(metric.name, {}).items():
                family.add_metric([label] if labels else [], number)
            yield family


def require_client() -> None:
    """Make sure that the Prometheus library is there.

    Raises
    ------
    ConfigError
        If it is not, though ``[metrics]`` asks for it.
    """
    try:
        import prometheus_client  # noqa: F401 -- whether it can be imported is the question
    except ImportError:
        raise ConfigError(
            "[metrics] needs a library that is not installed",
            hint="pip install 'lccmirror[metrics]'",
        ) from None


class TextFile:
    """Writes the numbers to a file, whole or not at all; a failure is logged once."""

    def __init__(self, path: Path, board: Board) -> None:
        self._path = path
        self._board = board
        self._failing = False

    def write(self) -> None:
        """Replace the file."""
        temporary = self._path.with_name(f".{self._path.name}.new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(temporary, flags, _MODE), "wb") as file:
                # Whatever the umask is.
                os.fchmod(file.fileno(), _MODE)
                file.write(self._board.text())
            temporary.replace(self._path)
        except OSError as error:
            if not self._failing:
                log.warning("the metrics cannot be written: %s: %s", self._path, error.strerror)
            self._failing = True
        else:
            self._failing = False


class Exporter:
    """Serves ``/metrics`` and ``/healthz`` on loopback, in threads of its own."""

    def __init__(
        self, port: int, board: Board, now: Now, max_age_s: Callable[[], float]
    ) -> None:
        class Handler(_Handler):
            pages = _Pages(board, now, max_age_s)

        self._server = _Server(("127.0.0.1", port), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="metrics", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Serve nothing more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Note that somebody hung up; the library would write a traceback past the log."""
        log.debug("a reader of the metrics", exc_info=True)


class _Pages:
    def __init__(self, board: Board, now: Now, max_age_s: Callable[[], float]) -> None:
        self._board = board
        self._now = now
        self._max_age_s = max_age_s

    def page(self, path: str) -> tuple[int, str, bytes]:
        """Return status, type and body of a page."""
        if path == "/metrics":
            return 200, CONTENT_TYPE, self._board.text()
        if path == "/healthz":
            good, said = self._board.health(self._now(), self._max_age_s())
            return 200 if good else 503, "application/json", json.dumps(said).encode() + b"\n"
        return 404, "text/plain; charset=utf-8", b"/metrics and /healthz are here\n"


class _Handler(BaseHTTPRequestHandler):
    pages: _Pages
    timeout = 10
    server_version = "lccmirror"
    sys_version = ""

    def do_GET(self) -> None:
        status, kind, body = self.pages.page(self.path.partition("?")[0])
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 -- the same

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the library's name
        """Keep the log for the work."""
