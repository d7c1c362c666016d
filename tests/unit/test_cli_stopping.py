"""Ctrl-C asks a job to stop; a second one does not ask."""

from __future__ import annotations

import os
import signal

import click
import pytest

from lccmirror.cli.failures import guarded
from lccmirror.cli.stopping import stoppable


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_is_a_wish_and_becomes_the_exit_code(
    number: signal.Signals, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    with stoppable() as stopping:
        assert not stopping.event.is_set()
        os.kill(os.getpid(), number)
        assert stopping.event.is_set()
    assert signal.getsignal(number) is before
    assert "stopping" in capfd.readouterr().err
    with pytest.raises(click.exceptions.Exit) as ended:
        stopping.leave(1)
    assert ended.value.exit_code == code


def test_a_second_signal_stops_at_once() -> None:
    with stoppable(), pytest.raises(KeyboardInterrupt):  # noqa: PT012 -- one after the other
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)


def test_a_second_sigterm_ends_as_shells_say_of_it(capfd: pytest.CaptureFixture[str]) -> None:
    def run() -> None:
        with stoppable():
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)

    assert guarded(run, debug=False) == 143
    assert capfd.readouterr().err.endswith("\ninterrupted\n")


def test_without_a_signal_the_job_decides() -> None:
    with stoppable() as stopping:
        pass
    with pytest.raises(click.exceptions.Exit) as ended:
        stopping.leave(73)
    assert ended.value.exit_code == 73
