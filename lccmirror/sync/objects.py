"""What the server tells of single objects, asked for one at a time, after everything else.

Not every server can tell something, and of most objects it cannot: that it does not is
written down, and asked again after days and weeks, not every night.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ..catalog import object_info as catalog
from ..catalog.connection import transaction
from ..catalog.object_info import Key, State
from ..clock import to_text
from ..errors import (
    AccessDenied,
    FormatError,
    InTheWay,
    KeyRefused,
    NotAnLccServer,
    NotFound,
    RequestRefused,
    ServerError,
    Stopped,
    TlsError,
    TransientError,
)
from . import layout
from .object_files import keep_answer, mend_from_answer, object_paths, take_in_answers
from .trouble import local_errors

if TYPE_CHECKING:
    from .fetch import Fetcher
    from .session import Session

# So many in a row in vain, for a reason that is not theirs, and the rest is left for later.
_GIVE_UP_AFTER = 4
_Problem = ServerError | FormatError | InTheWay


def fetch_objects(session: Session, fetcher: Fetcher, failed: dict[str, str]) -> int:
    """Fetch what the server tells of objects: as configured, and what is damaged here.

    Nothing that goes wrong here with the server ends a cycle.

    Parameters
    ----------
    failed
        Gets what went wrong and will be tried again soon.

    Returns
    -------
    int
        Of how many objects something came.
    """
    mirror = session.mirror
    with transaction(mirror.conn):
        catalog.forgive_wrong_clock(mirror.conn, session.now())
    with local_errors():
        take_in_answers(mirror, fetcher)
        wanted = _mend(session, fetcher, failed)
    place: Key | None = None
    everything = session.config.objects.mirror == "all"
    if session.config.objects.mirror != "never":
        chosen, place = _chosen(session)
        wanted = list(dict.fromkeys((*wanted, *chosen)))
    session.progress.plan(len(wanted), None)
    fetched = in_vain = 0
    for key in wanted:
        if session.stop.is_set():
            raise Stopped("asked to stop")
        problem = _fetch(session, fetcher, key)
        if problem is None:
            fetched, in_vain = fetched + 1, 0
        else:
            _put_off(session, key, problem, failed)
            in_vain = in_vain + 1 if _concerns_all(problem) else 0
        session.progress.item_done(key[1], ok=problem is None)
        # A key that is refused just after it was renewed: another one would be, too.
        if in_vain >= _GIVE_UP_AFTER or isinstance(problem, KeyRefused):
            return fetched
    if everything:
        with transaction(mirror.conn):
            catalog.remember_place(mirror.conn, place)
    return fetched


def _chosen(session: Session) -> tuple[list[Key], Key | None]:
    """Return whom to ask for now, and where to look on for the next ones.

    Those that were asked for before have half of the places, if there are so many of them:
    neither those nor the new ones wait for ever.
    """
    conn, rules, now = session.mirror.conn, session.config.objects, session.now()
    searched, most = rules.mirror == "searches", rules.per_cycle
    older_than = to_text(now - timedelta(seconds=rules.refresh_s))
    again = catalog.to_ask_again(conn, to_text(now), older_than, most, searched=searched)
    room = most - min(len(again), most // 2)
    place: Key | None = None
    if searched:
        new = catalog.never_asked_searched(conn, room)
    else:
        new, place = catalog.never_asked(conn, room)
    return new + again[: most - len(new)], place


def _mend(session: Session, fetcher: Fetcher, failed: dict[str, str]) -> list[Key]:
    """Mend damaged files from what is here; return the objects to ask the server for."""
    conn, now = session.mirror.conn, to_text(session.now())
    paths = catalog.damaged_files(conn, session.config.objects.per_cycle)
    keys = dict.fromkeys(key for path in paths if (key := layout.object_of(path)))
    left: list[Key] = []
    for key in keys:
        try:
            if mend_from_answer(session.mirror, fetcher, key):
                continue
        except InTheWay as error:
            failed[_name(key)] = error.message
            continue
        if catalog.may_be_asked(conn, key, now):
            left.append(key)
    return left


def _fetch(session: Session, fetcher: Fetcher, key: Key) -> _Problem | None:
    """Ask for one object and keep the answer; return what kept us from it, if something did."""
    collection, objectid = key
    most = session.config.limits.max_object_info
    try:
        object_paths(key)  # what could not be kept is not asked for
        answer = session.client.object_info(objectid, collection, max_bytes=most)
        if not answer:
            return NotFound("object information: the server has none", by_api=True)
        with local_errors():
            keep_answer(session.mirror, fetcher, key, answer, to_text(session.now()))
    except (ServerError, FormatError, InTheWay) as error:
        return error
    return None


def _concerns_all(problem: _Problem) -> bool:
    """Whether a problem may be that of the server, and not of one object."""
    no_such_service = isinstance(problem, NotFound) and not problem.by_api
    return no_such_service or isinstance(
        problem, TransientError | KeyRefused | NotAnLccServer | TlsError
    )


def _put_off(session: Session, key: Key, problem: _Problem, failed: dict[str, str]) -> None:
    state: State = "failed"
    if isinstance(problem, NotFound):
        state = "missing"
    elif isinstance(problem, AccessDenied | RequestRefused):
        state = "refused"
    lasting = not isinstance(problem, TransientError | KeyRefused | InTheWay)
    with transaction(session.mirror.conn):
        catalog.put_off(
            session.mirror.conn, key, state, problem.message, session.now(), lasting=lasting
        )
    # What the server has not, or keeps for others, is a state of things and no failure.
    if state == "failed":
        failed[_name(key)] = problem.message


def _name(key: Key) -> str:
    return f"information about {key[1]}"
