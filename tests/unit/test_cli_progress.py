"""Progress: bars on a terminal, notes in a log, and nothing when quiet."""

from __future__ import annotations

import io

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


def test_the_whole_is_estimated_from_what_has_come_when_sizes_are_unknown() -> None:
    out = Terminal()
    console = Console(file=out, force_terminal=True, width=120, color_system=None)
    with TerminalProgress(console) as progress:
        progress.plan(4, None)
        progress.begin("a", "a", None)
        progress.advance("a", 1000)
        progress.item_done("a", ok=True)
        assert progress.fraction == 0.25
        progress.advance("a", 500)
        progress.item_done("b", ok=True)
        assert progress.fraction == 0.5


def test_known_sizes_are_used_when_there_are_some() -> None:
    console = Console(file=Terminal(), force_terminal=True, width=120)
    with TerminalProgress(console) as progress:
        progress.plan(4, 4000)
        progress.begin("a", "a", 1000)
        progress.advance("a", 1000)
        assert progress.fraction == 0.25


def test_silent_is_a_progress() -> None:
    a_cycle(Silent())
