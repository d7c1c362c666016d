"""Due times: each once, none forgotten, several missed ones together."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.catalog import searches as catalog
from lccmirror.clock import to_text
from lccmirror.config import Config, SearchConfig, load_config
from lccmirror.sync.searches.schedule import (
    due_searches,
    in_words,
    latest_point,
    next_due,
    point_after,
)
from tests.support.catalog import add_collection, fresh_catalog

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def conn() -> sqlite3.Connection:
    return fresh_catalog()


def search(**values: object) -> SearchConfig:
    fields = {"name": "one", "kind": "columnsearch", "filters": "a < 1"} | values
    return SearchConfig(**fields)  # type: ignore[arg-type]  # mixed on purpose


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., Config]:
    path = tmp_path / "lccmirror.toml"
    path.write_text(
        '[server]\nurl = "http://127.0.0.1:1"\n[mirror]\nroot = "m"\nmin_free = 0\n'
    )
    plain = load_config(path)

    def with_searches(*searches: SearchConfig) -> Config:
        return msgspec.structs.replace(plain, searches=searches)

    return with_searches


class Player:
    """Plays the daemon: looks what is due, and runs it at once."""

    def __init__(self, conn: sqlite3.Connection, config: Config) -> None:
        self.conn, self.config = conn, config

    def due(self, now: datetime) -> list[tuple[datetime | None, int]]:
        return [(one.due, one.covers) for one in due_searches(self.conn, self.config, now)]

    def run(self, now: datetime, *, state: str = "ok", took: timedelta = MINUTE) -> list[str]:
        ran = []
        for one in due_searches(self.conn, self.config, now):
            assert one.due is not None
            row = catalog.add_run(
                self.conn,
                one.name,
                due=to_text(one.due),
                covers=one.covers,
                params="{}",
                data=data(self.conn, self.config),
                deadline_s=60,
                now=to_text(now),
            )
            catalog.update_run(self.conn, row.id, state=state, finished=to_text(now + took))
            ran.append(to_text(one.due)[11:16])
        return ran


def data(conn: sqlite3.Connection, config: Config) -> str:
    from lccmirror.sync.searches.schedule import data_state

    return data_state(conn, config.searches[0])


def test_a_search_that_never_ran_is_due_at_once(
    conn: sqlite3.Connection, config: Callable[..., Config]
) -> None:
    for schedule in ({"every_s": 3600.0}, {"cron": "0 4 * * *"}, {"on_new_data": True}):
        one = search(name=f"s{len(schedule)}{next(iter(schedule))}", **schedule)
        player = Player(conn, config(one))
        assert player.due(START) == [(START, 1)]
        # However late it is looked at, it is due at the same time.
        assert player.due(START + HOUR) == [(START, 1)]


def test_missed_due_times_are_one_run_and_the_rest_stays_on_the_grid(
    conn: sqlite3.Connection, config: Callable[..., Config]
) -> None:
    player = Player(conn, config(search(every_s=3600.0)))
    assert player.run(START) == ["12:00"]
    assert player.run(START + 59 * MINUTE) == []
    assert player.run(START + 65 * MINUTE) == ["13:00"]
    assert player.due(START + 5 * HOUR + 10 * MINUTE) == [(START + 5 * HOUR, 4)]
    assert player.run(START + 5 * HOUR + 10 * MINUTE) == ["17:00"]
    assert player.run(START + 5 * HOUR + 50 * MINUTE) == []
    assert player.run(START + 6 * HOUR) == ["18:00"]


def test_without_catching_up_missed_ones_are_left_out(
    conn: sqlite3.Connection, config: Callable[..., Config]
) -> None:
    player = Player(conn, config(search(every_s=3600.0, catch_up=False)))
    player.run(START)
    late = START + 5 * HOUR + 20 * MINUTE
    assert player.due(late) == []
    assert next_due(conn, player.config.searches[0], late) == START + 6 * HOUR
    assert player.run(START + 6 * HOUR + MINUTE) == ["18:00"]


def test_a_run_under_way_or_just_begun_keeps_a_search_from_being_due(
    conn: sqlite3.Connection, config: Callable[..., Config]
) -> None:
    frequent = search(every_s=300.0)
    player = Player(conn, config(frequent))
    player.run(START)
    assert player.due(START + 14 * MINUTE) == []
    assert next_due(conn, frequent, START + 6 * MINUTE) == START + 15 * MINUTE
    assert player.due(START + 15 * MINUTE) == [(START + 15 * MINUTE, 3)]
    insists = Player(conn, config(search(every_s=300.0, allow_frequent=True)))
    assert insists.due(START + 5 * MINUTE) == [(START + 5 * MINUTE, 1)]
    conn.execute("UPDATE search_runs SET finished = NULL, state = 'running'")
    assert insists.due(START + HOUR) == []
    assert next_due(conn, frequent, START + HOUR) is None


def test_a_disabled_search_is_never_due(
    conn: sqlite3.Connection, config: Callable[..., Config]
) -> None:
    off = search(every_s=3600.0, enabled=False)
    assert Player(conn, config(off)).due(START) == []
    assert next_due(conn, off, START) is None
    assert conn.execute("SELECT enabled, next_run FROM searches").fetchone() == (0, None)


def test_a_search_that_left_the_configuration_is_disabled_and_kept(
    conn: sqlite3.Connection, config: Callable[..., Config]
) -> None:
    Player(conn, config(search(every_s=3600.0))).run(START)
    assert Player(conn, config()).due(START + 9 * HOUR) == []
    assert conn.execute("SELECT name, enabled FROM searches").fetchall() == [("one", 0)]


def test_new_data_makes_a_search_due_and_failures_wait_ever_longer(
    conn: sqlite3.Connection, config: Callable[..., Config]
) -> None:
    add_collection(conn, "alpha")
    add_collection(conn, "beta")
    player = Player(conn, config(search(on_new_data=True, collections=("alpha",))))
    player.run(START)
    assert player.due(START + 99 * HOUR) == []
    conn.execute("UPDATE collections SET nobjects = 5 WHERE collection = 'beta'")
    assert player.due(START + 99 * HOUR) == []
    conn.execute("UPDATE collections SET nobjects = 5 WHERE collection = 'alpha'")
    assert player.run(START + 5 * MINUTE) == []
    assert player.run(START + HOUR, state="failed") == ["13:00"]
    at, waits = START + HOUR, []
    for _ in range(9):
        before = at
        following = next_due(conn, player.config.searches[0], at)
        assert following is not None
        at = following
        assert player.run(at, state="suspect") != []
        waits.append((at - before) / MINUTE)
    assert waits[:4] == [15, 30, 60, 120]
    assert waits[-1] == 24 * 60
    assert player.run(at + 25 * HOUR) != []
    assert player.due(at + 99 * HOUR) == []


def test_a_clock_that_was_wrong_stops_nothing(
    conn: sqlite3.Connection, config: Callable[..., Config]
) -> None:
    player = Player(conn, config(search(every_s=3600.0)))
    player.run(START + timedelta(days=4000))
    found = [player.run(START + hours * HOUR) for hours in range(4)]
    assert found == [["12:00"], ["13:00"], ["14:00"], ["15:00"]]


def test_schedules_in_words() -> None:
    assert in_words(search(every_s=21_600.0)) == "every 6h"
    assert in_words(search(cron="0 4 * * *", timezone="UTC")) == "cron 0 4 * * * (UTC)"
    assert in_words(search(on_new_data=True)) == "on new data"


# --- crontabs, time zones, and changes of the clock ------------------------------------


def local_points(cron: str, zone: str, start: datetime, count: int) -> list[str]:
    following = point_after(search(cron=cron, timezone=zone))
    assert following is not None
    found, moment = [], start
    for _ in range(count):
        point = following(moment)
        assert point is not None
        assert point > moment
        moment = point
        found.append(point.astimezone(ZoneInfo(zone)).strftime("%d %H:%M"))
    return found


def test_a_crontab_is_of_its_time_zone_the_whole_year() -> None:
    daily = local_points("0 4 * * *", "America/Santiago", datetime(2026, 1, 1, tzinfo=UTC), 365)
    assert {one[3:] for one in daily} == {"04:00"}
    assert len(daily) == 365


def test_an_hour_that_the_change_of_clocks_leaves_out_comes_after_it() -> None:
    spring = local_points("30 2 * * *", "Europe/Berlin", datetime(2026, 3, 28, tzinfo=UTC), 3)
    assert spring == ["28 02:30", "29 03:30", "30 02:30"]
    # In Chile it is midnight that is left out.
    chile = local_points("0 0 * * *", "America/Santiago", datetime(2026, 9, 5, tzinfo=UTC), 3)
    assert chile == ["05 00:00", "06 01:00", "07 00:00"]


def test_an_hour_that_the_change_of_clocks_repeats_comes_once() -> None:
    autumn = local_points("30 2 * * *", "Europe/Berlin", datetime(2026, 10, 24, tzinfo=UTC), 3)
    assert autumn == ["24 02:30", "25 02:30", "26 02:30"]
    within = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert local_points("30 2 * * *", "Europe/Berlin", within, 1) == ["26 02:30"]


def test_every_hour_is_every_hour_that_passes() -> None:
    before = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    hours = local_points("0 * * * *", "Europe/Berlin", before, 4)
    assert hours == ["25 02:00", "25 02:00", "25 03:00", "25 04:00"]
    before = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    hours = local_points("0 * * * *", "Europe/Berlin", before, 3)
    assert hours == ["29 01:00", "29 03:00", "29 04:00"]


ZONES = ("UTC", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu")


@given(
    st.sampled_from(
        ["*/20 * * * *", "0 4 * * *", "30 1,2,3 * * *", "15 6 * * mon", "0 0 1 * *"]
    ),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.integers(1, 60 * 24 * 40),
)
def test_the_latest_due_time_is_the_last_of_all(
    cron: str, zone: str, start: datetime, minutes: int
) -> None:
    one = search(cron=cron, timezone=zone)
    after = start.replace(tzinfo=UTC)
    now = after + timedelta(minutes=minutes)
    following = point_after(one)
    assert following is not None
    points: list[datetime] = []
    moment = following(after)
    while moment is not None and moment <= now and len(points) < 3000:
        points.append(moment)
        moment = following(moment)
    found = latest_point(one, after, now)
    if not points:
        assert found is None
    else:
        assert found == (points[-1], min(len(points), 1000))


@given(
    st.floats(900, 90_000).map(lambda seconds: round(seconds, 3)),
    st.lists(st.integers(1, 60 * 24 * 3), min_size=1, max_size=30),
)
def test_however_it_is_looked_at_each_due_time_is_stood_for_once(
    every_s: float, gaps: list[int]
) -> None:
    conn = fresh_catalog()
    one = search(every_s=every_s)
    player = _player(conn, one)
    now = START
    player.run(now)
    for gap in gaps:
        now += timedelta(minutes=gap)
        player.run(now, took=timedelta(0))
    rows = conn.execute("SELECT due, covers FROM search_runs ORDER BY id").fetchall()
    assert len({due for due, _ in rows}) == len(rows)
    every, at = timedelta(seconds=every_s), START
    for due, covers in rows[1:]:
        at += covers * every
        assert due == to_text(at)
    assert now - at < every + timedelta(minutes=15)


def _player(conn: sqlite3.Connection, one: SearchConfig) -> Player:
    class Only:
        searches = (one,)

    return Player(conn, Only())  # type: ignore[arg-type]  # nothing else of it is asked for
