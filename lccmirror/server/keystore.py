"""API keys on disk: files that only their owner can read, made so from the start."""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from ..credentials import is_credential
from ..durable import flush_file, flush_folder
from ..errors import ConfigError
from .secret import Secret
from .urls import Origin

Kind = Literal["anonymous", "account"]
_LARGEST_FILE = 64 * 1024
_READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


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
            If others can read the file.
        """
        path = self.path(origin, kind)
        try:
            text = _read_private(path)
        except FileNotFoundError:
            return None
        try:
            return _parse(text, kind, str(origin))
        except ValueError:
            if kind == "account":
                raise ConfigError(
                    f"not an API key: {path}", hint="lccmirror key import FILE"
                ) from None
            return None  # an anonymous key costs one request to replace

    def save(self, key: ApiKey, origin: Origin) -> Path:
        """Store `key`, whole or not at all, and return its file."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder_mode = stat.S_IMODE(self.folder.stat().st_mode)
        if folder_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ConfigError(
                f"others can write to the folder of API keys: {self.folder}",
                hint=f"chmod 700 {self.folder}",
            )
        path = self.path(origin, key.kind)
        content = {
            "apikey": key.value.reveal(),
            "expires": None if key.expires is None else key.expires.isoformat(),
            "kind": key.kind,
            "origin": key.origin,
        }
        _write_private(path, json.dumps(content).encode())
        return path

    def import_file(self, path: Path, origin: Origin) -> ApiKey:
        """Store the account key in `path` (see `read_key_file`) and return it."""
        key = read_key_file(path, origin)
        self.save(key, origin)
        return key

    def remove(self, origin: Origin, kind: Kind) -> None:
        """Forget the stored key of one kind."""
        self.path(origin, kind).unlink(missing_ok=True)


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
        text = _read_private(path)
    except OSError as error:
        raise ConfigError(f"cannot read the API key file {path}: {error.strerror}") from None
    try:
        return _parse(text, "account", str(origin))
    except ValueError:
        raise ConfigError(
            f"not an API key: {path}",
            hint='it should hold the server\'s {"apikey": …, "expires": …}',
        ) from None


def parse_time(text: object) -> datetime | None:
    """Return a time of the server's, which is UTC with or without ``Z``, or None."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


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
    answer = json.loads(stripped)
    inner = answer.get("result")
    fields = inner if isinstance(inner, dict) else answer
    value = Secret(key_text(fields.get("apikey")))
    return ApiKey(value, parse_time(fields.get("expires")), kind, origin)


def _read_private(path: Path) -> str:
    """Read a file that only its owner may read; asked of the open file, not of its name."""
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & _READABLE_BY_OTHERS and not is_credential(path):
            raise ConfigError(
                f"others can read the API key file {path} (mode {mode:04o})",
                hint=f"chmod 600 {path}",
            )
        return file.read(_LARGEST_FILE).decode("utf-8", "replace")


def _write_private(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            # a umask can only take bits away, but a folder's default ACL can add some
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            flush_file(file)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)
