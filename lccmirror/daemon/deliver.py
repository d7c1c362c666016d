"""Bring a message to somebody: by a command or a webhook, within a time limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..config_values import webhook
from ..errors import ConfigError, UsageError
from ..private import read_private
from .by_command import run_command
from .by_webhook import DIRECT, Way, post
from .undelivered import NotDelivered

if TYPE_CHECKING:
    from pathlib import Path

    from ..config import NotifyConfig

_LARGEST_ADDRESS = 4096


def deliver(recipient: NotifyConfig, content: bytes, way: Way = DIRECT) -> None:
    """Bring `content`, a JSON object, to somebody.

    Parameters
    ----------
    way
        How a webhook is reached.

    Raises
    ------
    NotDelivered
        If that did not work, or not in time.
    """
    if recipient.command:
        run_command(recipient.command, content, recipient.time_limit_s)
        return
    address: str | None = recipient.url
    if address is None:
        assert recipient.url_file is not None
        address = read_address(recipient.url_file)
    post(address, content, recipient.time_limit_s, way)


def read_address(path: Path) -> str:
    """Read a webhook's address from a file that only its owner may read.

    Raises
    ------
    NotDelivered
        If that cannot be done.
    """
    try:
        content = read_private(path, _LARGEST_ADDRESS, what="file of a webhook's address")
    except ConfigError as error:
        raise NotDelivered(error.message, hint=error.hint) from None
    except OSError as error:
        raise NotDelivered(f"cannot read {path}: {error.strerror}") from None
    try:
        return webhook(content.decode("utf-8", "replace"))
    except UsageError as error:
        raise NotDelivered(f"{path}: {error.message}") from None
