"""Progress: bars on a terminal, notes in a log, and nothing when quiet."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from lccmirror.cli.progress import TerminalProgress, progress_display
from lccmirror.cli.settings import Settings
from lccmirror.sync.progress import Progress, Silent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def a_cycle(progress: Progress) -> None:
    progress.plan(2, None)
    progress.begin("a", "lightcurves-\x1b[2Jaa.zip", 2_000_000)
    progress.advance("a", 1_500_000)
    progress.begin("b", "[bold]dataset-bb.csv[/]", None)
    progress.advance("b", 10)
    progress.advance("never begun", 1)
    progress.note("dataset aa: \x1b[31mslow")
    progress.end("a", ok=True)
    progress.item_done("aa", ok=True)
    progress.end("b", ok=False)
    progress.end("b", ok=False)
    progress.item_done("bb", ok=False)


def shown(settings: Settings, stream: io.StringIO) -> str:
    with progress_display(settings, stream) as progress:
        a_cycle(progress)
    return stream.getvalue()


def test_a_log_gets_notes_and_no_bars() -> None:
    assert shown(Settings(), io.StringIO()) == "dataset aa: \\x1b[31mslow\n"


def test_a_terminal_that_cannot_draw_gets_what_a_log_gets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert shown(Settings(), Terminal()) == "dataset aa: \\x1b[31mslow\n"


def test_quiet_shows_nothing_at_all() -> None:
    assert shown(Settings(quiet=True), Terminal()) == ""


def test_a_terminal_sees_the_files_in_flight_and_the_whole() -> None:
    out = Terminal()
    console = Console(file=out, force_terminal=True, width=120, color_system=None)
    with TerminalProgress(console) as progress:
        progress.plan(2, None)
        progress.begin("a", "lightcurves-\x1b[2Jaa.zip", 2_000_000)
        progress.advance("a", 1_500_000)
        progress.begin("b", "[bold]dataset-bb.csv", None)
        progress.refresh()
        half = out.getvalue()
        progress.end("a", ok=True)
        progress.item_done("aa", ok=True)
        progress.note("look at this")
        progress.item_done("bb", ok=False)
        progress.refresh()
        end = out.getvalue()[len(half) :]
    assert "0/2 datasets" in half
    assert "lightcurves-\\x1b[2Jaa.zip" in half
    assert "1.5 MB of 2.0 MB" in half
    assert "[bold]dataset-bb.csv" in half
    assert "2/2 datasets, 1 failed" in end
    assert "look at this\n" in end
    assert "lightcurves" not in end[end.rindex("2/2 datasets") :]


def drawn(width: int, total_bytes: int | None, done: int) -> list[str]:
    """Return the lines last drawn of a cycle in which `done` of four datasets have come."""
    out = Terminal()
    console = Console(file=out, force_terminal=True, width=width, color_system=None)
    with TerminalProgress(console) as progress:
        progress.plan(4, total_bytes)
        progress.begin("a", f"lightcurves-{'long' * 20}.zip", 300_000_000_000)
        progress.advance("a", 100_000_000)
        for _ in range(done):
            progress.item_done("a", ok=False)
        progress.refresh()
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())
    return text.replace("\r", "\n").split("\n")[-2:]


@pytest.mark.parametrize("width", [40, 60, 71, 72, 83, 84, 120])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    lines = drawn(width, None, 1)
    assert all(len(line) <= width for line in lines)
    text = "\n".join(lines)
    assert "1/4" in text
    assert ("━" in text) == (width >= 72)
    # How fast it goes is not known yet, and its column empty.
    assert "?" not in text
    if width >= 60:
        assert "100.0 MB of 300.0 GB" in text


@pytest.mark.parametrize(("total_bytes", "done"), [(200_000_000, 0), (None, 2)])
def test_the_whole_is_half_done(total_bytes: int | None, done: int) -> None:
    # Sizes that are not known are taken to be like those that have come.
    whole, _ = drawn(120, total_bytes, done)
    assert whole.count("━") == 10


def test_what_has_no_total_and_counts_nothing_has_no_bar() -> None:
    out = Terminal()
    console = Console(file=out, force_terminal=True, width=120, color_system=None)
    with TerminalProgress(console) as progress:
        progress.plan(0, None)
        progress.begin("verify", "reading the mirror", None)
        progress.refresh()
        text = out.getvalue().replace("\x1b[?25l", "")
        progress.advance("verify", 2_000)
        progress.refresh()
        later = out.getvalue().rpartition("reading")[2]
    assert "reading the mirror" in text
    for nothing in ("━", "?", "0 bytes", "datasets"):
        assert nothing not in text
    assert "━" in later
    assert "2.0 kB" in later


def test_silent_is_a_progress() -> None:
    a_cycle(Silent())
