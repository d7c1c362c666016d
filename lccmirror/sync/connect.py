"""Make the client that the configuration describes."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..server import ClientOptions, KeyStore, LccClient, RetryPolicy, read_key_file
from ..server.urls import Origin
from .layout import INCOMING

if TYPE_CHECKING:
    from ..config import Config
    from ..server import ApiKey, KeyEvent, Retry, Timing


def key_store(config: Config) -> KeyStore:
    """Return where API keys are kept: the configured folder, or the state folder.

    Under systemd that is ``$STATE_DIRECTORY``, else the user's own.
    """
    if config.keys.dir is not None:
        return KeyStore(config.keys.dir)
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return KeyStore(Path(given))
    # Imported here: it is not needed where the folder is configured.
    import platformdirs

    return KeyStore(platformdirs.user_state_path("lccmirror"))


def account_key(config: Config) -> ApiKey | None:
    """Return the account's key, if there is one.

    Raises
    ------
    ConfigError
        If its file cannot be used.
    """
    origin = Origin.parse(config.server.url)
    if config.server.api_key_file is not None:
        return read_key_file(config.server.api_key_file, origin)
    return key_store(config).load(origin, "account")


def connect(
    config: Config,
    *,
    stop: threading.Event | None = None,
    on_key_event: Callable[[KeyEvent], None] | None = None,
    on_retry: Callable[[Retry], None] | None = None,
    patience_s: float | None = None,
    timing: Timing | None = None,
) -> LccClient:
    """Return a client for the configured server; nothing is asked of it yet.

    Parameters
    ----------
    stop, on_key_event, on_retry, timing
        As `LccClient` takes them.
    patience_s
        For a person who waits: try again, and wait for an answer, for about so long and
        no longer, whatever is configured.

    Raises
    ------
    ConfigError
        If the account key's file cannot be used.
    """
    server = config.server
    patience = math.inf if patience_s is None else patience_s
    incoming = config.mirror.root / INCOMING
    options = ClientOptions(
        requests_per_minute=server.requests_per_minute,
        connect_timeout_s=min(server.connect_timeout_s, patience),
        read_timeout_s=min(server.read_timeout_s, patience),
        retry=RetryPolicy(total_s=min(server.retry_total_s, patience)),
        contact=server.user_agent_contact,
        proxy=server.proxy,
        ca_file=server.ca_file,
        anonymous_fallback=server.anonymous_fallback,
        renew_before_s=config.keys.renew_before_s,
        max_json=config.limits.max_json,
        # Not in /tmp, which may be in memory.
        spool_folder=incoming if incoming.is_dir() else None,
        bandwidth=config.mirror.bandwidth,
    )
    return LccClient(
        server.url,
        options,
        key_store=key_store(config),
        account_key=account_key(config),
        stop=stop,
        on_key_event=on_key_event,
        on_retry=on_retry,
        timing=timing,
    )
