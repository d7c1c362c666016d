"""`lccmirror search`: the saved searches, their runs, and what they found that is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..clock import to_text, utc_now
from ..errors import UsageError
from ..names import printable
from .commands import Group
from .output import OutputOptions, output_options, write_result
from .settings import Settings, settings
from .utf8_words import utf8_words

if TYPE_CHECKING:
    import sqlite3

    from ..config import Config, SearchConfig
    from ..query import Value
    from ..sync.searches import RunReport
    from .jobs import Watched

_LISTED = (
    # On a terminal the last ones may not fit.
    *("name", "state", "last_run", "next_run", "nobjects", "added", "removed", "changed"),
    *("message", "schedule", "kind"),
)
_NAMED = 20


@click.command(
    cls=Group,
    name="search",
    examples=(
        "lccmirror search list",
        "lccmirror search run bright_movers --wait",
        "lccmirror search changes bright_movers --since 7d",
    ),
)
def command() -> None:
    """Show the saved searches, run them, and tell what they found that is new.

    They stand in the config under [[search]]. The latest good result of each is a view in
    SQL, latest_NAME.
    """


@command.command("list", examples=("lccmirror search list", "lccmirror search list --csv"))
@output_options
def list_(output: OutputOptions) -> None:
    """List the saved searches, with their last run and when they are next due.

    Only the catalog is read. The state is that of the last run: ok, suspect (nothing
    matched where something did before, to be confirmed by another run), failed, gave_up,
    or waiting, running, mirroring while it is under way.
    """
    from ..query import Result, open_readonly

    chosen = settings()
    config = chosen.load(thorough=False)
    with open_readonly(config.mirror.root) as catalog:
        rows = [_listed(catalog.connection, search) for search in config.searches]
    write_result(
        Result(_LISTED, iter(rows)),
        output,
        chosen,
        say_empty=lambda: chosen.note(
            f"no saved searches: {printable(str(config.path))} has no [[search]]; "
            "the file that `lccmirror init` writes shows how they are written"
        ),
    )


@command.command(
    "run", examples=("lccmirror search run rrab", "lccmirror search run rrab my_targets --wait")
)
@click.argument("names", metavar="NAME...", nargs=-1, required=True, callback=utf8_words)
@click.option("--wait", is_flag=True, help="Until they are finished, however long that takes.")
def run(names: tuple[str, ...], wait: bool) -> None:
    """Run saved searches now, also disabled ones.

    Each run leaves a dataset on the server, so a search that ran within the last 15 minutes
    is refused. Without --wait, a search that the server does not finish at once is taken up
    again by `lccmirror run`, by the next `lccmirror sync`, or by this command.

    The exit code is 0 if all went well, 1 if one failed, was given up or is suspect, 69 if
    the server cannot be reached.
    """
    from .jobs import watched

    chosen = settings()
    config = chosen.load()
    with watched(chosen) as job:
        reports = _run(config, names, wait, job)
    _tell(reports, chosen)
    job.stopping.leave(max(report.exit_code for report in reports))


@command.command(
    "changes",
    examples=(
        "lccmirror search changes rrab",
        "lccmirror search changes rrab --since 2026-11-01 --csv",
    ),
)
@click.argument("name")
@click.option(
    "--since", metavar="TIME", help="Only runs finished since: a date; or 7d, 12h: so long ago."
)
@output_options
def changes(name: str, since: str | None, output: OutputOptions) -> None:
    """Tell which objects came, went or changed in the runs of a saved search.

    Only the catalog is read; also for searches that are no longer in the config.
    """
    from ..query import open_readonly
    from ..query.search_history import changes_of, moment_of

    chosen = settings()
    config = chosen.load(thorough=False)
    moment = None if since is None else moment_of(since, utc_now())
    with open_readonly(config.mirror.root) as catalog:
        conn = catalog.connection
        _require_known(conn, config, name)
        write_result(
            changes_of(catalog, name, moment),
            output,
            chosen,
            say_empty=lambda: chosen.note(_no_changes(conn, name, since)),
        )


def _run(config: Config, names: tuple[str, ...], wait: bool, job: Watched) -> list[RunReport]:
    from ..daemon.protocol import RunSearches
    from ..sync.jobs import open_session
    from ..sync.searches import RunReport, run_searches
    from .jobs import handed_over

    told = handed_over(config, RunSearches(names, wait), job, list[RunReport])
    if told is not None:
        return told
    with open_session(config, job.around) as session:
        return run_searches(session, names, wait=wait)


def _tell(reports: list[RunReport], chosen: Settings) -> None:
    for report in reports:
        click.echo(printable(report.summary()))
        if not report.finished and report.next_look is not None:
            chosen.note(
                f"note: {report.search} goes on at {_seconds(report.next_look)}: by `lccmirror "
                f"run`, the next sync, or `lccmirror search run {report.search} --wait`"
            )


def _listed(conn: sqlite3.Connection, search: SearchConfig) -> tuple[Value, ...]:
    from ..catalog.searches import last_run
    from ..sync.searches import next_due
    from ..sync.searches.schedule import in_words

    last = last_run(conn, search.name)
    following = next_due(conn, search, utc_now())
    state = None if last is None else last.state
    return (
        search.name,
        "never ran" if state is None else state,
        None if last is None else _seconds(last.started),
        None if following is None else _seconds(to_text(following)),
        *(
            (None,) * 5
            if last is None
            else (last.nobjects, last.added, last.removed, last.changed, last.message)
        ),
        in_words(search) + ("" if search.enabled else " (disabled)"),
        search.kind,
    )


def _no_changes(conn: sqlite3.Connection, name: str, since: str | None) -> str:
    from ..catalog.searches import last_run

    if last_run(conn, name) is None:
        return f"{name} has not run yet"
    when = "" if since is None else f" since {printable(since)}"
    return f"{name}: nothing came, went or changed{when}"


def _require_known(conn: sqlite3.Connection, config: Config, name: str) -> None:
    from ..config_convert import suggestion

    known = {row[0] for row in conn.execute("SELECT name FROM searches")}
    known |= {search.name for search in config.searches}
    if name not in known:
        raise UsageError(
            f"no saved search {name!r}{suggestion(name, sorted(known))}",
            hint=f"there are: {', '.join(sorted(known)[:_NAMED])}"
            if known
            else "there are none: they are written as [[search]] into the config",
        )


def _seconds(text: str) -> str:
    """Cut a time of the catalog to seconds."""
    return f"{text[:19]}Z"
