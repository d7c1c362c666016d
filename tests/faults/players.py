"""Processes that play cases side by side; one that hangs is ended, and that is a verdict."""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tests.faults.campaign import Case, Family, Verdict, close, judge, load

# Real time; a case takes a second or two.
_PATIENCE_S = 300.0


def play(
    cases: Iterator[Case], processes: int, until: float
) -> Generator[tuple[Case, Verdict]]:
    """Play cases in so many processes, and yield each with its verdict.

    Parameters
    ----------
    until
        No case is begun after this, in the seconds of `time.monotonic`.
    """
    players = [_Player() for _ in range(processes)]
    try:
        while True:
            for number, player in enumerate(players):
                if player.case is None and time.monotonic() < until:
                    case = next(cases, None)
                    if case is not None:
                        player.begin(case)
                elif player.overdue():
                    yield player.give_up()
                    players[number] = _Player()
            busy = {one.connection: one for one in players if one.case is not None}
            if not busy:
                return
            for ready in wait(list(busy), timeout=5.0):
                player = busy[ready]  # type: ignore[index]  # it is one of those given
                yield player.take()
                if player.died:
                    players[players.index(player)] = _Player()
    finally:
        for player in players:
            player.end()


class _Player:
    """A process that plays one case after the other."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,))
        self._process.start()
        theirs.close()
        self.case: Case | None = None
        self.died = False
        self._began = 0.0

    def begin(self, case: Case) -> None:
        self.case, self._began = case, time.monotonic()
        self.connection.send(case)

    def overdue(self) -> bool:
        return self.case is not None and time.monotonic() - self._began > _PATIENCE_S

    def take(self) -> tuple[Case, Verdict]:
        case, self.case = self.case, None
        assert case is not None
        try:
            return case, self.connection.recv()
        except EOFError:
            self.died = True
            self.end()
            note = f"the process that played it ended with {self._process.exitcode}"
            return case, Verdict(stuck=1, notes=(note,))

    def give_up(self) -> tuple[Case, Verdict]:
        case = self.case
        assert case is not None
        self._process.kill()
        self.end()
        return case, Verdict(stuck=1, notes=(f"no end after {_PATIENCE_S:.0f} s",))

    def end(self) -> None:
        self.connection.close()
        self._process.join()


def _serve(connection: Connection) -> None:
    sys.dont_write_bytecode = True
    families: dict[str, Family] = {}
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        try:
            for number in range(sys.maxsize):
                try:
                    case: Case = connection.recv()
                except EOFError:
                    return
                if case.family not in families:
                    families[case.family] = load(case.family)
                own = Path(folder) / str(number)
                verdict = judge(families[case.family], case, own)
                # Nobody waits for the last one where the first failure was the end.
                with contextlib.suppress(BrokenPipeError):
                    connection.send(verdict)
        finally:
            for family in families.values():
                close(family)
