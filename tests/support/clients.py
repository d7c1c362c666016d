"""A client for a scripted server: no real waiting, no real chance."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from lccmirror.server import ApiKey, ClientOptions, LccClient, RetryPolicy, Secret
from tests.support.scripted import ScriptedServer
from tests.support.timing import FakeTime

#: Patience for tests: the waits are real where a server hangs, so they are short.
OPTIONS = ClientOptions(
    requests_per_minute=60_000,
    connect_timeout_s=2.0,
    read_timeout_s=5.0,
    retry=RetryPolicy(attempts=4, total_s=600.0),
)


def client_for(
    server: ScriptedServer | str,
    *,
    time: FakeTime | None = None,
    stop: threading.Event | None = None,
    key: str | ApiKey | None = "account-key",
    options: ClientOptions = OPTIONS,
    prefix: str = "",
    **changes: Any,
) -> LccClient:
    """Return a client; with an account's key, so that no key is fetched, unless None.

    Further keywords are fields of `ClientOptions` or parameters of `LccClient`.
    """
    url = server if isinstance(server, str) else server.url
    parameters = {
        name: changes.pop(name) for name in ("key_store", "on_key_event") if name in changes
    }
    account = ApiKey(Secret(key), None, "account", url) if isinstance(key, str) else key
    return LccClient(
        url + prefix,
        replace(options, **changes),
        account_key=account,
        stop=stop,
        timing=(time or FakeTime()).timing(),
        **parameters,
    )
