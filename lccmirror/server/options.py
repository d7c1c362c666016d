"""How a client behaves, in one record."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .. import __version__
from .retry import RetryPolicy
from .transport import TransportOptions


@dataclass(frozen=True)
class ClientOptions:
    """How a client behaves.

    Parameters
    ----------
    requests_per_minute
        The steady rate, after a burst of at most 20.
    connect_timeout_s, read_timeout_s
        For the connection, and for each wait for the server's next bytes.
    retry
        What is tried again, and how long.
    contact
        Goes into the ``User-Agent``: where the server's owner can reach us.
    trust_env
        Whether the environment's proxies are used.
    proxy
        The URL of a proxy that everything goes through.
    ca_file
        Certificates to trust in place of the usual ones.
    anonymous_fallback
        Whether to go on anonymously when an account's key is no longer good.
    renew_before_s
        How long before its end an anonymous key is renewed.
    max_json, max_stream
        The largest JSON answer, and the largest answer of a search, in bytes.
    search_total_s
        The longest time for one search's answer.
    spool_folder
        Where large answers wait to be read; the system's temporary folder if None.
    bandwidth
        Bytes per second for all downloads together; None for no ceiling.
    """

    requests_per_minute: float = 300.0
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    contact: str | None = None
    trust_env: bool = False
    proxy: str | None = None
    ca_file: Path | None = None
    anonymous_fallback: bool = True
    renew_before_s: float = 3600.0
    max_json: int = 1024 * 1024 * 1024
    max_stream: int = 64 * 1024 * 1024
    search_total_s: float = 900.0
    spool_folder: Path | None = None
    bandwidth: float | None = None

    def transport(self) -> TransportOptions:
        """Return the part of it that is about connections."""
        contact = f" (+{self.contact})" if self.contact else ""
        return TransportOptions(
            connect_timeout_s=self.connect_timeout_s,
            read_timeout_s=self.read_timeout_s,
            user_agent=f"lccmirror/{__version__}{contact}",
            trust_env=self.trust_env,
            proxy=self.proxy,
            ca_file=self.ca_file,
        )
