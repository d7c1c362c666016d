"""Answers that make no sense are the server's fault, never an accident of ours."""

from __future__ import annotations

import pytest

from lccmirror import errors
from tests.support.clients import client_for
from tests.support.scripted import Answer, ScriptedServer, json_answer

EMPTY = {"status": "ok", "result": [], "message": "found 0 datasets in total"}


@pytest.mark.parametrize("location", ["http://[::1/api/datasets", "http://[nonsense]/"])
def test_a_redirect_to_what_is_no_url_is_an_error_of_the_server(location: str) -> None:
    moved = Answer(302, b"", [("Location", location)])
    with (
        ScriptedServer([moved]) as server,
        client_for(server) as client,
        pytest.raises(errors.ServerError),
    ):
        client.datasets()


def test_a_length_of_thousands_of_digits_is_no_length() -> None:
    answer = json_answer(EMPTY, sized=False, headers=[("Content-Length", "9" * 5000)])
    with ScriptedServer([answer]) as server, client_for(server) as client:
        client.datasets().close()


@pytest.mark.parametrize("key", ["result", "message", "unknown"])
def test_json_nested_without_end_is_refused_before_it_fills_the_memory(key: str) -> None:
    deep = b'{"status": "ok", "%s": %s}' % (key.encode(), b"[" * 300_000)
    with (
        ScriptedServer([Answer(200, deep, [("Content-Type", "application/json")])]) as server,
        client_for(server) as client,
        pytest.raises(errors.ProtocolError, match="nested"),
    ):
        client.datasets()
