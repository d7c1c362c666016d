"""The mirror on one screen, for people and as JSON.

Without click: who asks every minute does not wait for it (see `quick`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..clock import to_text, utc_now
from ..names import printable
from ..query import open_readonly
from ..query.status import Cycle, Job, Status, read_status
from ..query.status_searches import SearchStatus
from ..sync.layout import CONTROL
from ..units import rounded_size
from .settings import Settings, is_terminal
from .tables import Look, write_table

if TYPE_CHECKING:
    from ..config import Config


def show(chosen: Settings, *, as_json: bool) -> None:
    """Read the configuration and the mirror, and print how it is."""
    config = chosen.load(thorough=False)
    if as_json:
        import json

        from msgspec import to_builtins

        _say(json.dumps(to_builtins(_read(config)), indent=2))
    else:
        show_status(config, chosen)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _read(config: Config) -> Status:
    with open_readonly(config.mirror.root) as catalog:
        return read_status(catalog, to_text(utc_now()))


def show_status(config: Config, chosen: Settings) -> None:
    """Print the state of the configured mirror for people."""
    status = _read(config)
    for name, value in _lines(status, config):
        _say(f"{name:<13} {printable(value)}")
    if status.troubles:
        _say("\nwhat the daemon has found wrong")
        for trouble in status.troubles:
            _say(f"  since {_moment(trouble.since)}  {printable(trouble.message)}")
    if status.jobs:
        _say("\njobs of the daemon")
        _table(
            ("job", "when", "next run", "last run", "how it ended"),
            [
                (
                    job.name,
                    job.schedule,
                    _moment(job.next_run) or "nothing due",
                    _moment(job.last_finished) or "never",
                    _ended(job),
                )
                for job in status.jobs
            ],
            chosen,
        )
    if status.searches:
        _say("\nsaved searches")
        _table(
            ("search", "state", "next run", "last run", "when"),
            [
                (
                    one.name,
                    one.state or "",
                    _moment(one.next_run) or _foreseen(one),
                    _moment(one.started) or "never",
                    one.schedule,
                )
                for one in status.searches
            ],
            chosen,
        )
        for one in status.searches:
            if one.state not in (None, "ok") and one.message:
                times = f", {one.failures} times in a row" if one.failures > 1 else ""
                _say(f"  {one.name}: {one.state}{times}: {printable(one.message)}")
    if status.gaps:
        _say("\ngaps: datasets may have been missed")
        for gap in status.gaps:
            _say(f"  {gap.detected[:19]}Z  {printable(gap.message)}")
    if status.unsound:
        _say("\ndamaged or missing files (lccmirror verify --repair fetches them again)")
        for path, state in status.unsound:
            _say(f"  {state:<8} {printable(path)}")
    if status.problems:
        _say("\ndatasets that wait or failed")
        _table(
            ("setid", "state", "tries", "next try", "why"),
            [
                (p.setid, p.state, p.attempts, _moment(p.next_try) or "never", p.error or "")
                for p in status.problems
            ],
            chosen,
        )


def _table(
    columns: tuple[str, ...], rows: list[tuple[str | int, ...]], chosen: Settings
) -> None:
    width = None
    if is_terminal(sys.stdout):
        from shutil import get_terminal_size

        width = get_terminal_size().columns
    write_table(columns, rows, sys.stdout, Look(width=width, color=chosen.color(sys.stdout)))


def _ended(job: Job) -> str:
    times = f" {job.failures} times in a row" if job.failures > 1 else ""
    ended = f"{job.outcome}{times}" + (f": {job.message}" if job.message else "")
    if job.running:
        return "runs now, or was cut off" + (f"; before: {ended}" if job.outcome else "")
    return ended if job.outcome else ""


def _foreseen(search: SearchStatus) -> str:
    if search.finished is None and search.next_look is not None:
        return f"goes on {_moment(search.next_look)}"
    return "nothing due"


def _lines(status: Status, config: Config) -> Iterator[tuple[str, str]]:
    yield "mirror", status.root
    yield "of", status.server or f"{config.server.url} (it has not answered yet)"
    yield "collections", f"{status.collections:,}"
    states = ", ".join(f"{n:,} {state}" for state, n in status.datasets.items())
    gone = f"; {status.vanished:,} no longer listed (kept)" if status.vanished else ""
    total = sum(status.datasets.values())
    yield "datasets", f"{total:,}" + (f": {states}" if states else "") + gone
    yield "table rows", f"{status.rows:,}"
    yield "objects", f"{status.objects:,}"
    missing = status.missing_lightcurves
    without = f"; {missing:,} known not to exist on the server" if missing else ""
    yield "light curves", f"{status.lightcurves:,}{without}"
    if status.object_info:
        yield "object info", _object_info(status)
    kinds = ", ".join(f"{kind.files:,} {kind.kind}" for kind in status.files)
    yield "files", rounded_size(status.file_bytes) + (f": {kinds}" if kinds else "")
    limit = config.mirror.max_bytes
    allowed = f"; the mirror may take {rounded_size(limit)}" if limit is not None else ""
    yield "free", rounded_size(status.free_bytes) + allowed
    yield "growth", f"{rounded_size(status.week_bytes)} came in the last 7 days"
    if status.key is not None:
        kind, _, ends = status.key.partition(" ")
        yield "API key", f"{kind}, until {_moment(ends)}" if ends else kind
    yield "backup", _backup(status, config)
    yield "daemon", _daemon(config)
    yield "last cycle", _cycle(status.last_cycle)
    good = status.last_good_cycle
    if good is not None and good != status.last_cycle:
        yield "last good one", _cycle(good)
    yield "next", _next(status)


def _object_info(status: Status) -> str:
    """Say of how many objects the server told something; see the table ``object_info``."""
    words = {"ok": "here", "missing": "not on the server"}
    said = ", ".join(
        f"{n:,} {words.get(state, state)}" for state, n in status.object_info.items()
    )
    error = status.object_info_error
    return said if error is None else f"{said}; the latest failure: {error}"


def _backup(status: Status, config: Config) -> str:
    """Say when the catalog was last copied, and where to."""
    if status.backup is None:
        return "of the catalog: none yet" if config.backup.keep else "of the catalog: none made"
    path, root = Path(status.backup.path), config.mirror.root
    if path.is_relative_to(root):
        path = path.relative_to(root)
    return f"of the catalog {_moment(status.backup.at)} as {path}"


def _daemon(config: Config) -> str:
    """Say what a running daemon does; the catalog cannot know that."""
    if not (config.mirror.root / CONTROL).is_socket():
        return "does not run"
    from ..daemon.asking import request_quietly
    from ..daemon.protocol import Status as StatusRequest

    said = request_quietly(config.mirror.root, StatusRequest(), dict[str, str | int | None])
    if said is None:
        return "does not run, or not for us to ask"
    doing = f"{said['doing']} since {said['since']}" if said["doing"] else "idle"
    waiting = f", {said['waiting']} more to do" if said["waiting"] else ""
    return f"process {said['pid']}: {doing}{waiting}"


def _cycle(cycle: Cycle | None) -> str:
    if cycle is None:
        return "none yet: run lccmirror sync"
    if cycle.finished is None:
        return f"{cycle.job} began {_moment(cycle.started)}; it still runs, or was cut off"
    said = f": {cycle.message}" if cycle.message else ""
    return f"{cycle.job} {_moment(cycle.finished)} {cycle.outcome}{said}"


def _next(status: Status) -> str:
    parts = []
    if status.due:
        parts.append(f"{status.due:,} datasets to fetch now")
    if status.waiting:
        parts.append(f"{status.waiting:,} later, the first at {_moment(status.next_due)}")
    return ", ".join(parts) or "nothing waits"


def _moment(text: str | None) -> str | None:
    """Cut a time of the catalog to seconds."""
    return None if text is None else f"{text[:19]}Z"
