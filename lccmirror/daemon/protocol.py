"""What is said over the control socket: JSON, one message a line.

A client sends one `Request` and reads messages until `Done`, `Failed` or `Refused`, the
last of them. What it does not read in time is dropped with the connection; that does not
disturb the work.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from ..errors import FormatError
from ..names import printable
from ..sync.verify_scope import EVERYTHING, Scope

LONGEST_REQUEST = 64 * 1024
LONGEST_MESSAGE = 64 * 1024 * 1024


class _Message(Struct, frozen=True, tag_field="say"):
    """A message; `say` names which."""


# Requests


class Ping(_Message, frozen=True, forbid_unknown_fields=True, tag="ping"):
    """Answer at once: are you there?"""


class Status(_Message, frozen=True, forbid_unknown_fields=True, tag="status"):
    """Answer at once: what are you doing?"""


class Sync(_Message, frozen=True, forbid_unknown_fields=True, tag="sync"):
    """Run one full cycle, or say what it would do."""

    dry_run: bool = False


class Verify(_Message, frozen=True, forbid_unknown_fields=True, tag="verify"):
    """Verify the mirror, or a part of it."""

    repair: bool = False
    scope: Scope = EVERYTHING


class RenewKey(_Message, frozen=True, forbid_unknown_fields=True, tag="key renew"):
    """Get a new anonymous key."""


class RunSearches(_Message, frozen=True, forbid_unknown_fields=True, tag="search run"):
    """Run saved searches now; with `wait`, until they have ended."""

    names: tuple[str, ...]
    wait: bool = False


class Prune(_Message, frozen=True, forbid_unknown_fields=True, tag="prune"):
    """Apply the retention rules."""

    dry_run: bool = False


Request = Ping | Status | Sync | Verify | RenewKey | RunSearches | Prune


# What the daemon says


class Accepted(_Message, frozen=True, tag="accepted"):
    """It will be done, after `ahead` other tasks and what is being done now."""

    ahead: int = 0
    busy_with: str | None = None


class Still(_Message, frozen=True, tag="still"):
    """Nothing new; the daemon lives."""


class Plan(_Message, frozen=True, tag="plan"):
    """`lccmirror.sync.progress.Progress.plan`."""

    items: int
    total_bytes: int | None


class Begin(_Message, frozen=True, tag="begin"):
    """`Progress.begin`."""

    key: str
    label: str
    total: int | None


class Advance(_Message, frozen=True, tag="advance"):
    """`Progress.advance`."""

    key: str
    n: int


class End(_Message, frozen=True, tag="end"):
    """`Progress.end`."""

    key: str
    ok: bool


class ItemDone(_Message, frozen=True, tag="item"):
    """`Progress.item_done`."""

    label: str
    ok: bool


class Note(_Message, frozen=True, tag="note"):
    """`Progress.note`."""

    text: str


class Done(_Message, frozen=True, tag="done"):
    """It was done; `result` is what the work returned, as JSON has it."""

    result: Any


class Failed(_Message, frozen=True, tag="failed"):
    """It ended with an error, named as in `lccmirror.errors`."""

    error: str
    message: str
    hint: str | None = None


class Refused(_Message, frozen=True, tag="refused"):
    """The request was not understood, or is not taken now."""

    message: str


Event = (
    Accepted | Still | Plan | Begin | Advance | End | ItemDone | Note | Done | Failed | Refused
)
LAST = (Done, Failed, Refused)
"""After one of these nothing more is said."""


def line(message: Request | Event) -> bytes:
    """Return a message as the line that is sent."""
    return msgspec.json.encode(message) + b"\n"


def read_request(text: bytes) -> Request:
    """Read a request.

    Raises
    ------
    FormatError
        If it is none.
    """
    message: Request = _read(text, Request)
    return message


def read_event(text: bytes) -> Event:
    """Read what the daemon said.

    Raises
    ------
    FormatError
        If it is no message that we know.
    """
    message: Event = _read(text, Event)
    return message


def _read(text: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        # msgspec repeats what it was given
        raise FormatError(f"not a message of lccmirror: {printable(str(error), 200)}") from None
