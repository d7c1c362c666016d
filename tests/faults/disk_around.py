"""Clocks that jump, catalogs that are locked or old, disks that are really small."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

from lccmirror.catalog import connection
from lccmirror.demo.messages import Answer
from lccmirror.sync import layout
from tests.faults.campaign import Verdict
from tests.faults.check import Held, check, held, settle
from tests.faults.crashing import CrashChild
from tests.faults.disk_behind import SECOND
from tests.faults.person import Person
from tests.faults.scenarios import Scenario, scenario
from tests.faults.stage import Stage
from tests.faults.tampering import clear_way
from tests.support.confined import Limits, confined
from tests.support.misbehaving import Turn
from tests.support.site import Site

_YEAR = timedelta(days=365.25)
JUMPS = {
    "an hour back": -timedelta(hours=1),
    "3 hours ahead": timedelta(hours=3),
    "2 days back": -timedelta(days=2),
    "40 days ahead": timedelta(days=40),
    "9 years back": -9 * _YEAR,
    "9 years ahead": 9 * _YEAR,
    "to 1970": -timedelta(seconds=1_790_000_000),
    "to 1960": -66 * _YEAR,
    "to 2041": 15 * _YEAR,
}
LOCKS = {
    "locked for writing": "BEGIN IMMEDIATE",
    "locked for everybody": "BEGIN EXCLUSIVE",
    "read": "BEGIN",
}
_NAME = re.compile(
    r"(clock .+|catalog .+|lock removed) (between cycles|at request (\d+))"
    r"|(disk|files) of (\d+) kB|incoming filled with (\d+) odd files"
)
# So many requests, but for HEAD, has the cycle that is disturbed at one of them.
REQUESTS = 10
_RUINS = ("gone", "emptied", "cut", "garbage", "overwritten in the middle")
# Instead of a minute: the other program holds it for longer than anybody waits.
_PATIENCE_S = 0.05


def names(random: Random) -> Iterator[str]:
    """Yield the names of all cases of this module, in any order."""
    what = [f"clock {jump}" for jump in JUMPS] + [f"catalog {lock}" for lock in LOCKS]
    for one in (*what, "lock removed"):
        yield f"{one} between cycles"
        for _ in range(3):
            yield f"{one} at request {random.randrange(REQUESTS)}"
    yield from (f"catalog {one} between cycles" for one in _RUINS)
    for _ in range(4):
        yield "catalog older between cycles"
        yield f"catalog without its log at request {random.randrange(400)}"
        yield f"incoming filled with {random.randrange(1, 60)} odd files"
    for _ in range(2):
        yield f"disk of {random.choice((64, 128, 192, 256, 384, 512, 700))} kB"
        yield f"files of {random.choice((1, 4, 16, 64, 128, 256, 384))} kB"


def fits(name: str) -> bool:
    """Whether a name is one of this module's."""
    return _NAME.fullmatch(name) is not None


def play(
    name: str,
    take: Callable[[Scenario], Stage],
    random: Random,
    child: CrashChild,
    folder: Path,
) -> Verdict:
    """Play the case of a name."""
    match = _NAME.fullmatch(name)
    assert match is not None
    if match[4] is not None:
        return _small(match[4], int(match[5]) * 1024, folder)
    stage = take(SECOND)
    site, known = stage.site, held(stage.site)
    person = Person(site)
    request = None if match[3] is None else int(match[3])
    what, _, how = (match[1] or "incoming").partition(" ")
    if what == "clock":
        _jump(person, JUMPS[how], request)
    elif what == "incoming":
        _fill(site, int(match[6]), random)
    elif what == "lock":
        _remove_lock(person, request)
    elif how == "older":
        person.sync()
        old = site.root.parent / "before" / "mirror" / connection.CATALOG_NAME
        shutil.copyfile(old, site.root / connection.CATALOG_NAME)
    elif how in _RUINS:
        _ruin(site.root / connection.CATALOG_NAME, how, random)
    elif how == "without its log":
        stage.work(child, die_at=request)
        for ending in ("-wal", "-shm"):
            clear_way(site.root / (connection.CATALOG_NAME + ending))
    else:
        _lock(person, LOCKS[how], request)
    return _finish(site, person, known)


def _jump(person: Person, jump: timedelta, request: int | None) -> None:
    """Let this machine's clock be wrong for two cycles, and be set right."""
    site = person.site

    def act(turn: Turn) -> Answer:
        site.ahead = jump
        return turn.honest()

    if request is None:
        site.ahead = jump
    else:
        site.server.add("", act, skip=request)
    person.sync()
    site.server.behave()
    site.clock.forward(3600)
    person.sync()
    site.ahead = timedelta(0)


def _lock(person: Person, begin: str, request: int | None) -> None:
    """Let another program hold the catalog for a whole cycle."""
    site = person.site
    path = site.root / connection.CATALOG_NAME
    other = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    guard = threading.Lock()

    def hold() -> None:
        # We may be in the middle of a write; the next request tries again.
        with guard, contextlib.suppress(sqlite3.OperationalError):
            if not other.in_transaction:
                other.execute(begin)
                other.execute("SELECT count(*) FROM datasets").fetchone()

    def act(turn: Turn) -> Answer:
        hold()
        return turn.honest()

    patience, connection.BUSY_TIMEOUT_S = connection.BUSY_TIMEOUT_S, _PATIENCE_S
    try:
        with contextlib.closing(other):
            if request is None:
                hold()
            else:
                site.server.add("", act, skip=request, times=None)
            person.sync()
            site.server.behave()
    finally:
        connection.BUSY_TIMEOUT_S = patience


def _ruin(catalog: Path, how: str, random: Random) -> None:
    """Ruin a catalog as a bad disk, or a person, does."""
    content = catalog.read_bytes()
    at = random.randrange(100, len(content) // 2)
    catalog.write_bytes(
        {
            "gone": b"",
            "emptied": b"",
            "cut": content[:-at],
            "garbage": random.randbytes(9000),
            "overwritten in the middle": content[:at] + bytes(20_000) + content[at + 20_000 :],
        }[how]
    )
    if how == "gone":
        catalog.unlink()


def _remove_lock(person: Person, request: int | None) -> None:
    """Remove the lock, and let a second lccmirror begin while the first one works."""
    site = person.site

    def act(turn: Turn) -> Answer:
        clear_way(site.root / layout.LOCK)
        Person(site).sync()
        return turn.honest()

    if request is None:
        clear_way(site.root / layout.LOCK)
    else:
        site.server.add("", act, skip=request)
    person.sync()
    site.server.behave()


def _fill(site: Site, count: int, random: Random) -> None:
    """Put files into ``incoming/`` of which some have the names of downloads."""
    incoming = site.root / layout.INCOMING
    setids = sorted(site.states()) or ["AAAAAAAAAAA"]
    for number in range(count):
        kind = random.choice(("csv", "lczip", "json", "pickle"))
        part = site.root / layout.arriving(layout.product(random.choice(setids), kind))
        name = random.choice(
            (part.name, f"{part.name}.json", f"odd {number}", f"{number}.part")
        )
        content = random.choice(
            (b"", b"{}", b"[]", b"null", random.randbytes(500), b"\x1f\x8b")
        )
        if random.randrange(3) == 0:
            content = b'{"path": "/p/lightcurves-x.zip", "total": 500, "etag": "\\"x\\""}'
        (incoming / name).write_bytes(content)


def _small(what: str, size: int, folder: Path) -> Verdict:
    """A disk of its own that is small, or a limit of the size of files: the system's own."""
    limits = Limits(disk_bytes=size) if what == "disk" else Limits(file_bytes=size)
    with Site(folder, '[mirror]\nworkers = 1\n[server]\nretry_total = "1s"') as site:
        scenario("first sync").prepare(site)
        site.root.mkdir()
        steps = ["sync", "sync", "free", "sync", "sync", "verify"]
        if what == "disk":
            steps.append("keep")
        told = confined(site.config.path, site.root, site.clock(), limits, *steps)
        amiss = [one for one in told if one.exit_code not in (0, 1, 73)]
        if told[5].exit_code != 0 or told[4].exit_code != 0:
            amiss.append(told[4])
        verdict = Verdict(stuck=len(amiss), notes=tuple(f"stuck: {one}" for one in amiss))
        if what == "disk":
            # Its disk went with the process that saw it.
            site.root.rmdir()
            site.root.with_name("mirror.kept").rename(site.root)
        settle(site)
        verdict += check(site, logs=[f"{one}" for one in told])
        return verdict


def _finish(site: Site, person: Person, known: Held) -> Verdict:
    person.mend()
    told = settle(site)
    for path in site.verify().found.unknown:
        # A version that the older catalog knew as the newest.
        if path.endswith(".old"):
            clear_way(site.root / path)
    verdict = check(site, known, logs=person.told)
    return verdict if verdict else replace(verdict, notes=(*verdict.notes, *person.told, *told))
