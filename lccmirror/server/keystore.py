"""API keys on disk: files that only their owner can read, made so from the start."""

from __future__ import annotations

import errno
import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from .. import foreign_json
from ..durable import make_folder, remove, write_private
from ..errors import ConfigError
from ..owners import is_root_abroad, nearest_folder, owner_told
from ..private import check_private_folder, read_private
from .secret import Secret
from .urls import Origin

Kind = Literal["anonymous", "account"]
_LARGEST_FILE = 64 * 1024


@dataclass(frozen=True)
class ApiKey:
    """A key for one site.

    Parameters
    ----------
    value
        The key itself.
    expires
        When it ends, where the server said so.
    kind
        ``anonymous``: made by the server for anyone, and replaced by us before it ends.
        ``account``: somebody's own, brought by them; never replaced by us.
    origin
        The URL of the site that made it.
    """

    value: Secret
    expires: datetime | None
    kind: Kind
    origin: str


class KeyStore:
    """The folder of keys, one file per site and kind.

    Parameters
    ----------
    folder
        Made with mode 0700 when first written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, origin: Origin, kind: Kind) -> Path:
        """Return the file of a site's key of one kind."""
        host = re.sub(r"[^a-z0-9.-]", "_", origin.host)[:80]
        # two prefixes on one host are two sites
        digest = sha256(str(origin).encode()).hexdigest()[:8]
        return self.folder / f"{kind}-{host}-{origin.port}-{digest}.json"

    def load(self, origin: Origin, kind: Kind) -> ApiKey | None:
        """Return the stored key, or None if there is none that can be understood.

        Raises
        ------
        ConfigError
            If others can read the file, or put another in its place.
        """
        path = self.path(origin, kind)
        try:
            text = _read(path, links=False)
            check_private_folder(self.folder, "API keys")
        except FileNotFoundError:
            return None
        except OSError as error:
            if kind == "account":
                raise _unreadable(path, error) from None
            return None  # root's, mostly: what replaces it will be ours
        try:
            return _parse(text, kind, str(origin))
        except ValueError:
            if kind == "account":
                raise ConfigError(
                    f"not an API key: {path}", hint="lccmirror key import FILE"
                ) from None
            return None  # an anonymous key costs one request to replace

    def save(self, key: ApiKey, origin: Origin) -> Path:
        """Store `key`, whole or not at all, and return its file.

        Raises
        ------
        ConfigError
            As `require_place`.
        """
        self.require_place()
        make_folder(self.folder, mode=0o700)
        check_private_folder(self.folder, "API keys")
        path = self.path(origin, key.kind)
        content = {
            "apikey": key.value.reveal(),
            "expires": None if key.expires is None else key.expires.isoformat(),
            "kind": key.kind,
            "origin": key.origin,
        }
        write_private(path, json.dumps(content).encode())
        return path

    def require_place(self) -> None:
        """Make sure that a key can be kept, before one is asked for.

        Raises
        ------
        ConfigError
            If it cannot, by this user, or must not be.
        """
        require_own_folder(self.folder, os.geteuid())
        existing = nearest_folder(self.folder)
        if not os.access(existing, os.W_OK | os.X_OK):
            raise ConfigError(
                f"no key can be kept in {self.folder}: this user may not write in {existing}",
                hint="run it as its owner, or name another folder as [keys] dir",
            )
        if existing == self.folder:
            check_private_folder(self.folder, "API keys")

    def import_file(self, path: Path, origin: Origin) -> ApiKey:
        """Store the account key in `path` (see `read_key_file`) and return it."""
        key = read_key_file(path, origin)
        self.save(key, origin)
        return key

    def remove(self, origin: Origin, kind: Kind) -> None:
        """Forget the stored key of one kind."""
        if self.folder.is_dir():
            remove(self.path(origin, kind))


def require_own_folder(folder: Path, euid: int) -> None:
    """Make sure that root does not keep keys where their user could not read them.

    Raises
    ------
    ConfigError
        If the user `euid` is root, and the folder, or what is to hold it, is not root's.
    """
    existing = nearest_folder(folder)
    status = existing.stat()
    if is_root_abroad(status, euid):
        owner, hint = owner_told(status)
        raise ConfigError(
            f"{existing} belongs to {owner}: an API key of root there is closed to them",
            hint=hint,
        )


def read_key_file(path: Path, origin: Origin) -> ApiKey:
    """Read an account's key from the file the user keeps it in.

    The file is the server's JSON as it hands it out, or its ``result`` alone, or nothing
    but the key.

    Raises
    ------
    ConfigError
        If it is not there, not a key, or others can read it.
    """
    try:
        text = _read(path, links=True)
    except OSError as error:
        raise _unreadable(path, error) from None
    try:
        return _parse(text, "account", str(origin))
    except ValueError:
        raise ConfigError(
            f"not an API key: {path}",
            hint='it should hold the server\'s {"apikey": …, "expires": …}',
        ) from None


def _unreadable(path: Path, error: OSError) -> ConfigError:
    hint = "it must be this user's own: see ls -l" if error.errno == errno.EACCES else None
    return ConfigError(f"cannot read the API key file {path}: {error.strerror}", hint=hint)


def parse_time(text: object) -> datetime | None:
    """Return a time of the server's, which is UTC with or without ``Z``, or None."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        # the second: a zone can move a time out of the years that there are
        return None


def key_text(text: object) -> str:
    """Return `text` if it can be a key, that is, stand in a header.

    Raises
    ------
    ValueError
        If it cannot.
    """
    if isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9._~+/=:-]{8,4096}", text):
        return text
    raise ValueError("not an API key")


def _parse(text: str, kind: Kind, origin: str) -> ApiKey:
    stripped = text.strip()
    if not stripped.startswith("{"):
        return ApiKey(Secret(key_text(stripped)), None, kind, origin)
    answer = foreign_json.load(stripped)
    inner = answer.get("result")
    fields = inner if isinstance(inner, dict) else answer
    value = Secret(key_text(fields.get("apikey")))
    return ApiKey(value, parse_time(fields.get("expires")), kind, origin)


def _read(path: Path, *, links: bool) -> str:
    content = read_private(path, _LARGEST_FILE, what="API key file", links=links)
    return content.decode("utf-8", "replace")
