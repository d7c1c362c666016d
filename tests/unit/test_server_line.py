"""Sending without a session: the same on the wire as with one."""

from __future__ import annotations

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.server.line import is_plain

_SEGMENT = st.text("abzAZ09._~-", min_size=1, max_size=8)


@given(st.sampled_from(["http", "https"]), st.lists(_SEGMENT, max_size=4))
def test_a_plain_url_is_what_requests_would_make_of_it(scheme: str, path: list[str]) -> None:
    url = f"{scheme}://data.example.org:8443/" + "/".join(path)
    if is_plain(url):
        assert requests.Request("GET", url).prepare().url == url
    else:
        assert any(step.startswith(".") for step in path)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "http://example.org/a/../b",
        "http://example.org/./a",
        "http://example.org/a%2e",
        "http://example.org/a b",
        "http://example.org/ä",
        "http://höst.example/a",
        "http://user@example.org/a",
        "http://example.org/a?b=c",
        "http://example.org/a#b",
        "http://example.org/a\n",
        "http://[::1]/a",
        "HTTP://example.org/a",
    ],
)
def test_whatever_else_there_is_in_a_url_requests_decides_about_it(url: str) -> None:
    assert not is_plain(url)
