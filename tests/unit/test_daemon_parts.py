"""The small parts of the daemon: timetables, its queue, its log, what systemd is told."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import socket
import threading
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.config import Config, load_config
from lccmirror.daemon.clockwatch import ClockWatch
from lccmirror.daemon.control import MOST_CLIENTS, Control, short_name
from lccmirror.daemon.logs import logging_to
from lccmirror.daemon.notify_systemd import Notifier, under_systemd, watchdog_s
from lccmirror.daemon.outbox import MOST_WAITING, Outbox
from lccmirror.daemon.protocol import (
    Accepted,
    Advance,
    Done,
    Event,
    Note,
    Ping,
    Request,
    Sync,
    line,
    read_event,
    read_request,
)
from lccmirror.daemon.pulse import Pulse, Stop
from lccmirror.daemon.queue import Adopt, Asked, Scheduled, TaskQueue
from lccmirror.daemon.requests import summary_of
from lccmirror.daemon.scheduler import BackgroundTimer
from lccmirror.daemon.timetable import Every, Nightly
from lccmirror.errors import FormatError, MirrorUnusable
from lccmirror.sync.jobs import Verified
from lccmirror.sync.verify import MOST_NAMED, Damage, VerifyReport
from tests.support.clocks import ManualClock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


# --- timetables ------------------------------------------------------------------------


@given(anchor=MOMENTS, moment=MOMENTS, seconds=st.integers(1, 10**7))
def test_points_of_an_interval_are_a_whole_number_of_steps_away(
    anchor: datetime, moment: datetime, seconds: int
) -> None:
    step = timedelta(seconds=seconds)
    point = Every(seconds).after(moment, anchor)
    assert moment < point <= moment + step
    assert (point - anchor) % step == timedelta(0)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Santiago", "Asia/Kolkata"])
def test_every_night_comes_once_whatever_the_clocks_do(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time as clock

    monkeypatch.setenv("TZ", zone)
    clock.tzset()
    try:
        table = Nightly(time(2, 30))
        moment, dates = NOON, []
        for _ in range(400):
            moment = table.after(moment, NOON)
            dates.append(moment.astimezone().date())
        assert dates == [dates[0] + timedelta(days=n) for n in range(400)]
    finally:
        monkeypatch.undo()
        clock.tzset()


# --- the queue and the way back --------------------------------------------------------


def test_a_job_waits_once_and_wishes_wait_each() -> None:
    queue = TaskQueue()
    assert queue.put(Scheduled("datasets")) == 0
    assert queue.put(Scheduled("datasets")) is None
    first, second = Asked(Sync(), Outbox()), Asked(Sync(), Outbox())
    assert queue.put(first) == 1
    assert queue.put(second) == 2
    assert queue.take(0) == Scheduled("datasets")
    left: list[object] = []
    queue.close(left.append)
    assert left == [first, second]
    assert queue.put(Scheduled("datasets")) is None
    assert queue.take() is None


def test_a_signal_that_comes_again_and_again_is_one_wish() -> None:
    queue = TaskQueue()
    assert queue.put(Asked(Sync())) == 0
    assert queue.put(Asked(Sync())) is None
    assert len(queue) == 1


def test_wishes_of_those_who_have_gone_do_not_pile_up() -> None:
    queue = TaskQueue()
    for _ in range(100):
        outbox = Outbox()
        assert queue.put(Asked(Sync(), outbox)) == 0
        outbox.close()
    other, again = Asked(Sync(dry_run=True), Outbox()), Asked(Sync(), Outbox())
    assert queue.put(other) == 1
    # What they asked for is still done, when its turn is.
    assert queue.put(again) == 1
    assert (queue.take(0), queue.take(0), queue.take(0)) == (other, again, None)


def written(path: Path, url: str) -> Config:
    """Return a configuration."""
    path.write_text(f'[server]\nurl = "{url}"\n[mirror]\nroot = "mirror"\n')
    return load_config(path)


def test_of_two_configurations_that_wait_the_newer_one_counts(tmp_path: Path) -> None:
    older, newer = (
        written(tmp_path / f"{name}.toml", f"http://{name}.example.org")
        for name in ("older", "newer")
    )
    queue = TaskQueue()
    queue.put(Scheduled("datasets"))
    queue.put(Adopt(older), first=True)
    queue.put(Adopt(newer), first=True)
    assert queue.take(0) == Adopt(newer)
    assert queue.take(0) == Scheduled("datasets")
    assert queue.take(0) is None


def test_bytes_add_up_while_nobody_reads_and_a_slow_reader_is_given_up() -> None:
    outbox = Outbox()
    for _ in range(3 * MOST_WAITING):
        outbox.put(Advance("zip", 2))
    assert outbox.take(0) == Advance("zip", 6 * MOST_WAITING)
    assert outbox.take(0) is None
    for n in range(MOST_WAITING + 1):
        outbox.put(Note(str(n)))
    assert outbox.closed
    assert outbox.take(0) is None


@given(st.binary(max_size=200))
def test_whatever_is_sent_is_a_request_or_refused(text: bytes) -> None:
    with contextlib.suppress(FormatError):
        assert isinstance(read_request(text), Request)


def test_messages_survive_the_way() -> None:
    assert read_request(line(Sync(dry_run=True)).strip()) == Sync(dry_run=True)
    assert read_event(line(Note("a\nb")).strip()) == Note("a\nb")
    assert line(Note("a\nb")).count(b"\n") == 1


def test_what_a_repair_left_is_counted_in_full() -> None:
    found, left = VerifyReport(), VerifyReport()
    for n in range(MOST_NAMED + 7):
        left.add(Damage("missing", str(n), "the file is not there"))
    assert len(left.damage) == MOST_NAMED
    assert summary_of(Verified(found, left=left)) == "10,007 damaged or missing"
    assert summary_of(Verified(found)) == "all is well"


# --- the socket ------------------------------------------------------------------------


def test_more_clients_than_there_is_room_for_are_turned_away(tmp_path: Path) -> None:
    def ask(request: Request, outbox: Outbox) -> Event:
        return Done({}) if isinstance(request, Ping) else Accepted()

    control = Control(tmp_path, ask)
    clients = []
    try:
        for _ in range(MOST_CLIENTS + 1):
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(20)
            with short_name(tmp_path / "control") as name:
                client.connect(name)
            clients.append(client)
        assert b"too many" in clients[-1].recv(4096)
        clients[0].sendall(line(Ping()))
        assert json.loads(clients[0].recv(4096))["say"] == "done"
    finally:
        for client in clients:
            client.close()
        control.close()
    assert list(tmp_path.iterdir()) == []


def test_a_client_that_no_thread_can_be_had_for_is_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(request: Request, outbox: Outbox) -> Event:
        return Done({})

    control = Control(tmp_path, ask)

    def said() -> bytes:
        with socket.socket(socket.AF_UNIX) as client, short_name(tmp_path / "control") as name:
            client.settimeout(20)
            client.connect(name)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                client.sendall(line(Ping()))
                return client.recv(4096)
        return b""

    def no_thread(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    try:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", no_thread)
            for _ in range(MOST_CLIENTS + 1):
                assert said() == b""
        assert json.loads(said())["say"] == "done"
    finally:
        control.close()


def test_a_deep_folder_does_not_make_the_address_too_long(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    control = Control(deep, lambda request, outbox: Done({}))
    with short_name(deep / "control") as name, socket.socket(socket.AF_UNIX) as client:
        client.connect(name)
    control.close()


def test_what_is_no_socket_is_not_replaced_by_one(tmp_path: Path) -> None:
    (tmp_path / "control").write_text("mine")
    with pytest.raises(MirrorUnusable, match="in the way"):
        Control(tmp_path, lambda request, outbox: Done({}))
    assert (tmp_path / "control").read_text() == "mine"


# --- stopping and being alive ----------------------------------------------------------


def test_a_look_at_the_wish_to_stop_is_a_sign_of_life() -> None:
    clock = ManualClock()
    pulse = Pulse(clock)
    stop = Stop(pulse)
    clock.forward(100)
    assert pulse.age_s == 100
    assert not stop.is_set()
    assert pulse.age_s == 0


def test_the_end_of_one_task_is_not_that_of_all_but_the_daemons_is() -> None:
    stop = Stop(Pulse())
    stop.set()
    stop.renew()
    assert not stop.is_set()
    stop.for_good()
    stop.renew()
    assert stop.is_set()
    assert stop.wait(10)


def test_the_scheduler_calls_late_rather_than_never_and_in_place_of_the_last() -> None:
    timer = BackgroundTimer()
    called = threading.Event()
    wrong: list[str] = []
    timer.arm("a", datetime.now(UTC) - timedelta(days=9), lambda: wrong.append("replaced"))
    timer.arm("a", datetime.now(UTC) - timedelta(days=8), called.set)
    timer.arm("b", datetime.now(UTC) - timedelta(days=8), lambda: wrong.append("disarmed"))
    timer.disarm("b")
    timer.disarm("nobody")
    timer.start()
    assert called.wait(20)
    timer.close()
    assert wrong == []


def test_the_pulse_can_begin_anew() -> None:
    timer = BackgroundTimer()
    called = threading.Event()
    wrong: list[str] = []
    timer.every(3600, lambda: wrong.append("the old one"))
    timer.every(0.01, called.set)
    timer.start()
    assert called.wait(20)
    timer.close()
    assert wrong == []


def test_a_clock_that_is_put_back_is_noticed_and_one_put_forward_is_no_matter() -> None:
    monotonic, wall = ManualClock(), [NOON]
    watch = ClockWatch(lambda: wall[0], monotonic)

    def pass_(seconds: float, *, by_the_clock: float) -> timedelta | None:
        monotonic.forward(seconds)
        wall[0] += timedelta(seconds=by_the_clock)
        return watch.put_back()

    assert pass_(5, by_the_clock=5) is None
    assert pass_(5, by_the_clock=4.9) is None
    # Suspended for days, and set.
    assert pass_(5, by_the_clock=5 * 86_400) is None
    assert pass_(5, by_the_clock=5 - 3600) == timedelta(hours=1)
    assert pass_(5, by_the_clock=5) is None


# --- the log and systemd ---------------------------------------------------------------


def logged(style: str) -> str:
    stream = io.StringIO()
    with logging_to(stream, style):  # type: ignore[arg-type]  # each of them, by its name
        log = logging.getLogger("lccmirror.daemon.test")
        log.debug("not shown")
        log.info("a star %s", "\x1b[2J\nforged line")
        try:
            raise ZeroDivisionError("in\nthe middle")
        except ZeroDivisionError:
            log.exception("broken")
        logging.getLogger("urllib3").error("GET /api/key")
    return stream.getvalue()


def test_the_journal_gets_priorities_line_by_line() -> None:
    lines = logged("journal").splitlines()
    assert lines[0] == "<6>a star \\x1b[2J\\nforged line"
    assert lines[1] == "<3>broken"
    assert all(text.startswith("<3>") for text in lines[1:])


def test_a_terminal_gets_times() -> None:
    first, second, *_ = logged("terminal").splitlines()
    assert first.endswith(" a star \\x1b[2J\\nforged line")
    assert second.endswith(" error: broken")


def test_collectors_get_an_object_a_line() -> None:
    first, second = [json.loads(text) for text in logged("json").splitlines()]
    assert first["message"] == "a star \\x1b[2J\\nforged line"
    assert (second["level"], second["logger"]) == ("error", "lccmirror.daemon.test")
    assert "ZeroDivisionError" in second["error"]


def test_systemd_hears_of_an_abstract_address_too() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.settimeout(20)
        name = f"lccmirror-test-{os.getpid()}"
        heard.bind("\0" + name)
        notifier = Notifier(f"@{name}", lambda: 12.5)
        notifier.reloading()
        assert heard.recv(100) == b"RELOADING=1\nMONOTONIC_USEC=12500000"
        notifier.status("a\nREADY=1")
        assert heard.recv(100) == b"STATUS=a\\nREADY=1"
    notifier.ready()
    Notifier(None).ready()


def test_the_watchdog_is_only_for_the_process_it_names() -> None:
    assert watchdog_s({}, 5) is None
    assert watchdog_s({"WATCHDOG_USEC": "2000000"}, 5) == 2
    assert watchdog_s({"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "5"}, 5) == 2
    assert watchdog_s({"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "6"}, 5) is None
    assert watchdog_s({"WATCHDOG_USEC": "nonsense"}, 5) is None


def test_the_journal_is_known_by_its_inode_not_by_a_variable(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        status = os.fstat(stream.fileno())
        here = f"{status.st_dev}:{status.st_ino}"
        assert under_systemd({"JOURNAL_STREAM": here}, stream.fileno())
        assert not under_systemd({"JOURNAL_STREAM": "1:2"}, stream.fileno())
        assert not under_systemd({"JOURNAL_STREAM": "x"}, stream.fileno())
        assert not under_systemd({}, stream.fileno())
