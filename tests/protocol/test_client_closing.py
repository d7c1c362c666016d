"""A client that is closed holds no connection, whoever still holds one of its errors."""

from __future__ import annotations

import socket
import threading
from contextlib import closing

import pytest

from lccmirror.errors import KeyRefused
from tests.support.clients import client_for
from tests.support.scripted import key_refusal

PATIENCE_S = 5.0


class OneConnection:
    """A server that takes one connection, refuses one request, and waits for its end."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        with self._listener, self._listener.accept()[0] as connection:
            connection.settimeout(PATIENCE_S)
            connection.recv(65536)
            body = key_refusal().body
            connection.sendall(
                b"HTTP/1.1 401 No\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            try:
                if connection.recv(1) == b"":
                    self.ended.set()
            except TimeoutError:
                pass  # the connection is still open, and `ended` says so


def test_closing_a_client_ends_its_connections_at_once() -> None:
    server = OneConnection()
    client = client_for(server.url, anonymous_fallback=False)
    # the error's traceback holds the answer, which holds the connection
    with closing(client), pytest.raises(KeyRefused) as kept:
        client.dataset("abcdefghijk")
    server.thread.join()
    assert kept.value.__traceback__ is not None
    assert server.ended.is_set()
