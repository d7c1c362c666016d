"""What can go wrong with one request: every fault of the network.

A fault is made for a request that has come (`Turn`): it answers, or writes to the
connection itself, or breaks the way that the next connections take.
"""

from __future__ import annotations

from tests.faults.breaking_answers import bodies, headers_that_lie, statuses
from tests.faults.breaking_connections import connections, ways
from tests.faults.breaking_ranges import ranges
from tests.faults.fault import Fault


def faults() -> list[Fault]:
    """Return every fault of the network."""
    return [*ways(), *connections(), *statuses(), *bodies(), *headers_that_lie(), *ranges()]
