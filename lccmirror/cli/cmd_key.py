"""`lccmirror key`: which API keys we have, bring one, get a new one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..clock import to_text, utc_now
from .commands import Group
from .settings import PATIENCE_S, settings

if TYPE_CHECKING:
    from ..config import Config
    from ..server import ApiKey


@click.command(
    cls=Group,
    name="key",
    examples=("lccmirror key show", "lccmirror key import ~/hat-key.json"),
)
def command() -> None:
    """Show, import or renew the API key."""


@command.command("show", examples=("lccmirror key show", "lccmirror key show --online"))
@click.option("--online", is_flag=True, help="Also ask the server whether the key is good.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def show(online: bool, as_json: bool) -> None:
    """Tell which keys we have for this server, and until when; never the keys themselves.

    The account's key is used if there is one, else the anonymous one. A server may refuse
    a key before its end, for instance after this machine's address has changed.
    """
    config = settings().load()
    found = [_described(key, path) for key, path in _keys(config)]
    # Without a key there is no question: to put one, a key would be fetched and kept.
    online = online and bool(found)
    if as_json:
        import json

        shown: dict[str, Any] = {"server": config.server.url, "keys": found}
        if online:
            shown["server_says"] = _asked(config)
        click.echo(json.dumps(shown, indent=2))
        return
    if not found:
        click.echo(
            f"no key for {config.server.url} yet; the next sync fetches an anonymous one"
        )
    for one in found:
        click.echo(f"{one['kind']} key for {config.server.url}")
        click.echo(f"  kept in  {one['file']}")
        click.echo(
            f"  expires  {one['expires'] or 'unknown'}{' (past)' if one['expired'] else ''}"
        )
    if online:
        # What we have is shown also when the server refuses it.
        click.echo(f"the server says: {_asked(config)}")


@command.command("import", examples=("lccmirror key import ~/hat-key.json",))
@click.argument("file", type=click.Path(path_type=Path))
def import_(file: Path) -> None:
    """Keep the account's key that is in FILE, to be used from now on.

    FILE is the JSON as the server hands it out, or holds nothing but the key; nobody else
    may be able to read it (chmod 600). It is copied, and itself never changed.
    """
    from ..daemon.asking import request_quietly
    from ..daemon.protocol import Ping
    from ..server.urls import Origin
    from ..sync.connect import key_store

    chosen = settings()
    config = chosen.load(thorough=False)
    key = key_store(config).import_file(file, Origin.parse(config.server.url))
    click.echo(f"kept the account's key for {config.server.url}, {_end(key)}")
    daemon = request_quietly(config.mirror.root, Ping(), dict[str, Any])
    if daemon is not None:
        chosen.note(
            f"the daemon takes it up when it reads its config again: kill -HUP {daemon['pid']}"
        )
    if config.server.api_key_file is not None:
        sys.stderr.write(
            f"warning: it is not used as long as {config.path} names another: "
            f"server.api_key_file = {config.server.api_key_file}\n"
        )


@command.command("renew", examples=("lccmirror key renew",))
def renew() -> None:
    """Get a new anonymous key from the server.

    Rarely needed: a key is renewed before it ends, and when the server refuses it. An
    account's key cannot be renewed from here: get one from the server, and import it.
    """
    from ..daemon.protocol import RenewKey
    from ..daemon.requests import RenewedKey, renewed_key
    from ..sync.connect import connect, key_store
    from .jobs import handed_over, watched

    chosen = settings()
    config = chosen.load()
    with watched(chosen) as job:
        renewed = handed_over(config, RenewKey(), job, RenewedKey)
        if renewed is None:
            key_store(config).require_place()
            with connect(config, stop=job.around.stop, patience_s=PATIENCE_S) as client:
                renewed = renewed_key(client)
    good = "which does not say when it ends"
    if renewed.expires is not None:
        good = f"good until {renewed.expires}"
    click.echo(f"a new anonymous key for {config.server.url}, {good}")
    if renewed.in_use == "account":
        chosen.note("the account's key is still the one in use")


def _keys(config: Config) -> Iterator[tuple[ApiKey, Path]]:
    """Yield the keys we have and their files, the one that is used first."""
    from ..server import read_key_file
    from ..server.urls import Origin
    from ..sync.connect import key_store

    origin = Origin.parse(config.server.url)
    store = key_store(config)
    named = config.server.api_key_file
    if named is not None:
        yield read_key_file(named, origin), named
    elif (account := store.load(origin, "account")) is not None:
        yield account, store.path(origin, "account")
    if (anonymous := store.load(origin, "anonymous")) is not None:
        yield anonymous, store.path(origin, "anonymous")


def _described(key: ApiKey, path: Path) -> dict[str, Any]:
    return {
        "kind": key.kind,
        "file": str(path),
        "expires": None if key.expires is None else to_text(key.expires),
        "expired": key.expires is not None and _ago(key.expires),
    }


def _ago(moment: datetime) -> bool:
    return moment.astimezone(UTC) <= utc_now()


def _end(key: ApiKey) -> str:
    return (
        "which does not say when it ends"
        if key.expires is None
        else (f"good until {to_text(key.expires)}")
    )


def _asked(config: Config) -> str:
    from ..sync.connect import connect

    with connect(config, patience_s=PATIENCE_S) as client:
        status = client.verify_key()
    until = "" if status.expires is None else f" until {to_text(status.expires)}"
    return f"good{until}"
