"""Runs syncs in a process of fewer means: another user, files of limited size, a small disk.

::

    python -m tests.support.confined '{"config": …, "steps": ["sync", …]}'

prints a line of JSON for each step: see `Told`.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

_TOP = Path(__file__).parents[2]


@dataclass(frozen=True)
class Limits:
    """What the process may not.

    Parameters
    ----------
    uid
        The user (and group) to become.
    file_bytes
        The largest file it may write, as on a disk with a quota.
    disk_bytes
        Size of the disk that is mounted, for this process alone, on the mirror's root.
    """

    uid: int | None = None
    file_bytes: int | None = None
    disk_bytes: int | None = None


@dataclass(frozen=True)
class Told:
    """How a step ended: exit code, type of error, and its words."""

    exit_code: int
    error: str | None = None
    message: str = ""
    hint: str | None = None


def confined(config: Path, root: Path, at: float, limits: Limits, *steps: str) -> list[Told]:
    """Run steps and return how they ended.

    Parameters
    ----------
    steps
        ``sync``, ``verify``, ``repair``, ``rebuild``, ``plan`` (a dry run); ``free`` lifts the
        limits of size; ``keep`` copies the mirror of a disk that nobody else sees to
        ``<root>.kept``.
    """
    order = {"config": str(config), "root": str(root), "at": at, "steps": steps}
    command = [
        sys.executable,
        "-m",
        "tests.support.confined",
        json.dumps(order | asdict(limits)),
    ]
    if limits.disk_bytes is not None:
        # Without a namespace of its own (user namespaces may be forbidden) this fails.
        command = ["/usr/bin/env", "unshare", "--map-root-user", "--mount", *command]
    done = subprocess.run(command, cwd=_TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [Told(**json.loads(line)) for line in done.stdout.splitlines()]


def _mount(root: str, size: int, *, again: bool = False) -> None:
    options = f"size={size}" + (",remount" if again else "")
    subprocess.run(
        ["/usr/bin/env", "mount", "-t", "tmpfs", "-o", options, "tmpfs", root], check=True
    )


def _confine(limits: Limits, root: str) -> None:
    if limits.disk_bytes is not None:
        _mount(root, limits.disk_bytes)
    if limits.file_bytes is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, hard))
    if limits.uid is not None:
        os.setgroups([])
        os.setgid(limits.uid)
        os.setuid(limits.uid)


def _free(limits: Limits, root: str) -> Told:
    if limits.disk_bytes is not None:
        _mount(root, 64 << 20, again=True)
    if limits.file_bytes is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    return Told(0)


def _keep(root: str) -> Told:
    subprocess.run(["/usr/bin/env", "cp", "-a", root, f"{root}.kept"], check=True)
    return Told(0)


def _step(step: str, config_path: str, at: float) -> Told:
    from lccmirror.config import load_config
    from lccmirror.errors import LccMirrorError
    from lccmirror.sync.jobs import (
        Surroundings,
        dry_run,
        repair_mirror,
        sync,
        verify_mirror,
    )
    from lccmirror.sync.progress import Silent
    from lccmirror.sync.rebuild import rebuild_catalog
    from tests.support.timing import FakeTime

    config = load_config(Path(config_path))
    around = Surroundings(
        Silent(),
        threading.Event(),
        lambda: datetime.fromtimestamp(at, UTC),
        timing=FakeTime(at).timing(),
    )
    try:
        if step == "verify":
            found = verify_mirror(config, around)
            return Told(found.exit_code, message=repr(found.found.damage))
        if step == "repair":
            mended = repair_mirror(config, around)
            failed = {} if mended.repair is None else mended.repair.failed
            return Told(mended.exit_code, message="; ".join(failed.values()))
        if step == "rebuild":
            rebuilt = rebuild_catalog(config, around)
            return Told(rebuilt.exit_code, message=str(rebuilt.source))
        if step == "plan":
            planned = dry_run(config, around)
            return Told(0, message="; ".join(f"{one.action} {one.setid}" for one in planned))
        report = sync(config, around)
    except LccMirrorError as error:
        return _told(error, error.exit_code)
    except OSError as error:
        return Told(-1, type(error).__name__, str(error))
    if report.stopped is not None:
        return _told(report.stopped, report.exit_code)
    if report.no_room is not None:
        return _told(report.no_room, report.exit_code)
    return Told(report.exit_code, message="; ".join(report.failed.values()))


def _told(error: Exception, exit_code: int) -> Told:
    message, hint = getattr(error, "message", str(error)), getattr(error, "hint", None)
    return Told(exit_code, type(error).__name__, message, hint)


def main(arguments: Sequence[str]) -> None:
    """Do what the order, a JSON object, says."""
    order = json.loads(arguments[0])
    limits = Limits(order["uid"], order["file_bytes"], order["disk_bytes"])
    # The other user may not be able to read this program.
    for name in ("sync.jobs", "sync.rebuild", "config", "demo"):
        importlib.import_module(f"lccmirror.{name}")
    encodings = ("encodings.idna", "encodings.unicode_escape", "encodings.cp437")
    for name in ("sqlite_utils", "tests.support.timing", *encodings):
        importlib.import_module(name)
    _confine(limits, order["root"])
    at = order["at"]
    for step in order["steps"]:
        at += 7200
        if step == "free":
            told = _free(limits, order["root"])
        elif step == "keep":
            told = _keep(order["root"])
        else:
            told = _step(step, order["config"], at)
        print(json.dumps(asdict(told)))


if __name__ == "__main__":
    main(sys.argv[1:])
