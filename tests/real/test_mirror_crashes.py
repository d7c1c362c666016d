"""A mirror of the genuine server is killed in the middle, and the next start completes it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from lccmirror.sync import layout
from tests.real.conftest import SeededServer
from tests.real.mirroring import RealMirror
from tests.real.relay import Relay, bodies
from tests.real.waiting import wait_for

KILL_WITHIN_S = 60.0


@contextmanager
def killed_in_the_end(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kill a process of ours, whatever happens, and collect it."""
    try:
        yield
    finally:
        process.kill()
        process.wait()


def has_come(process: subprocess.Popen[bytes], part: Path, size: int) -> bool:
    """Tell whether so much of a download is on the disk, by a process that still runs."""
    assert process.poll() is None, f"lccmirror ended by itself with {process.returncode}"
    return part.exists() and part.stat().st_size >= size


def is_reading(process: subprocess.Popen[bytes], path: Path, share: float) -> bool:
    """Tell whether a process is somewhere in the middle of reading a file.

    The kernel knows how far: nothing in the process has to be prepared for it.
    """
    assert process.poll() is None, f"lccmirror ended by itself with {process.returncode}"
    descriptors = Path(f"/proc/{process.pid}/fd")
    for descriptor in descriptors.iterdir():
        try:
            if descriptor.readlink() != path:
                continue
            lines = (descriptors.with_name("fdinfo") / descriptor.name).read_text().split("\n")
        except FileNotFoundError:
            continue  # closed meanwhile
        info = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        if int(info["flags"], 8) & os.O_ACCMODE == os.O_RDONLY:
            position, size = int(info["pos"]), path.stat().st_size
            return size * share <= position < size
    return False


def whole_on_disk(mirror: RealMirror, server: SeededServer) -> set[str]:
    """Return the paths on the server of everything that a mirror has whole."""
    found = set()
    for each in server.made:
        products = server.truth.products(each.setid)
        for kind, source, path in (
            ("csv", products.csv, f"/d/dataset-{each.setid}.csv"),
            ("lczip", products.lczip, f"/p/lightcurves-{each.setid}.zip"),
        ):
            for ours in (mirror.file(each.setid, kind), mirror.part(each.setid, kind)):
                if source and ours.exists() and ours.stat().st_size == source.stat().st_size:
                    found.add(path)
        part = mirror.part(each.setid, "json")
        # the note beside it is written once it is whole
        noted = part.with_name(part.name + ".json").exists()
        if mirror.file(each.setid, "json").exists() or noted:
            found.add(f"/set/{each.setid}")
    return found


def check_completed(mirror: RealMirror, server: SeededServer, count: int) -> None:
    """Compare the ``count`` datasets that are mirrored with the server's own files."""
    mirror.check_sound()
    mirrored = [setid for setid, state in mirror.states().items() if state == "mirrored"]
    assert len(mirrored) == count
    for setid in mirrored:
        products = server.truth.products(setid)
        assert mirror.file(setid, "csv").read_bytes() == products.csv.read_bytes()
        if products.lczip is not None:
            assert mirror.file(setid, "lczip").read_bytes() == products.lczip.read_bytes()


def test_killed_in_the_middle_of_a_download(sixty: SeededServer, tmp_path: Path) -> None:
    setid = sixty.made[1].setid
    lczip = sixty.truth.products(setid).lczip
    assert lczip is not None
    size = lczip.stat().st_size
    with Relay(sixty.server.port) as relay:
        mirror = RealMirror(tmp_path, relay.url)
        hold = relay.hold(f"/p/{lczip.name}", size // 2)
        process = mirror.start_sync()
        with killed_in_the_end(process):
            part = mirror.part(setid, "lczip")
            wait_for(
                "half a ZIP on the disk",
                partial(has_come, process, part, size // 2),
                deadline_s=KILL_WITHIN_S,
            )
        had, asked = whole_on_disk(mirror, sixty), len(relay.passed)
        before = bodies(relay.passed)
        hold.released.set()
        assert f"/p/{lczip.name}" not in had
        report = mirror.sync()
        after = bodies(relay.since(asked))
    assert report.exit_code == 0
    assert after[f"/p/{lczip.name}"] == size - size // 2
    assert {path for path in had if after[path]} == set()
    check_completed(mirror, sixty, 60)
    again = {
        path: before[path] + after[path] - length(sixty, path, after)
        for path in before.keys() & after.keys()
        if not path.startswith("/api/")
    }
    in_flight = {path: nbytes for path, nbytes in again.items() if nbytes}
    print(f"{len(had)} products were whole; fetched again: {in_flight}")
    assert len(in_flight) <= mirror.config.mirror.workers
    print(f"of {sum(before.values()):,} before and {sum(after.values()):,} after the kill")


def only(server: SeededServer, setid: str) -> str:
    """Return the lines of ``[select]`` that want one dataset alone."""
    others = [each.setid for each in server.made if each.setid != setid]
    return f"deny = {others}"


def length(server: SeededServer, path: str, after: dict[str, int]) -> int:
    """Return the length of what the server has at a path; a page is fetched as a whole."""
    folder, _, name = path.strip("/").partition("/")
    if folder == "set":
        return after[path]
    if folder == "c":
        return after[path] and (server.server.basedir / "lccjsons" / name).stat().st_size
    where = {"d": "datasets", "p": "products"}[folder]
    return (server.server.basedir / where / name).stat().st_size


def test_killed_in_the_middle_of_an_ingest(sixty: SeededServer, tmp_path: Path) -> None:
    setid = sixty.made[0].setid
    with Relay(sixty.server.port) as relay:
        mirror = RealMirror(tmp_path, relay.url, select=only(sixty, setid))
        process = mirror.start_sync()
        with killed_in_the_end(process):
            wait_for(
                "half a table read",
                partial(is_reading, process, mirror.part(setid, "csv"), 0.3),
                deadline_s=KILL_WITHIN_S,
                every_s=0.01,
            )
        assert mirror.sql("SELECT nrows FROM datasets WHERE setid = ?", setid) == [(None,)]
        assert mirror.sql("SELECT count(*) FROM dataset_rows") == [(0,)]
        had, asked = whole_on_disk(mirror, sixty), len(relay.passed)
        assert had == {f"/set/{setid}", f"/d/dataset-{setid}.csv"}
        report = mirror.sync()
        after = relay.since(asked)
    assert report.exit_code == 0
    print(f"after the kill: {[(one.method, one.target, one.body_bytes) for one in after]}")
    assert [one.target for one in after if one.path in had and one.body_bytes] == []
    check_completed(mirror, sixty, 1)
    assert mirror.sql("SELECT count(*) FROM dataset_rows") == [(20_000,)]
    assert mirror.sql("SELECT count(*) FROM objects") == [(20_000,)]


def test_single_light_curves_are_the_servers_own_files(
    sixty: SeededServer, tmp_path: Path
) -> None:
    mirror = RealMirror(
        tmp_path,
        sixty.url,
        select=only(sixty, sixty.made[0].setid),
        lightcurves='singles = "missing"\nlimit = 50',
    )
    first = mirror.sync()
    assert (first.exit_code, first.singles) == (0, 50)
    second = mirror.sync()
    assert (second.exit_code, second.singles) == (0, 50)
    held = mirror.sql(
        "SELECT collection, objectid, path, size, member, newest FROM lightcurves"
    )
    assert len({objectid for _, objectid, *_ in held}) == 100
    for collection, objectid, path, size, member, newest in held:
        published = sixty.truth.light_curve(collection, objectid)
        assert published is not None
        assert path == layout.single_lightcurve(collection, published.name)
        assert (mirror.root / path).read_bytes() == published.read_bytes()
        assert (size, member, newest) == (published.stat().st_size, None, 1)
    mirror.check_sound()
    print(f"{second.summary()}")
