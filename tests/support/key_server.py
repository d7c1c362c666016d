"""A server that hands out keys, and knows which are good."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from lccmirror.server import LccClient
from tests.support.scripted import Answer, Received, json_answer, key_answer, key_refusal
from tests.support.timing import FakeTime

WALL = 1_800_000_000.0  # 2027-01-15T08:00:00Z
EMPTY = json_answer({"status": "ok", "result": [], "message": "found 0 datasets in total"})
UNSAID = json_answer({"status": "failed", "message": None, "result": None}, 401)
"""What the server says where it cannot look a key up, and of one good key in 10,001."""


class KeyServer:
    """A server that hands out keys and knows which are good.

    Parameters
    ----------
    time
        Its clock, unless `ahead_s` moves it.
    life_s
        How long its keys live.
    """

    def __init__(self, time: FakeTime, life_s: float = 7 * 86_400, ahead_s: float = 0) -> None:
        self.time = time
        self.life_s = life_s
        self.ahead_s = ahead_s
        self.made = 0
        self.revoked: set[str] = set()
        self.ends: dict[str, float] = {}
        self.lock = threading.Lock()
        self.gate: threading.Event | None = None

    def now(self) -> float:
        return self.time.wall() + self.ahead_s

    def __call__(self, request: Received) -> Answer:
        if request.path == "/api/key":
            if request.key is not None:
                return json_answer({"status": "failed", "message": "backend error"})
            if self.gate is not None:
                self.gate.wait(10)
            with self.lock:
                self.made += 1
                key = f"made-by-server-{self.made}"
                self.ends[key] = self.now() + self.life_s
            ends = (
                datetime.fromtimestamp(self.ends[key], UTC).isoformat().replace("+00:00", "Z")
            )
            return key_answer(key, ends, dated=self.now())
        key = request.key or ""
        if key in self.revoked or self.ends.get(key, 0) <= self.now():
            return key_refusal()
        return Answer(EMPTY.status, EMPTY.body, EMPTY.headers, dated=self.now())


def ask(client: LccClient) -> None:
    """Ask something that needs a key."""
    client.datasets().close()
