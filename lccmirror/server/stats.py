"""Counters of what the client did, for the summary line and the metrics."""

from __future__ import annotations

import threading


class Stats:
    """Counts shared by all threads of one client; they only grow.

    Attributes
    ----------
    requests
        Requests sent, redirects and retries included.
    bytes_received
        Bytes of bodies as they came, before any decompression.
    renewals
        Keys fetched from the server.
    not_modified
        Answers 304.
    retries
        Requests that were sent again after a failure.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests = 0
        self.bytes_received = 0
        self.renewals = 0
        self.not_modified = 0
        self.retries = 0

    def add(
        self,
        *,
        requests: int = 0,
        bytes_received: int = 0,
        renewals: int = 0,
        not_modified: int = 0,
        retries: int = 0,
    ) -> None:
        """Add to the counters, all at once for other threads."""
        with self._lock:
            self.requests += requests
            self.bytes_received += bytes_received
            self.renewals += renewals
            self.not_modified += not_modified
            self.retries += retries

    def snapshot(self) -> dict[str, int]:
        """Return the counters as they are together at this moment."""
        with self._lock:
            return {
                "requests": self.requests,
                "bytes_received": self.bytes_received,
                "renewals": self.renewals,
                "not_modified": self.not_modified,
                "retries": self.retries,
            }
