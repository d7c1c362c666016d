"""The genuine LCC-Server as a context manager: its two processes on loopback ports."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from tests.real import basedir as basedirs
from tests.real.environment import RealEnvironment
from tests.real.waiting import NeverHappened, wait_for

T = TypeVar("T")

HOST = "127.0.0.1"
READY_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0
# Between looking for a free port and listening on it, another program may take it.
STARTS_BEFORE_GIVING_UP = 3

_MODULES = {
    "authnzerver": "lccserver.authnzerver.main",
    "indexserver": "lccserver.frontend.indexserver",
}
_LISTENING = re.compile(r"Started (\w+)\. listening on http://[\d.]+:(\d+)")


class ServerFailed(Exception):
    """The server did not start, or not where it was told to; the text has its log's end."""


class PortTaken(ServerFailed):
    """A port was taken: the server would silently move to the next one."""


@dataclass(frozen=True)
class _Process:
    name: str
    port: int
    log: Path
    popen: subprocess.Popen[bytes]

    def signal(self, number: signal.Signals, *, whole_group: bool = False) -> None:
        """Signal the process we started, or the group that it leads."""
        with contextlib.suppress(ProcessLookupError):
            if whole_group:
                os.killpg(self.popen.pid, number)
            elif self.popen.poll() is None:
                self.popen.send_signal(number)

    def listening_port(self) -> int | None:
        """Return the port that its log says it listens on, once it says so."""
        found = _LISTENING.search(self.log.read_text(errors="replace"))
        return int(found[2]) if found else None

    def log_end(self, lines: int = 40) -> str:
        text = self.log.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([f"--- the last lines of {self.name}'s log", *text])


class RealServer:
    """A base directory being served, from ``start`` (or ``with``) to ``stop`` or ``kill``.

    Parameters
    ----------
    env
        The environment that has the server.
    basedir
        The base directory (see the module ``basedir``). Logs go to its ``.run``.
    port
        The port of the index server; any free one when None. It stays the same when the
        server is started again.
    workers
        How many background processes each of the two servers has.

    Attributes
    ----------
    url
        ``http://127.0.0.1:<port>``, once started.
    """

    def __init__(
        self, env: RealEnvironment, basedir: Path, port: int | None = None, workers: int = 2
    ) -> None:
        self.basedir = basedir.absolute()
        self._env = env
        self._port = port
        self._workers = workers
        self._running: list[_Process] = []
        self._starts = 0

    @property
    def url(self) -> str:
        """Return the server's address without a slash at its end."""
        return f"http://{HOST}:{self.port}"

    @property
    def port(self) -> int:
        """Return the index server's port."""
        if self._port is None:
            raise ServerFailed("the server was never started")
        return self._port

    @property
    def pids(self) -> dict[str, int]:
        """Return the running processes' ids, by name."""
        return {process.name: process.popen.pid for process in self._running}

    def start(self) -> Self:
        """Start both processes and wait until the server answers.

        Raises
        ------
        PortTaken
            If the port asked for, or that of an earlier start, is taken.
        ServerFailed
            If a process ends, or does not answer before a deadline.
        """
        if self._running:
            raise ServerFailed("the server already runs")
        fixed = self._port
        for last in (*([False] * (STARTS_BEFORE_GIVING_UP - 1)), True):
            try:
                self._start_once(fixed if fixed is not None else free_port())
            except PortTaken:
                self.kill()
                if last or fixed is not None:
                    raise
            except BaseException:
                self.kill()
                raise
            else:
                return self
        raise AssertionError("unreachable")

    def stop(self) -> None:
        """End the server as its operator would: what it has begun, it finishes."""
        for process in reversed(self._running):
            process.signal(signal.SIGTERM)
        for process in reversed(self._running):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.popen.wait(STOP_WITHIN_S)
        self.kill()

    def kill(self) -> None:
        """End the server and its workers at once, as a power cut would."""
        for process in self._running:
            process.signal(signal.SIGKILL, whole_group=True)
        for process in self._running:
            process.popen.wait()
            # The workers hold the listening socket, too, and nobody waits for them.
            free = functools.partial(_is_free, process.port)
            wait_for(f"port {process.port} to be free", free, deadline_s=10)
        self._running.clear()

    def restart(self) -> Self:
        """Kill the server and start it again on the same port."""
        self.kill()
        return self.start()

    def logs(self, lines: int = 40) -> str:
        """Return the last lines of both logs of the latest start."""
        return "\n".join(process.log_end(lines) for process in self._running)

    def __enter__(self) -> Self:
        """Start, unless that is done."""
        return self if self._running else self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kill the server: stopping it in its own time takes some seconds."""
        if error is not None and self._running:
            error.add_note(self.logs())
        self.kill()

    def _start_once(self, port: int) -> None:
        self._starts += 1
        auth_port = free_port()
        for wanted in (port, auth_port):
            if not _is_free(wanted):
                raise PortTaken(f"port {wanted} is taken")
        site = json.loads((self.basedir / "site-info.json").read_text())
        auth = self._spawn("authnzerver", auth_port, f"--cachedir={site['cache_location']}")
        index = self._spawn("indexserver", port, f"--authnzerver=http://{HOST}:{auth_port}")
        for process in (auth, index):
            self._wait_until_listening(process)
        self._port = port
        self._wait(index, "an answer", self._answers)

    def _spawn(self, name: str, port: int, *options: str) -> _Process:
        run = self.basedir / ".run"
        run.mkdir(exist_ok=True)
        log = run / f"{name}-{self._starts}.log"
        command = [
            str(self._env.python),
            "-m",
            _MODULES[name],
            f"--port={port}",
            f"--serve={HOST}",
            f"--basedir={self.basedir}",
            f"--backgroundworkers={self._workers}",
            *options,
        ]
        with log.open("wb") as output:
            popen = subprocess.Popen(
                command,
                cwd=run,
                env=self._env.variables(self.basedir / basedirs.HOME),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # a group of its own: killing it ends the pool's workers, and nothing else
                start_new_session=True,
            )
        process = _Process(name, port, log, popen)
        self._running.append(process)
        return process

    def _wait_until_listening(self, process: _Process) -> None:
        port = self._wait(process, "a listening socket", process.listening_port)
        if port != process.port:
            raise PortTaken(f"{process.name} moved from port {process.port} to {port}")

    def _wait(self, process: _Process, what: str, look: Callable[[], T | None]) -> T:
        def look_while_alive() -> T | None:
            for each in self._running:
                if each.popen.poll() is not None:
                    raise ServerFailed(f"{each.name} ended by itself\n{each.log_end()}")
            return look()

        try:
            return wait_for(
                f"{process.name}: {what}", look_while_alive, deadline_s=READY_WITHIN_S
            )
        except NeverHappened as error:
            raise ServerFailed(f"{error}\n{self.logs()}") from error

    def _answers(self) -> bool | None:
        # Without an Authorization header a session is made, which needs the authnzerver.
        connection = http.client.HTTPConnection(HOST, self.port, timeout=20)
        try:
            connection.request("GET", "/api/collections")
            return connection.getresponse().status == 200 or None
        except OSError:
            return None
        finally:
            connection.close()


def free_port() -> int:
    """Return a loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # as the server does: a port whose old connections still linger is free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
