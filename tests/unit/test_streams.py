"""A search's stream gives the same events however it was cut."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.errors import CutShort, ProtocolError, RequestRefused, TooLarge
from lccmirror.server import Background, Finished, NoMatch, Queued, Running, SearchEvent
from lccmirror.server.streams import ObjectSplitter, read_search

QUEUED = {
    "message": "query in run-queue. executing with set ID: N1tZWPOZyxk...",
    "status": "queued",
    "result": {"setid": "N1tZWPOZyxk", "api_service": "conesearch"},
    "time": "2018-08-09T01:04:00.878206Z",
}
RUNNING = {"message": "running", "status": "running", "result": {"setid": "N1tZWPOZyxk"}}
OK_RUNNING = {
    "message": "dataset now ready",
    "status": "ok",
    "result": {
        "setid": "N1tZWPOZyxk",
        "created": "2018-08-09T01:04:00.874976",
        "updated": "2018-08-09T01:04:01.211014",
        "visibility": "public",
        "total_nmatches": 11,
        "actual_nrows": 10,
        "npages": 1,
        "rows_per_page": 500,
    },
    "time": "2018-08-09T01:04:01.219230Z",
}
OK_DOCUMENTED = {
    "message": "dataset now ready",
    "status": "ok",
    "result": {"setid": "N1tZWPOZyxk", "nobjects": 11},
}
BACKGROUND = {
    "message": "query sent to background",
    "status": "background",
    "result": {"setid": "N1tZWPOZyxk"},
}
NO_MATCH = {
    "status": "failed",
    "result": {"setid": "N1tZWPOZyxk", "actual_nrows": 0},
    "message": "Query <code>N1tZWPOZyxk</code> failed. No matching objects were found",
}
REFUSALS = (
    b'{"status": "failed", "result": null, "message": "could not parse the input coords"}'
    b'{"status": "failed", "result": null, "message": "one or more args are missing"}'
)


def lines(*documents: Any, end: bytes = b"\n") -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in documents) + end


def events(*chunks: bytes) -> list[SearchEvent]:
    return list(read_search(chunks, "conesearch"))


def test_a_search_that_finishes() -> None:
    queued, running, finished = events(lines(QUEUED, RUNNING, OK_RUNNING))
    assert isinstance(queued, Queued)
    assert queued.setid == "N1tZWPOZyxk"
    assert isinstance(running, Running)
    assert finished == Finished(
        setid="N1tZWPOZyxk",
        message="dataset now ready",
        time="2018-08-09T01:04:01.219230Z",
        total_nmatches=11,
        actual_nrows=10,
        npages=1,
        rows_per_page=500,
        created="2018-08-09T01:04:00.874976",
        updated="2018-08-09T01:04:01.211014",
        visibility="public",
    )


def test_the_documented_server_counts_in_nobjects() -> None:
    finished = events(lines(QUEUED, OK_DOCUMENTED))[-1]
    assert isinstance(finished, Finished)
    assert (finished.total_nmatches, finished.actual_nrows) == (11, 11)


def test_the_zip_is_announced() -> None:
    ready = {**RUNNING, "result": {"setid": "N1tZWPOZyxk", "lczip": "/p/x.zip"}}
    none = {**RUNNING, "result": {"setid": "N1tZWPOZyxk", "lczip": None}}
    seen = events(lines(QUEUED, none, ready, OK_RUNNING))[1:3]
    assert [one.lczip_ready for one in seen if isinstance(one, Running)] == [False, True]


def test_a_last_line_without_newline_counts() -> None:
    assert isinstance(events(lines(QUEUED, BACKGROUND, end=b""))[-1], Background)


@pytest.mark.parametrize("count", ["actual_nrows", "nobjects"])
def test_no_match_is_an_event_and_its_message_is_plain_text(count: str) -> None:
    answer = {**NO_MATCH, "result": {"setid": "N1tZWPOZyxk", count: 0}}
    last = events(lines(QUEUED, answer, end=b""))[-1]
    assert isinstance(last, NoMatch)
    assert last.message == "Query N1tZWPOZyxk failed. No matching objects were found"


def test_refusals_without_end_are_a_short_error() -> None:
    with pytest.raises(RequestRefused) as caught:
        list(read_search([b'{"status": "failed", "message": "no"}' * 1000], "conesearch"))
    assert len(caught.value.message) < 500


def test_two_refusals_glued_together_are_one_error_with_both_reasons() -> None:
    with pytest.raises(RequestRefused, match=r"could not parse.*args are missing"):
        events(REFUSALS)


@pytest.mark.parametrize("ended_after", [(QUEUED,), (QUEUED, RUNNING)])
def test_a_stream_that_ends_too_early_names_its_setid(ended_after: tuple[Any, ...]) -> None:
    seen: list[SearchEvent] = []
    with pytest.raises(CutShort, match="N1tZWPOZyxk"):
        seen.extend(read_search([lines(*ended_after)], "conesearch"))
    # the events before the end were given live: extend has kept what came
    assert len(seen) == len(ended_after)


def test_a_stream_that_breaks_in_the_middle_of_a_line_names_its_setid() -> None:
    with pytest.raises(CutShort, match=r"'queued'.*N1tZWPOZyxk"):
        events(lines(QUEUED), lines(OK_RUNNING)[:-20])


def test_an_empty_stream_is_cut_short() -> None:
    with pytest.raises(CutShort, match="no answer came"):
        events()


def test_events_come_before_the_stream_has_ended() -> None:
    def chunks() -> Any:
        yield lines(QUEUED)
        raise AssertionError("read on before the first event was given")

    assert isinstance(next(read_search(chunks(), "conesearch")), Queued)


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"ok", b'"x"', b'{"a": 1}]'])
def test_what_is_no_object_is_a_protocol_error(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        events(body, b"\n{}")


@pytest.mark.parametrize("setid", ["../../etc", "a/b", "", "x" * 300, 7, "a\0b"])
def test_a_setid_that_is_none_is_a_protocol_error(setid: object) -> None:
    with pytest.raises(ProtocolError):
        events(lines({**QUEUED, "result": {"setid": setid}}))


def test_a_line_without_end_is_too_large() -> None:
    splitter = ObjectSplitter(limit=1000)
    assert list(splitter.feed(b'{"message": "')) == []
    assert list(splitter.feed(b"x" * 900)) == []
    with pytest.raises(TooLarge):
        list(splitter.feed(b"x" * 100))


def test_what_came_before_nonsense_in_the_same_piece_is_told() -> None:
    told: list[SearchEvent] = []
    with pytest.raises(ProtocolError):
        told.extend(read_search([lines(QUEUED) + b"}" + lines(RUNNING)], "conesearch"))
    assert [event.setid for event in told] == ["N1tZWPOZyxk"]


def cut(content: bytes, cuts: list[int]) -> list[bytes]:
    """Return `content` cut at all of `cuts`."""
    edges = sorted({0, len(content), *(at % (len(content) + 1) for at in cuts)})
    return [content[start:end] for start, end in pairwise(edges)]


TEXTS = st.text(alphabet=st.sampled_from('{}[]"\\,: \nné…😀\u2028abc'), max_size=20)
VALUES = st.recursive(
    TEXTS | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(
    documents=st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), max_size=5),
    separators=st.lists(st.sampled_from([b"", b"\n", b"\r\n", b" \n\n\t"]), min_size=6),
    ascii_only=st.booleans(),
    cuts=st.lists(st.integers(0, 10_000), max_size=20),
)
def test_any_cut_of_any_stream_gives_the_same_objects(
    documents: list[dict[str, Any]],
    separators: list[bytes],
    ascii_only: bool,
    cuts: list[int],
) -> None:
    content = b"".join(
        separator + json.dumps(one, ensure_ascii=ascii_only).encode()
        for one, separator in zip(documents, separators, strict=False)
    )
    splitter = ObjectSplitter()
    found = [one for chunk in cut(content, cuts) for one in splitter.feed(chunk)]
    assert [json.loads(one) for one in found] == documents[: len(separators)]
    assert not splitter.unfinished


@given(cuts=st.lists(st.integers(0, 10_000), max_size=30))
def test_any_cut_of_a_search_gives_the_same_events(cuts: list[int]) -> None:
    content = lines(QUEUED, RUNNING, {**RUNNING, "message": 'é"\\…'}, OK_RUNNING, end=b"")
    assert events(*cut(content, cuts)) == events(content)


@given(at=st.integers(0, 2000))
def test_a_search_cut_off_anywhere_is_cut_short_or_finished(at: int) -> None:
    content = lines(QUEUED, RUNNING, OK_RUNNING, end=b"")
    if at >= len(content):
        assert isinstance(events(content[:at])[-1], Finished)
    else:
        with pytest.raises(CutShort):
            events(content[:at])
