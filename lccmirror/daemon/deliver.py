"""Bring a message to somebody: by a command or a webhook, within a time limit.

A webhook's address is as good as a password: no error and no log line of this module has it,
nor what a library says of it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import ssl
import stat
import subprocess
import tempfile
import urllib.error
import urllib.request
from email.message import Message
from http.client import HTTPException
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from .. import __version__
from ..config_values import webhook
from ..credentials import is_credential
from ..errors import LccMirrorError, UsageError
from ..names import printable

if TYPE_CHECKING:
    from pathlib import Path

    from ..config import NotifyConfig

_LARGEST_ADDRESS = 4096
_SHOWN = 300
# What systemd tells a service is not for its commands.
_OURS = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "CREDENTIALS_DIRECTORY")


class NotDelivered(LccMirrorError):
    """A message did not reach somebody; the message has no address in it."""


def deliver(recipient: NotifyConfig, content: bytes) -> None:
    """Bring `content`, a JSON object, to somebody.

    Raises
    ------
    NotDelivered
        If that did not work, or not in time.
    """
    if recipient.command:
        _run(recipient.command, content, recipient.time_limit_s)
        return
    address: str | None = recipient.url
    if address is None:
        assert recipient.url_file is not None
        address = read_address(recipient.url_file)
    _post(address, content, recipient.time_limit_s)


def read_address(path: Path) -> str:
    """Read a webhook's address from a file that only its owner may read.

    Raises
    ------
    NotDelivered
        If that cannot be done.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077 and not is_credential(path):
                raise NotDelivered(f"others can read {path}", hint=f"chmod 600 {path}")
            text = file.read(_LARGEST_ADDRESS).decode("utf-8", "replace")
    except OSError as error:
        raise NotDelivered(f"cannot read {path}: {error.strerror}") from None
    try:
        return webhook(text)
    except UsageError as error:
        raise NotDelivered(f"{path}: {error.message}") from None


def _run(command: tuple[str, ...], content: bytes, limit_s: float) -> None:
    name = printable(command[0])
    environ = {key: value for key, value in os.environ.items() if key not in _OURS}
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=environ,
                cwd="/",
                # With a group of its own, so that its children end with it.
                start_new_session=True,
            )
        except OSError as error:
            raise NotDelivered(f"{name} cannot be started: {error.strerror}") from None
        try:
            process.communicate(content, timeout=limit_s)
        except subprocess.TimeoutExpired:
            raise NotDelivered(f"{name} took longer than {limit_s:g} s") from None
        finally:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        if process.returncode != 0:
            raise NotDelivered(f"{name} ended with {process.returncode}{_last_words(said)}")


def _last_words(said: IO[bytes]) -> str:
    said.seek(0, os.SEEK_END)
    said.seek(max(0, said.tell() - _SHOWN))
    text = printable(said.read().decode("utf-8", "replace").strip())
    return f": {text}" if text else ""


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a redirect that keeps the method, on the same host, and no other."""

    def redirect_request(  # noqa: PLR0913, RUF100 -- the library's signature
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message[str, str],
        newurl: str,
    ) -> urllib.request.Request | None:
        target = urljoin(req.full_url, newurl)
        if code not in (307, 308) or _origin(target) != _origin(req.full_url):
            fp.close()
            raise NotDelivered(f"the webhook answers {code}, to go elsewhere")
        return urllib.request.Request(  # noqa: S310 -- of the origin that was configured
            target, data=req.data, headers=dict(req.header_items()), method="POST"
        )


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _post(url: str, content: bytes, limit_s: float) -> None:
    request = urllib.request.Request(  # noqa: S310 -- `webhook` lets only http and https pass
        url,
        data=content,
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"lccmirror/{__version__}",
        },
    )
    # Not `requests`: the debug log of what is below it has every address.
    opener = urllib.request.build_opener(_SameHost)
    try:
        answer: Any
        with opener.open(request, timeout=limit_s) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        with error:
            status = error.code
    except (OSError, HTTPException, ValueError) as error:
        raise NotDelivered(f"the webhook cannot be reached: {_reason(error)}") from None
    if not 200 <= status < 300:
        raise NotDelivered(f"the webhook answers {status}")


def _reason(error: BaseException) -> str:
    """Say what went wrong in words of the system, which know no address."""
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(inner, TimeoutError):
        return "it took too long"
    if isinstance(inner, ssl.SSLError):
        return f"TLS: {inner.reason}"
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    return type(inner).__name__
