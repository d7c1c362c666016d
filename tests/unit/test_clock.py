"""Times as the catalog writes them: of one width, in order, whatever the server says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.clock import from_http_date, from_text, server_time, to_text

zones = st.timezones() | st.integers(-1439, 1439).map(
    lambda minutes: timezone(timedelta(minutes=minutes))
)
moments = st.datetimes(
    datetime(1, 1, 3),
    datetime(9999, 12, 29),
    timezones=zones,
    # Not a time that clocks skip in spring: no moment is called so.
    allow_imaginary=False,
)


@given(moments)
def test_a_time_comes_back_as_it_was(moment: datetime) -> None:
    text = to_text(moment)
    assert len(text) == 27
    assert from_text(text) == moment.astimezone(UTC)
    assert server_time(text) == text


@given(moments, moments)
def test_texts_sort_as_times_do(one: datetime, other: datetime) -> None:
    assert (to_text(one) < to_text(other)) == (one < other)


@pytest.mark.parametrize(
    "text",
    ["2026-11-22T18:38:30", "2026-11-22T18:38:30Z", "2026-11-22 19:38:30+01:00"],
)
def test_the_servers_forms_are_one(text: str) -> None:
    assert server_time(text) == "2026-11-22T18:38:30.000000Z"


@given(st.text())
def test_what_is_no_time_is_kept_as_it_is(text: str) -> None:
    kept = server_time(text)
    assert kept == text or from_text(kept or "")


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_a_time_outside_the_calendar_is_kept_as_it_is(text: str) -> None:
    assert server_time(text) == text


@given(moments)
def test_http_dates(moment: datetime) -> None:
    whole = moment.astimezone(UTC).replace(microsecond=0)
    text = whole.strftime("%a, %d %b ") + f"{whole.year:04d}" + whole.strftime(" %H:%M:%S GMT")
    if whole.year >= 1000:  # years of two digits have a meaning of their own
        assert from_http_date(text) == whole


@given(st.text())
def test_any_text_for_an_http_date_does_no_harm(text: str) -> None:
    assert from_http_date(text) is None or from_http_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 22 Nov 99999999999999999999 18:38:30 GMT",
        "Sun, 22 Nov 2026 18:38:99 GMT",
        "Fri, 31 Dec 9999 23:59:59 -0100",
    ],
)
def test_an_http_date_outside_the_calendar_is_none(text: str) -> None:
    assert from_http_date(text) is None
