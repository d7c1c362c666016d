"""Files: whole, resumed, changed under our hands, too large, without room."""

from __future__ import annotations

import hashlib
import random
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lccmirror import errors
from lccmirror.server import FileInfo, csv_path, lcformat_path
from tests.support.clients import client_for
from tests.support.downloads import (
    CONTENT,
    DATE,
    ETAG,
    LATER,
    MD5,
    PATH,
    begun,
    check_whole,
    serving,
)
from tests.support.scripted import (
    Answer,
    Received,
    ScriptedServer,
    file_answer,
    html_answer,
    key_answer,
    key_refusal,
)
from tests.support.timing import FakeTime


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "x.part"


def test_a_file_comes_whole_with_its_hashes(part: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    with ScriptedServer(serving()) as server, client_for(server) as client:
        got = client.download(PATH, part, progress=lambda *at: seen.append(at))
    check_whole(got, part)
    assert (got.md5, got.etag, got.last_modified) == (MD5, ETAG, DATE)
    assert (got.received_bytes, got.resumed_from) == (len(CONTENT), 0)
    assert got.etag_agrees is True
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    request = server.requests[0]
    assert request.headers["accept-encoding"] == "identity"
    assert "range" not in request.headers
    assert request.key == "account-key"


def test_an_etag_of_another_form_is_no_checksum(part: Path) -> None:
    with ScriptedServer(serving(etag='"v1"')) as server, client_for(server) as client:
        got = client.download(PATH, part)
    assert (got.md5, got.etag_agrees) == (None, None)


def test_an_etag_that_is_another_files_md5_is_told_and_no_error(part: Path) -> None:
    with ScriptedServer(serving(etag=f'"{"0" * 32}"')) as server, client_for(server) as client:
        got = client.download(PATH, part)
    assert (got.md5, got.etag_agrees) == (MD5, False)


def test_an_empty_file_is_a_file(part: Path) -> None:
    with ScriptedServer(serving(b"")) as server, client_for(server) as client:
        got = client.download(PATH, part)
    assert (got.size, got.sha256) == (0, hashlib.sha256().hexdigest())
    assert part.read_bytes() == b""


def test_static_files_are_fetched_without_a_key(part: Path) -> None:
    path = lcformat_path("synth-alpha")
    with ScriptedServer(serving()) as server, client_for(server, key=None) as client:
        client.download(path, part)
    assert [request.key for request in server.requests] == [None]


@pytest.mark.parametrize(
    "span",
    [
        "bytes 0-299999/300000",
        "bytes 99999-299999/300000",
        "bytes 100000-200000/300000",
        "bytes 100000-299999/*",
        "bytes 100000-299999/400000",
        "bytes -5/300000",
        "nonsense",
        "",
    ],
)
def test_a_range_that_is_not_the_one_asked_for_is_thrown_away(part: Path, span: str) -> None:
    begun(part, 100_000)

    def script(request: Received) -> Answer:
        if "range" not in request.headers:
            return serving()(request)
        headers = [("ETag", ETAG), ("Last-Modified", DATE), ("Content-Range", span)]
        return Answer(206, b"wrong" * 1000, headers)

    with ScriptedServer(script) as server, client_for(server) as client:
        check_whole(client.download(PATH, part), part)


def test_a_range_that_is_shorter_than_it_says_is_gone_on_with(part: Path) -> None:
    begun(part, 100_000)

    def script(request: Received) -> Answer:
        whole = serving()(request)
        if len(server.requests) > 1:
            return whole
        # Of the right length for its own header: only the file's total tells.
        headers = [one for one in whole.headers if one[0] != "Content-Length"]
        return Answer(206, CONTENT[100_000:150_000], headers)

    with ScriptedServer(script) as server, client_for(server) as client:
        check_whole(client.download(PATH, part), part)
    asked = [one.headers["range"] for one in server.requests]
    assert asked == ["bytes=100000-", "bytes=150000-"]


def test_a_server_that_knows_no_ranges_sends_the_whole_file_once(part: Path) -> None:
    begun(part, 100_000)

    def script(_: Received) -> Answer:
        return Answer(200, CONTENT, [("ETag", ETAG), ("Last-Modified", DATE)])

    with ScriptedServer(script) as server, client_for(server) as client:
        got = client.download(PATH, part)
    check_whole(got, part)
    assert len(server.requests) == 1
    assert got.resumed_from == 0


@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_is_mended_within_the_call(part: Path, reset: bool) -> None:
    def script(request: Received) -> Answer:
        cut = 120_000 if len(server.requests) == 1 else None
        return file_answer(request, CONTENT, etag=ETAG, cut_at=cut, reset=reset)

    with ScriptedServer(script) as server, client_for(server) as client:
        got = client.download(PATH, part)
    check_whole(got, part)
    assert len(server.requests) == 2
    if not reset:  # a reset may take bytes with it that were on their way
        assert (got.received_bytes, got.resumed_from) == (len(CONTENT), 120_000)


def test_a_link_that_cuts_every_time_is_fine_as_long_as_it_goes_on(part: Path) -> None:
    with (
        ScriptedServer(
            lambda request: file_answer(request, CONTENT, etag=ETAG, cut_at=70_000)
        ) as server,
        client_for(server) as client,
    ):
        got = client.download(PATH, part)
    check_whole(got, part)
    assert got.received_bytes == len(CONTENT)
    assert len(server.requests) == 5


def test_a_link_that_brings_nothing_is_given_up_and_the_part_stays(part: Path) -> None:
    def script(request: Received) -> Answer:
        return file_answer(
            request, CONTENT, etag=ETAG, cut_at=100 if "range" in request.headers else 90_000
        )

    with (
        ScriptedServer(script) as server,
        client_for(server) as client,
        pytest.raises(errors.CutShort),
    ):
        client.download(PATH, part)
    assert CONTENT.startswith(part.read_bytes())
    assert part.stat().st_size > 90_000


def test_a_server_that_cuts_and_knows_no_ranges_is_given_up(part: Path) -> None:
    def script(_: Received) -> Answer:
        return Answer(200, CONTENT, [("Last-Modified", DATE)], cut_at=200_000)

    with (
        ScriptedServer(script) as server,
        client_for(server) as client,
        pytest.raises(errors.CutShort),
    ):
        client.download(PATH, part)
    assert len(server.requests) <= 6


def test_a_silent_server_is_given_up_with_what_has_come_kept(part: Path) -> None:
    hang = threading.Event()

    def script(request: Received) -> Answer:
        return file_answer(request, CONTENT, etag=ETAG, hang=hang, hang_after=1000)

    with (
        ScriptedServer(script) as server,
        client_for(server, read_timeout_s=0.2) as client,
        pytest.raises(errors.CutShort, match="stopped sending"),
    ):
        client.download(PATH, part)
    assert part.read_bytes() == CONTENT[:4000]


def test_a_file_that_changes_between_two_pieces_is_of_one_version(part: Path) -> None:
    newer = random.Random(2).randbytes(250_000)

    def script(request: Received) -> Answer:
        if len(server.requests) == 1:
            return file_answer(request, CONTENT, etag=ETAG, cut_at=100_000)
        # the real server keeps the ETag of a file that has changed
        return file_answer(request, newer, etag=ETAG, last_modified=LATER)

    with ScriptedServer(script) as server, client_for(server) as client:
        got = client.download(PATH, part)
    check_whole(got, part, newer)
    assert got.last_modified == LATER
    assert got.etag_agrees is False


def test_a_file_that_changes_for_ever_is_given_up(part: Path) -> None:
    def script(request: Received) -> Answer:
        moment = f"Mon, 23 Nov 2026 02:28:{len(server.requests):02} GMT"
        return file_answer(request, CONTENT, etag=ETAG, last_modified=moment, cut_at=100_000)

    with (
        ScriptedServer(script) as server,
        client_for(server) as client,
        pytest.raises(errors.TransientError),
    ):
        client.download(PATH, part)
    assert len(server.requests) < 40


def test_a_version_other_than_the_expected_is_not_fetched(part: Path) -> None:
    expected = FileInfo(len(CONTENT), ETAG, LATER)
    with (
        ScriptedServer(serving()) as server,
        client_for(server) as client,
        pytest.raises(errors.FileChanged),
    ):
        client.download(PATH, part, expect=expected)
    assert len(server.requests) == 1
    assert not part.exists() or part.read_bytes() == b""


def test_what_head_tells_is_what_download_expects(part: Path) -> None:
    with ScriptedServer(serving()) as server, client_for(server) as client:
        info = client.head(PATH)
        got = client.download(PATH, part, expect=info)
    assert info == FileInfo(len(CONTENT), ETAG, DATE)
    check_whole(got, part)


def test_a_file_larger_than_allowed_is_not_begun(part: Path) -> None:
    with (
        ScriptedServer(serving()) as server,
        client_for(server) as client,
        pytest.raises(errors.TooLarge),
    ):
        client.download(PATH, part, max_bytes=1000)
    assert not part.exists() or part.stat().st_size == 0


def test_a_file_that_hides_its_size_is_stopped_at_the_limit(part: Path) -> None:
    chunks = [CONTENT[:1000]] * 100
    with (
        ScriptedServer([Answer(200, chunks=chunks)]) as server,
        client_for(server) as client,
        pytest.raises(errors.TooLarge),
    ):
        client.download(PATH, part, max_bytes=50_000)
    assert part.stat().st_size <= 50_000


def test_a_file_without_a_size_is_never_resumed(part: Path) -> None:
    whole = [CONTENT[:150_000], CONTENT[150_000:]]
    script = [
        Answer(200, chunks=whole[:1], cut_at=0),
        Answer(200, chunks=whole),
    ]
    with ScriptedServer(script) as server, client_for(server) as client:
        got = client.download(PATH, part)
    check_whole(got, part)
    assert all("range" not in request.headers for request in server.requests)


def test_a_packed_file_is_refused(part: Path) -> None:
    answer = Answer(200, CONTENT, [("Content-Encoding", "gzip")])
    with (
        ScriptedServer([answer]) as server,
        client_for(server) as client,
        pytest.raises(errors.ProtocolError, match="packed"),
    ):
        client.download(PATH, part)


def test_a_stop_keeps_the_part_and_the_next_call_goes_on(part: Path) -> None:
    stop = threading.Event()
    with ScriptedServer(serving()) as server, client_for(server) as client:
        with pytest.raises(errors.Stopped):
            client.download(PATH, part, stop=stop, progress=lambda *_: stop.set())
        had = part.stat().st_size
        assert 0 < had < len(CONTENT)
        got = client.download(PATH, part)
    check_whole(got, part)
    assert got.resumed_from == had


def test_a_refused_file_is_not_a_refused_key(part: Path) -> None:
    answers = [key_answer("made-by-server"), html_answer("<html>401</html>", 401)]
    with (
        ScriptedServer(answers) as server,
        client_for(server, key=None) as client,
        pytest.raises(errors.AccessDenied),
    ):
        client.download(csv_path("abc"), part)
    assert len(server.requests) == 2


def test_a_key_that_ends_during_a_download_is_renewed_and_the_rest_fetched(part: Path) -> None:
    def script(request: Received) -> Answer:
        if request.path == "/api/key":
            return key_answer(f"made-by-server-{len(server.requests)}")
        if request.key == "made-by-server-1":
            if "range" in request.headers:
                return key_refusal()
            return file_answer(request, CONTENT, etag=ETAG, cut_at=100_000)
        return file_answer(request, CONTENT, etag=ETAG)

    with ScriptedServer(script) as server, client_for(server, key=None) as client:
        got = client.download(PATH, part)
    check_whole(got, part)
    assert got.received_bytes == len(CONTENT)
    assert client.stats.renewals == 2


def test_bandwidth_is_held(part: Path) -> None:
    time = FakeTime()
    with (
        ScriptedServer(serving()) as server,
        client_for(server, time=time, bandwidth=10_000.0) as client,
    ):
        client.download(PATH, part)
    assert sum(time.waits) == pytest.approx(29, abs=2)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 300_000), max_size=3), runs=st.integers(1, 3))
def test_however_often_it_is_cut_the_bytes_are_the_servers(
    tmp_path: Path, cuts: list[int], runs: int
) -> None:
    part = tmp_path / "h.part"
    part.unlink(missing_ok=True)
    waiting = list(cuts)

    def script(request: Received) -> Answer:
        return file_answer(
            request, CONTENT, etag=ETAG, cut_at=waiting.pop(0) if waiting else None
        )

    with ScriptedServer(script) as server:
        for _ in range(runs):
            with client_for(server) as client:
                got = client.download(PATH, part)
            check_whole(got, part)
