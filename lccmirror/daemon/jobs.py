"""What the daemon does by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ..errors import (
    FileChanged,
    LccMirrorError,
    NoRoom,
    PageNotReady,
    ProtocolError,
    RequestRefused,
    ServerError,
    TooLarge,
)
from .timetable import Timetable

if TYPE_CHECKING:
    from ..sync.session import Session

# The server is there, but what it says to this one request is of no use.
_ANSWERED = (FileChanged, PageNotReady, ProtocolError, RequestRefused, TooLarge)


@dataclass(frozen=True)
class Outcome:
    """How a run of a job ended.

    Attributes
    ----------
    message
        The one line about it.
    news
        A person should read it; else it is only there for who asks.
    more
        It did a part; the rest comes after whatever else waits.
    error
        What ended it early: `ServerError` if the server is gone, `NoRoom` …
    there
        The server is not gone: it has answered something else since.
    """

    ok: bool = True
    message: str = ""
    news: bool = False
    more: bool = False
    error: LccMirrorError | None = None
    there: bool = False

    @property
    def gone(self) -> ServerError | None:
        """The error that says that the server is gone, or refuses all we ask, if so."""
        if self.there or isinstance(self.error, _ANSWERED):
            return None
        return self.error if isinstance(self.error, ServerError) else None

    @property
    def answered(self) -> bool:
        """Whether the server was there, be it with an answer that is of no use."""
        return self.ok or self.there or isinstance(self.error, _ANSWERED)

    @property
    def no_room(self) -> NoRoom | None:
        """The error that says that something did not fit, if so."""
        return self.error if isinstance(self.error, NoRoom) else None


@dataclass(frozen=True)
class Job:
    """Something that the daemon does again and again.

    Attributes
    ----------
    run
        Does it, in the writer's thread.
    online
        It needs the server: while that is gone, it waits.
    probe
        It is what finds out whether the server is back.
    catch_up
        When it was due while no daemon ran, it is done once at the start.
    plan
        For a job whose next time is in what it works on: tells that time, from the
        catalog alone; None while there is nothing to do.
    """

    name: str
    timetable: Timetable
    run: Callable[[Session], Outcome]
    online: bool = False
    probe: bool = False
    catch_up: bool = True
    plan: Callable[[Session], datetime | None] | None = None
