"""Rows about polls: what it costs to learn that nothing is new."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.real import basedir
from tests.real.clones import add_public
from tests.real.environment import RealEnvironment, ensure_environment
from tests.real.server import RealServer

from .counting import CountingProxy, Traffic, counting
from .measure import BIN, BenchmarkFailed, Run, median_peak, run
from .rows import Limit, Outcome

DATASETS = 1_000
_RUNS = 3
_CONFIG = """
[server]
url = "{url}"
requests_per_minute = 1000000
[mirror]
root = "mirror"
min_free = 0
products = ["csv"]
[keys]
dir = "keys"
"""
_REFERENCE = """
import json, logging, sys
from astrobase.services import lccs
logging.disable(logging.CRITICAL)
found = lccs.list_recent_datasets(sys.argv[1], nrecent=int(sys.argv[2]))
print(json.dumps(sorted(one["setid"] for one in found)))
"""


def idle_poll(folder: Path) -> Outcome:
    """A whole ``lccmirror sync`` that finds nothing new, beside asking for the list."""
    env = ensure_environment()
    base = basedir.build(env, folder / "basedir")
    with RealServer(env, base) as server:
        add_public(server, DATASETS)
        with counting(server.url) as proxy:
            return _measured(folder, env, proxy)


def _measured(folder: Path, env: RealEnvironment, proxy: CountingProxy) -> Outcome:
    config = folder / "lccmirror.toml"
    config.write_text(_CONFIG.format(url=proxy.url))
    sync = [str(BIN / "lccmirror"), "-c", str(config), "sync"]
    ours: list[Traffic] = []
    theirs: list[Traffic] = []
    runs: list[Run] = []
    their_runs: list[Run] = []
    home = folder / "home"
    home.mkdir()
    reference = [str(env.python), "-c", _REFERENCE, proxy.url, str(DATASETS)]
    for turn in range(_RUNS + 1):
        runs.append(run(sync))
        ours.append(proxy.traffic())
        their_runs.append(run(reference, env=env.variables(home), cwd=home))
        theirs.append(proxy.traffic())
        if turn == 0:
            listed = json.loads(their_runs[0].output)
            _check(folder / "mirror" / "catalog.sqlite", listed)
    # The first turn mirrored everything, and fetched both sides' keys.
    last, first = ours[-1], ours[0]
    most = max(one.received_bytes for one in ours[1:])
    least = min(one.received_bytes for one in theirs[1:])
    return Outcome(
        ratio=most / least,
        ours=most,
        theirs=least,
        unit="bytes",
        runs=_RUNS,
        peak_mb=median_peak(runs[1:]),
        their_peak_mb=median_peak(their_runs[1:]),
        limits=(
            Limit("requests", max(len(one.requests) for one in ours[1:]), 2),
            Limit("bytes of bodies", max(one.body_bytes for one in ours[1:]), 2_000),
        ),
        details={
            "datasets known": DATASETS,
            "requests": ", ".join(last.requests),
            "bytes sent": last.sent_bytes,
            "bytes of bodies": last.body_bytes,
            "their requests": ", ".join(theirs[-1].requests),
            "their bytes of bodies": theirs[-1].body_bytes,
            "the first sync": f"{len(first.requests)} requests, {runs[0].seconds:.0f} s, of"
            f" which {runs[0].cpu_s:.0f} s of CPU are ours",
            "seconds of an idle sync": runs[-1].seconds,
            "CPU seconds of an idle sync": runs[-1].cpu_s,
        },
        series={
            "lccmirror sync": tuple(float(one.received_bytes) for one in ours[1:]),
            "list_recent_datasets(1000)": tuple(
                float(one.received_bytes) for one in theirs[1:]
            ),
        },
    )


def _check(catalog: Path, listed: list[str]) -> None:
    """Both sides know the same datasets, and ours has them."""
    with closing(sqlite3.connect(catalog)) as conn:
        known = conn.execute(
            "SELECT setid FROM datasets WHERE state = 'mirrored' ORDER BY setid"
        ).fetchall()
    if [setid for (setid,) in known] != listed or len(listed) != DATASETS:
        raise BenchmarkFailed(f"{len(known)} datasets mirrored, {len(listed)} listed")
