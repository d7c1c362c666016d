"""The errors of lccmirror, one tree.

::

    LccMirrorError                    something a person can act on
    ├── ConfigError                   the configuration is wrong
    ├── UsageError                    the command line is wrong
    ├── Stopped                       the work was asked to end; nothing is wrong
    ├── LocalError                    this machine, not the server
    │   ├── MirrorUnusable            the root is no place for a mirror
    │   │   └── InTheWay              something else lies where a file is to go
    │   ├── MirrorLocked              another lccmirror holds it
    │   ├── CatalogTooNew             written by a newer lccmirror
    │   ├── NoRoom                    disk full, or the configured limit reached
    │   └── Damaged                   local data is not what was written
    ├── ServerError                   the server, or the way to it
    │   ├── TransientError            worth trying again later
    │   │   ├── Unreachable           DNS, refused, timeout, reset
    │   │   ├── ServerFault           5xx
    │   │   ├── RateLimited           429
    │   │   ├── CutShort              a body or stream that ended early
    │   │   ├── PageNotReady          `rows: []` for a page that has rows
    │   │   └── FileChanged           another version came than was begun
    │   └── PermanentError            the same request will fail again
    │       ├── NotAnLccServer        answers, but not as an LCC-Server
    │       ├── TlsError              the certificate is not good
    │       ├── KeyRefused            401 with JSON: the key
    │       ├── AccessDenied          401/403 otherwise: not for us
    │       ├── NotFound              404
    │       ├── RequestRefused        `status: failed`, 4xx
    │       ├── ForeignRedirect       sent to another host
    │       ├── ProtocolError         JSON or HTTP that cannot be understood
    │       └── TooLarge              past a configured limit
    └── FormatError                   bytes that are not the format they should be

Every error says what was being done and to what (``message``) and, where there is
something to do, what a person can do next (``hint``). `exit_code` is what a command
that ends with this error returns (the table in the README).
"""

from __future__ import annotations

from typing import ClassVar


class LccMirrorError(Exception):
    """Something a person can act on.

    Parameters
    ----------
    message
        What was being done, to what, and what went wrong. No secrets.
    hint
        What to do next, if there is something to do.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(LccMirrorError):
    """The configuration is wrong; the message lists every mistake, one a line."""

    exit_code = 78


class UsageError(LccMirrorError):
    """The command line is wrong."""

    exit_code = 2


class Stopped(LccMirrorError):
    """The work was asked to end before it was done; what it had is kept."""


class LocalError(LccMirrorError):
    """Something about this machine, not the server."""


class MirrorUnusable(LocalError):
    """The root is no place for a mirror: a file, read-only, a network filesystem …"""

    exit_code = 78


class InTheWay(MirrorUnusable):
    """Something that is not ours lies where a file of the mirror is to go, or took one away."""


class MirrorLocked(LocalError):
    """Another lccmirror holds this mirror."""

    exit_code = 75


class CatalogTooNew(LocalError):
    """The catalog was written by a newer lccmirror."""

    exit_code = 78


class NoRoom(LocalError):
    """The disk is full, or a configured limit is reached."""

    exit_code = 73


class Damaged(LocalError):
    """Local data is not what was written."""

    exit_code = 65


class ServerError(LccMirrorError):
    """The server, or the way to it."""

    exit_code = 69


class TransientError(ServerError):
    """Worth trying again later.

    Parameters
    ----------
    retry_after_s
        Seconds the server asked us to wait, if it did.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class Unreachable(TransientError):
    """No answer: DNS, connection refused, timeout, reset."""


class ServerFault(TransientError):
    """The server failed (5xx)."""


class RateLimited(TransientError):
    """The server asks for fewer requests (429)."""


class CutShort(TransientError):
    """A body or a stream ended before its end."""


class PageNotReady(TransientError):
    """A page came back without the rows it has: the server is still rendering it."""


class FileChanged(TransientError):
    """The server sent another version of a file than the one that was begun."""


class PermanentError(ServerError):
    """The same request will fail again."""


class NotAnLccServer(PermanentError):
    """Something answers there, but not as an LCC-Server."""


class TlsError(PermanentError):
    """The server's certificate is not good."""


class KeyRefused(PermanentError):
    """The server refuses the API key (invalid, expired, or bound to another address).

    Parameters
    ----------
    said
        The server says why; else it may only have failed to look the key up.
    """

    def __init__(self, message: str, *, hint: str | None = None, said: bool = True) -> None:
        super().__init__(message, hint=hint)
        self.said = said


class AccessDenied(PermanentError):
    """This is not for us (401 or 403 that says nothing about the key)."""


class NotFound(PermanentError):
    """The server has no such thing (404).

    Parameters
    ----------
    by_api
        The API itself says so, in JSON; else it may be the path that is not there.
    """

    def __init__(self, message: str, *, hint: str | None = None, by_api: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.by_api = by_api


class RequestRefused(PermanentError):
    """The server understood and refused (`status: failed`, or another 4xx)."""


class ForeignRedirect(PermanentError):
    """The server sends us to another host, where our key must not go."""


class ProtocolError(PermanentError):
    """An answer that cannot be understood as what was asked for."""


class TooLarge(PermanentError):
    """An answer larger than the configured limit."""


class FormatError(LccMirrorError):
    """Bytes that are not the format they should be; the message says where."""
