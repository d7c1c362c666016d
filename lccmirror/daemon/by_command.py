"""Tell somebody by a command, which gets the message on its standard input."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time

from ..names import printable
from .undelivered import NotDelivered

_SHOWN = 300
_PIECE = 65_536
_STEP_S = 0.05
# What systemd tells a service is not for its commands.
_OURS = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "CREDENTIALS_DIRECTORY")


def run_command(command: tuple[str, ...], content: bytes, limit_s: float) -> None:
    """Run `command` with `content` on its standard input.

    Nothing of it touches the disk, and nobody can make us wait: neither by not reading, nor
    by writing without end, nor by a child that lives on with our pipe.

    Raises
    ------
    NotDelivered
        If it cannot be started, fails, or takes longer than `limit_s` seconds; then it is
        killed with its children.
    """
    name = printable(command[0])
    environ = {key: value for key, value in os.environ.items() if key not in _OURS}
    given = os.memfd_create("announcement")
    try:
        with open(given, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(given, 0, os.SEEK_SET)
        process = subprocess.Popen(
            command,
            stdin=given,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environ,
            cwd="/",
            # With a group of its own, so that its children end with it.
            start_new_session=True,
        )
    except OSError as error:
        raise NotDelivered(f"{name} cannot be started: {error.strerror}") from None
    finally:
        os.close(given)
    assert process.stderr is not None
    with process.stderr as said:
        words = _last_words(process, said.fileno(), limit_s)
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise NotDelivered(f"{name} took longer than {limit_s:g} s")
    if process.returncode != 0:
        text = printable(words.decode("utf-8", "replace").strip())
        raise NotDelivered(
            f"{name} ended with {process.returncode}{': ' if text else ''}{text}"
        )


def _last_words(process: subprocess.Popen[bytes], said: int, limit_s: float) -> bytes:
    """Read what a process says until it ends or its time is over; return the last of it."""
    end = time.monotonic() + limit_s
    words, is_open = b"", True
    while True:
        ended = process.poll() is not None
        # Whoever else has the pipe may go on for ever: after the end only what is there.
        step_s = 0.0 if ended else _STEP_S
        if is_open and select.select([said], [], [], step_s)[0]:
            piece = os.read(said, _PIECE)
            words, is_open = (words + piece)[-_SHOWN:], bool(piece)
        elif not ended and not is_open:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STEP_S)
        if ended or time.monotonic() >= end:
            return words
