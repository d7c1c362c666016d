"""A server that is further away: a proxy, in a process of its own, that takes its time.

    python -m benchmarks.line HOST PORT ROUND_TRIP_S

Prints the URL, and passes connections on until standard input ends. What is sent arrives half a
round trip later, in either direction; a new connection can be used after a whole one, as TCP's
handshake takes it. Nothing is lost, and as much passes as on loopback: on a real line a new
connection also begins slowly, which is in favour of those who open many.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from .measure import PROJECT, BenchmarkFailed

_PIECE: Final = 1 << 18
_AHEAD: Final = 64
"""Pieces on their way, so that the line holds what a fast sender sends in a round trip."""


@contextmanager
def far_away(url: str, round_trip_s: float) -> Iterator[str]:
    """Yield a URL at which the server of `url` answers later."""
    split = urlsplit(url)
    place = (str(split.hostname), str(split.port), str(round_trip_s))
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.line", *place],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            here = process.stdout.readline().strip()
            if not here:
                raise BenchmarkFailed("the slow line did not start")
            yield here
        finally:
            process.stdin.close()
            process.wait(60)


class _Line:
    """Connections to a server, each piece of which is late."""

    def __init__(self, host: str, port: int, round_trip_s: float) -> None:
        self._server = (host, port)
        self._round_trip_s = round_trip_s

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on, in both directions."""
        open_at = asyncio.get_running_loop().time() + self._round_trip_s
        there, back = await asyncio.open_connection(*self._server)
        # Either side may end first, or be killed, and at last everything is: the other side is
        # told, no more.
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(
                self._pass_on(reader, back, open_at), self._pass_on(there, writer, open_at)
            )
        for one in (back, writer):
            one.close()

    async def _pass_on(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, open_at: float
    ) -> None:
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_AHEAD)
        arriving = asyncio.create_task(_arrive(on_the_way, target))
        try:
            await self._send(source, on_the_way, open_at)
            await arriving
        finally:
            arriving.cancel()

    async def _send(
        self,
        source: asyncio.StreamReader,
        on_the_way: asyncio.Queue[tuple[float, bytes]],
        open_at: float,
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            piece = await source.read(_PIECE)
            due = max(loop.time(), open_at) + self._round_trip_s / 2
            await on_the_way.put((due, piece))
            if not piece:
                return


async def _arrive(
    on_the_way: asyncio.Queue[tuple[float, bytes]], target: asyncio.StreamWriter
) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due, piece = await on_the_way.get()
        await asyncio.sleep(due - loop.time())
        if not piece:
            target.write_eof()
            return
        target.write(piece)
        await target.drain()


async def main(host: str, port: int, round_trip_s: float) -> None:
    """Pass connections on until standard input ends."""
    line = _Line(host, port, round_trip_s)
    server = await asyncio.start_server(line.connect, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
