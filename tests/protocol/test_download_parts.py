"""What is on the disk of a file before all of it has come: gone on with, or begun anew."""

from __future__ import annotations

import errno
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lccmirror import errors
from lccmirror.server import FileInfo, discard
from lccmirror.server.spool import is_full
from tests.support.clients import client_for
from tests.support.downloads import (
    CONTENT,
    DATE,
    ETAG,
    LATER,
    PATH,
    begun,
    check_whole,
    serving,
)
from tests.support.scripted import (
    ScriptedServer,
)


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "x.part"


def test_a_part_of_an_earlier_run_is_gone_on_with(part: Path) -> None:
    begun(part, 100_000)
    with ScriptedServer(serving()) as server, client_for(server) as client:
        got = client.download(PATH, part)
    check_whole(got, part)
    assert (got.received_bytes, got.resumed_from) == (200_000, 100_000)
    assert [one.headers.get("range") for one in server.requests] == ["bytes=100000-"]


def test_a_part_that_is_whole_costs_no_body(part: Path) -> None:
    begun(part, len(CONTENT))
    with ScriptedServer(serving()) as server, client_for(server) as client:
        got = client.download(PATH, part)
    check_whole(got, part)
    assert got.received_bytes == 0
    assert [one.method for one in server.requests] == ["HEAD"]


def test_a_whole_part_of_a_version_that_is_gone_is_fetched_anew(part: Path) -> None:
    begun(part, len(CONTENT), last_modified=LATER)
    with ScriptedServer(serving()) as server, client_for(server) as client:
        got = client.download(PATH, part)
    check_whole(got, part)
    assert [one.method for one in server.requests] == ["HEAD", "GET"]


@pytest.mark.parametrize(
    "changes",
    [
        {"last_modified": LATER},
        {"etag": f'"{"1" * 32}"'},
        {"total": len(CONTENT) + 1},
        {"path": "/p/lightcurves-other.zip"},
        {"total": None},
        {"total": 50_000},
    ],
)
def test_a_part_of_another_version_is_not_gone_on_with(
    part: Path, changes: dict[str, object]
) -> None:
    begun(part, 100_000, **changes)
    # what is there is not even of this content
    part.write_bytes(b"\0" * 100_000)
    with ScriptedServer(serving()) as server, client_for(server) as client:
        got = client.download(PATH, part)
    check_whole(got, part)
    assert got.resumed_from == 0


@pytest.mark.parametrize("sidecar", [None, "", "{", "[]", '{"path": 7}', "\0"])
def test_a_part_without_a_sidecar_that_makes_sense_is_not_trusted(
    part: Path, sidecar: str | None
) -> None:
    part.write_bytes(b"\0" * 1000)
    if sidecar is not None:
        Path(f"{part}.json").write_text(sidecar)
    with ScriptedServer(serving()) as server, client_for(server) as client:
        check_whole(client.download(PATH, part), part)


def test_a_part_longer_than_the_file_by_now_begins_anew(part: Path) -> None:
    begun(part, 100_000)
    short = CONTENT[:50_000]
    with ScriptedServer(serving(short)) as server, client_for(server) as client:
        check_whole(client.download(PATH, part), part, short)
    assert [one.headers.get("range") for one in server.requests] == ["bytes=100000-", None]


def test_a_part_of_another_version_than_expected_is_dropped_before_asking(part: Path) -> None:
    begun(part, 100_000, last_modified=LATER)
    with ScriptedServer(serving()) as server, client_for(server) as client:
        got = client.download(PATH, part, expect=FileInfo(len(CONTENT), ETAG, DATE))
    check_whole(got, part)
    assert [one.headers.get("range") for one in server.requests] == [None]


@pytest.fixture
def no_more_than_50_kb() -> Iterator[None]:
    """The kernel refuses to let files grow past 50 kB, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.usefixtures("no_more_than_50_kb")
def test_a_file_that_does_not_fit_is_no_room_and_what_fits_is_kept(part: Path) -> None:
    with (
        ScriptedServer(serving()) as server,
        client_for(server) as client,
        pytest.raises(errors.NoRoom),
    ):
        client.download(PATH, part)
    assert part.read_bytes() == CONTENT[:50_000]


def test_a_full_disk_is_no_room() -> None:
    with pytest.raises(OSError, match="space") as caught, open("/dev/full", "wb", 0) as file:  # noqa: PTH123
        file.write(b"x")
    assert is_full(caught.value)
    assert is_full(OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)))
    assert not is_full(OSError(errno.EACCES, os.strerror(errno.EACCES)))


def test_a_symlink_in_place_of_the_part_is_not_followed(part: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    part.symlink_to(victim)
    with (
        ScriptedServer(serving()) as server,
        client_for(server) as client,
        pytest.raises(OSError, match=os.strerror(errno.ELOOP)),
    ):
        client.download(PATH, part)
    assert victim.read_bytes() == b"precious"


def test_a_part_whose_flush_fails_is_not_gone_on_with(
    part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(descriptor: int) -> None:
        if os.fstat(descriptor).st_size == len(CONTENT):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    # The system would show all of it, and a second flush would succeed.
    monkeypatch.setattr(os, "fsync", broken)
    with ScriptedServer(serving()) as server, client_for(server) as client:
        with pytest.raises(OSError, match="Input/output"):
            client.download(PATH, part)
        monkeypatch.undo()
        assert not part.exists()
        got = client.download(PATH, part)
    assert (got.resumed_from, got.received_bytes) == (0, len(CONTENT))
    check_whole(got, part)


@pytest.mark.parametrize("kind", ["a pipe", "one file with another"])
def test_what_is_no_part_of_ours_is_not_taken_for_one(
    part: Path, tmp_path: Path, kind: str
) -> None:
    begun(part, 1000)
    precious = tmp_path / "precious"
    precious.write_bytes(CONTENT[:1000])
    part.unlink()
    if kind == "a pipe":
        os.mkfifo(part)
    else:
        part.hardlink_to(precious)
    with ScriptedServer(serving()) as server, client_for(server) as client:
        if kind == "a pipe":
            with pytest.raises(OSError, match="No such device"):
                client.download(PATH, part)
        else:
            check_whole(client.download(PATH, part), part)
    assert precious.read_bytes() == CONTENT[:1000]


def test_discard_removes_part_and_sidecar(part: Path, tmp_path: Path) -> None:
    begun(part, 10)
    discard(part)
    assert list(tmp_path.iterdir()) == []
