"""What people ask for at the control socket, done by the writer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import errors
from ..clock import to_text
from ..errors import LccMirrorError, UsageError
from ..sync.cycle import run_cycle
from ..sync.jobs import Verified, rehearse, repair_held, verify_held
from ..sync.pace import pace_of
from ..sync.prune import PruneReport, prune
from ..sync.report import CycleTold
from ..sync.searches import run_searches
from .protocol import (
    Failed,
    Ping,
    Prune,
    RenewKey,
    Request,
    RunSearches,
    Status,
    Sync,
    Verify,
)

if TYPE_CHECKING:
    from ..server import LccClient
    from ..sync.session import Session
    from ..sync.verify_scope import Scope


@dataclass(frozen=True)
class RenewedKey:
    """A new anonymous key; never the key itself.

    Attributes
    ----------
    expires
        When it ends, if the server says so.
    in_use
        Which kind of key requests carry: ``anonymous`` or ``account``.
    """

    expires: str | None
    in_use: str


def do_request(request: Request, session: Session) -> Any:
    """Do what was asked; return the result, plain enough to be sent.

    Raises
    ------
    LccMirrorError
        As the work does.
    """
    match request:
        case Sync(dry_run=True):
            return rehearse(session)
        case Sync():
            return run_cycle(session).told()
        case Verify(repair=repair, scope=scope):
            return _verify(session, scope, repair=repair)
        case RenewKey():
            return renewed_key(session.client)
        case RunSearches(names=names):
            # What has to be waited for goes on as the job of the daemon that it is.
            return run_searches(session, names, wait=False)
        case Prune(dry_run=dry_run):
            mirror, config = session.mirror, session.config
            return prune(mirror, config, session.now, dry_run=dry_run, stop=session.stop)
        case Ping() | Status():
            raise UsageError("this is answered at once, not done")


def failure(error: LccMirrorError) -> Failed:
    """Return what is said of an error: by the nearest of its names that everybody knows."""
    known = next(one for one in type(error).__mro__ if one.__module__ == errors.__name__)
    return Failed(known.__name__, error.message, error.hint)


def _verify(session: Session, scope: Scope, *, repair: bool) -> Any:
    done = verify_held(
        session.mirror,
        session.now,
        scope=scope,
        progress=session.progress,
        stop=session.stop,
        pace=pace_of(scope.rate, session.stop),
    )
    return repair_held(session, done.found) if repair and done.found.damage else done


def renewed_key(client: LccClient) -> RenewedKey:
    """Get a new anonymous key."""
    key = client.new_key()
    expires = None if key.expires is None else to_text(key.expires)
    return RenewedKey(expires, client.current_key().kind)


def summary_of(result: object) -> str:
    """Return the line about a result for the log."""
    match result:
        case CycleTold(summary=summary):
            return summary
        case PruneReport():
            return result.summary()
        case Verified():
            left = result.found if result.left is None else result.left
            return f"{left.ndamage:,} damaged or missing" if left.damage else "all is well"
        case _:
            return "done"


def in_words(request: Request) -> str:
    """Name a request for the log and for `status`."""
    match request:
        case Sync(dry_run=dry_run):
            return "sync --dry-run" if dry_run else "sync"
        case Verify(repair=repair):
            return "verify --repair" if repair else "verify"
        case RenewKey():
            return "key renew"
        case RunSearches(names=names):
            return "search run " + " ".join(names)
        case Prune(dry_run=dry_run):
            return "prune --dry-run" if dry_run else "prune"
        case Ping():
            return "ping"
        case Status():
            return "status"
