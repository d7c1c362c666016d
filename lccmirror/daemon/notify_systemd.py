"""Tell systemd how the daemon is: the notify protocol, a datagram at a time.

See sd_notify(3). Without ``NOTIFY_SOCKET`` in the environment nothing is sent.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ..names import printable

log = logging.getLogger(__name__)


class Notifier:
    """Tells systemd.

    Parameters
    ----------
    address
        ``NOTIFY_SOCKET``; None to tell nobody.
    monotonic
        CLOCK_MONOTONIC in seconds, which systemd compares with its own.
    """

    def __init__(
        self, address: str | None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        # "@" stands for the NUL of an abstract address.
        self._address = "\0" + address[1:] if address and address[0] == "@" else address
        self._monotonic = monotonic
        self._status = ""

    def ready(self) -> None:
        """Everything is set up, or set up again."""
        self._send("READY=1")

    def reloading(self) -> None:
        """The configuration is being read again; `ready` ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={int(self._monotonic() * 1e6)}")

    def stopping(self) -> None:
        """It will end."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """Say what it does, for ``systemctl status``; the same again is not sent."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={printable(text, 200)}")

    def watchdog(self) -> None:
        """It lives and moves."""
        self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(1.0)
                sender.sendto(message.encode(), self._address)
        except OSError as error:
            log.debug("systemd cannot be told %s: %s", message.partition("\n")[0], error)


def watchdog_s(environ: Mapping[str, str], pid: int) -> float | None:
    """Return within how many seconds systemd wants to hear of this process, if at all."""
    text = environ.get("WATCHDOG_USEC", "")
    for_pid = environ.get("WATCHDOG_PID", str(pid))
    if not text.isdecimal() or for_pid != str(pid) or int(text) == 0:
        return None
    return int(text) / 1e6


def under_systemd(environ: Mapping[str, str], stderr: int) -> bool:
    """Whether what is written to the descriptor `stderr` goes to the journal."""
    device, _, inode = environ.get("JOURNAL_STREAM", "").partition(":")
    if not (device.isdecimal() and inode.isdecimal()):
        return False
    try:
        status = Path(f"/proc/self/fd/{stderr}").stat()
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == (int(device), int(inode))
