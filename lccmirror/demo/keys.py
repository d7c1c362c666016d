"""API keys and the rate limit, as the server handles them.

A key is an identity: what is made with it belongs to it. It is bound to the client's
address, lives for some days, and cannot be told from a wrong one once it has ended. The
rate limit looks at the average since a key's first use, from its 26th request on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

from .backend import ANONYMOUS_USER, Requester, utc

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
_FREE_REQUESTS = 25
_PER_MINUTE = {"anonymous": 600.0}
_PER_MINUTE_WITH_ACCOUNT = 6000.0


@dataclass(frozen=True)
class Key:
    """A key that was handed out: who it stands for, where it works, until when."""

    requester: Requester
    address: str
    expires: float
    revoked: bool = False


@dataclass(frozen=True)
class Usage:
    """How often an identity asked since its first request."""

    first: float
    count: int


class KeyDesk:
    """Hands out keys and sessions, recognises them, and counts what they ask.

    Parameters
    ----------
    clock
        POSIX seconds.
    lifetime_s
        How long a key is good.
    limited
        Whether the rate limit is on.
    dotted
        Whether keys look as in the documentation of 2018, three words with dots between.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        random: Random,
        lifetime_s: float,
        *,
        limited: bool,
        dotted: bool = False,
    ) -> None:
        self._clock = clock
        self._random = random
        self.lifetime_s = lifetime_s
        self.limited = limited
        self._dotted = dotted
        self._keys: dict[str, Key] = {}
        self._sessions: set[str] = set()
        self._usage: dict[str, Usage] = {}
        self._lock = threading.Lock()

    def issue(
        self, address: str, *, user_id: int = ANONYMOUS_USER, session: str | None = None
    ) -> tuple[str, datetime]:
        """Hand out a key: (the key, when it ends in UTC).

        A `user_id` other than the anonymous one makes an account's key; `session` is the
        browser session it shall stand for.
        """
        role = "anonymous" if user_id == ANONYMOUS_USER else "authenticated"
        with self._lock:
            token = session or self._word(43)
            key = self._new_key()
            expires = self._clock() + self.lifetime_s
            self._keys[key] = Key(Requester(token, user_id, role), address, expires)
        return key, utc(expires)

    def recognise(self, key: str, address: str) -> Requester | None:
        """Return who `key` stands for; None if it is wrong, over, or from elsewhere."""
        with self._lock:
            known = self._keys.get(key)
        if known is None or known.revoked or known.address != address:
            return None
        return known.requester if self._clock() < known.expires else None

    def expires(self, key: str) -> datetime | None:
        """Return when `key` ends (UTC), or None for an unknown one."""
        with self._lock:
            known = self._keys.get(key)
        return utc(known.expires) if known else None

    def revoke_all(self) -> None:
        """Make every key handed out so far useless."""
        with self._lock:
            self._keys = {k: replace(v, revoked=True) for k, v in self._keys.items()}

    def session(self, cookie: str | None) -> tuple[Requester, bool]:
        """Return who a session cookie stands for, and whether the session is new."""
        with self._lock:
            if cookie is not None and cookie in self._sessions:
                return Requester(cookie), False
            token = self._word(43)
            self._sessions.add(token)
            return Requester(token), True

    def count(self, requester: Requester) -> float | None:
        """Count a request; return the rate per minute if it is over the limit."""
        with self._lock:
            now = self._clock()
            before = self._usage.get(requester.token, Usage(now, 0))
            usage = Usage(before.first, before.count + 1)
            self._usage[requester.token] = usage
        if not self.limited or usage.count <= _FREE_REQUESTS:
            return None
        # a clock that stands still would make the rate infinite
        rate = 60.0 * usage.count / max(now - usage.first, 1e-3)
        return (
            rate if rate > _PER_MINUTE.get(requester.role, _PER_MINUTE_WITH_ACCOUNT) else None
        )

    @property
    def handed_out(self) -> tuple[str, ...]:
        """Every key that was handed out, good or not."""
        with self._lock:
            return tuple(self._keys)

    @property
    def issued(self) -> int:
        """How many keys were handed out."""
        return len(self._keys)

    def _new_key(self) -> str:
        if self._dotted:
            return f"eyJ{self._word(133)}.{self._word(6)}.{self._word(27)}"
        return "gAAAAAB" + self._word(365)

    def _word(self, length: int) -> str:
        return "".join(self._random.choices(_ALPHABET, k=length))
