"""URLs: built from the configured origin and checked names, and from nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from ..errors import ConfigError, FormatError
from ..names import checked_component, checked_setid

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Origin:
    """Where an LCC-Server is: scheme, host, port and the site's prefix.

    Parameters
    ----------
    scheme
        ``http`` or ``https``.
    host
        In lower case; an IPv6 address without brackets.
    port
        The port.
    prefix
        ``""``, or the path under which the site lives: ``/lcc``.
    """

    scheme: str
    host: str
    port: int
    prefix: str = ""

    @classmethod
    def parse(cls, url: str) -> Origin:
        """Read the URL of a site.

        Raises
        ------
        ConfigError
            If it is not an http or https URL, or has a password, query or fragment.
        """
        hint = "it should look like https://data.example.org or https://example.org/lcc"
        if not url.isascii() or not url.isprintable() or " " in url:
            raise ConfigError("the server's URL has characters no URL may have", hint=hint)
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ConfigError(f"not a URL: {redacted(url)}", hint=hint) from None
        if parts.username is not None or parts.password is not None:
            raise ConfigError("the server's URL must not hold a user or password", hint=hint)
        if parts.scheme not in _PORTS or not parts.hostname or port == 0:
            raise ConfigError(f"not the URL of a server: {url}", hint=hint)
        if parts.query or parts.fragment:
            raise ConfigError(f"the server's URL must end with its path: {url}", hint=hint)
        return cls(
            parts.scheme,
            parts.hostname.lower(),
            port if port is not None else _PORTS[parts.scheme],
            parts.path.rstrip("/"),
        )

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.prefix}"

    def url(self, path: str) -> str:
        """Return the URL of a path of this module."""
        return f"{self}{path}"

    def holds(self, url: str) -> bool:
        """Whether `url` is of this very site: scheme, host, port and prefix."""
        try:
            parts = urlsplit(url)
            port = _PORTS.get(parts.scheme, 0) if parts.port is None else parts.port
        except ValueError:
            return False
        return (
            (parts.scheme, (parts.hostname or "").lower(), port)
            == (self.scheme, self.host, self.port)
            and parts.username is None
            and _under(parts.path, self.prefix)
        )


def _under(path: str, prefix: str) -> bool:
    if not prefix:
        return True
    return (path == prefix or path.startswith(f"{prefix}/")) and "/../" not in f"{path}/"


def redacted(url: str) -> str:
    """Return `url` fit for a message: without user, password and query."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "(an URL that cannot be read)"
    query = "…" if parts.query else ""
    return SplitResult(parts.scheme, host, parts.path, query, "").geturl()


def csv_path(setid: str) -> str:
    """Return the path of a dataset's CSV."""
    return f"/d/dataset-{checked_setid(setid)}.csv"


def pickle_path(setid: str) -> str:
    """Return the path of a dataset's pickle (bytes to keep, never to load)."""
    return f"/d/dataset-{checked_setid(setid)}.pkl.gz"


def lczip_path(setid: str) -> str:
    """Return the path of a dataset's ZIP of light curves."""
    return f"/p/lightcurves-{checked_setid(setid)}.zip"


def lightcurve_path(collection_id: str, file: str) -> str:
    """Return the path of a single light curve; `collection_id` is the path form."""
    return (
        f"/l/{checked_component(collection_id, 'collection ID')}"
        f"/{quote(checked_component(file, 'light-curve file name'))}"
    )


def lcformat_path(collection_id: str) -> str:
    """Return the path of a collection's light-curve format description."""
    return f"/c/{checked_component(collection_id, 'collection ID')}/lcformat-description.json"


def dataset_path(setid: str) -> str:
    """Return the path of a dataset's page."""
    return f"/set/{checked_setid(setid)}"


def checked_path(path: str) -> str:
    """Return `path` if it is plain, absolute and without a step upwards.

    Raises
    ------
    FormatError
        Otherwise: a path that came from elsewhere than this module.
    """
    steps = path.split("/")
    lowered = path.lower()
    if (
        steps[0]
        or not all(steps[1:])
        or any(step in {".", ".."} for step in steps)
        or not (path.isascii() and path.isprintable())
        or any(bad in lowered for bad in ("?", "#", "\\", " ", "%2f", "%2e"))
    ):
        raise FormatError("not a path on the server")
    return path
