"""What has to be right before the first request of a replay."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING

from ...catalog import searches as catalog
from ...catalog.connection import transaction
from ...catalog.searches import PartRow, RunRow
from ...clock import from_text, to_text
from ...config_convert import suggestion
from ...errors import KeyRefused, ServerError, UsageError
from ..mirror import bind_server
from ..poll import poll_collections
from ..session import Session
from .check import Checked, check, known_columns
from .requests import encode, question
from .schedule import data_state, latest_point
from .steps import finish, try_again

if TYPE_CHECKING:
    from ...config import Config, SearchConfig


def configured(config: Config, name: str) -> SearchConfig:
    """Return the search of that name.

    Raises
    ------
    UsageError
        If there is none.
    """
    for search in config.searches:
        if search.name == name:
            return search
    names = [search.name for search in config.searches]
    raise UsageError(
        f"no saved search {name!r} in {config.path}{suggestion(name, names)}",
        hint=f"there are: {', '.join(names)}" if names else "there are none",
    )


def prepare(session: Session, row: RunRow) -> list[PartRow] | datetime | None:
    """Turn a run's search into requests, as long as none of them has been sent.

    Due times that have passed meanwhile join the run's own: nothing of it has been begun.

    Returns
    -------
    list of PartRow or datetime or None
        The requests; or when to try again; or None if the run has failed.
    """
    conn = session.mirror.conn
    try:
        search = configured(session.config, row.search)
    except UsageError:
        finish(session, row, "failed", "the configuration no longer has this search")
        return None
    _take_later_dues(session, row, search)
    parts = catalog.parts_of(conn, row.id)
    if parts and row.params == question(search):
        _note_data(conn, row, search)
        return parts
    try:
        checked = _checked(session, search)
        refusal = _refusal(session, search)
    except ServerError as error:
        return try_again(session, row, _tries(session, row), str(error))
    _note_data(conn, row, search)
    mistakes = [*checked.mistakes, *([refusal] if refusal else [])]
    if mistakes:
        finish(session, row, "failed", "not sent: " + "; ".join(mistakes))
        return None
    with transaction(conn):
        catalog.set_parts(conn, row.id, [encode(one) for one in checked.requests])
        remarks = "; ".join(checked.remarks) or None
        catalog.update_run(conn, row.id, params=question(search), message=remarks)
    return catalog.parts_of(conn, row.id)


def _checked(session: Session, search: SearchConfig) -> Checked:
    """Check a search; what is unknown may be newer than what we know of the server."""
    conn = session.mirror.conn
    if known_columns(conn):
        checked = check(conn, search)
        if not checked.mistakes:
            return checked
    poll_collections(session.client, conn, session.now())
    bind_server(conn, session.config.server.url)
    return check(conn, search)


def _note_data(conn: sqlite3.Connection, row: RunRow, search: SearchConfig) -> None:
    """Remember how new the data is that is asked for, which can be newer than the run."""
    data = data_state(conn, search)
    if data != row.data:
        with transaction(conn):
            catalog.update_run(conn, row.id, data=data)


def _refusal(session: Session, search: SearchConfig) -> str | None:
    if search.visibility not in ("private", "shared"):
        return None
    if not _has_account(session):
        return (
            f"a {search.visibility} dataset needs an account's key that is good: nobody could "
            "read it after an anonymous key's end"
        )
    if search.visibility not in session.config.select.visibility:
        return (
            f"a {search.visibility} dataset would be readable in the mirror for its group; "
            f'add "{search.visibility}" to select.visibility if that is meant'
        )
    return None


def _has_account(session: Session) -> bool:
    if session.client.current_key().kind != "account":
        return False
    try:
        # A key that is refused only with the search itself would be replaced by an
        # anonymous one, and the search sent again under that.
        session.client.verify_key()
    except KeyRefused:
        return False
    return True


def _take_later_dues(session: Session, row: RunRow, search: SearchConfig) -> None:
    if row.due is None:
        return
    later = latest_point(search, from_text(row.due), session.now())
    if later is not None:
        due, count = later
        with transaction(session.mirror.conn):
            catalog.update_run(
                session.mirror.conn, row.id, due=to_text(due), covers=row.covers + count
            )


def _tries(session: Session, row: RunRow) -> int:
    """Return for how many doublings of a minute a run has been tried in vain."""
    minutes = (session.now() - from_text(row.started)).total_seconds() / 60
    return max(0, int(minutes).bit_length())
