"""Mirrors of the demonstration's server, made by real syncs, for tests that only read them."""

from __future__ import annotations

import threading
from pathlib import Path

from lccmirror.config import load_config
from lccmirror.demo.run import demonstration
from lccmirror.sync.jobs import Surroundings, open_session, sync
from lccmirror.sync.progress import Silent
from lccmirror.sync.searches import run_searches

SEARCH = """
[[search]]
name = "bright_movers"
kind = "columnsearch"
filters = "sdssr < 13.0 and propermotion > 50"
columns = ["sdssr", "propermotion"]
collections = ["demo_field_a"]
every = "1d"
"""


def make_demo(folder: Path, *, searches: str = "") -> Path:
    """Do what `lccmirror demo` does; return the folder.

    Parameters
    ----------
    folder
        A new one. Its config is ``lccmirror.toml``, its root ``mirror``.
    searches
        What to add to the config: tables ``[[search]]``, each of which is run once.
    """
    with demonstration(folder) as demo:
        path = demo.config.path
        path.write_text(path.read_text("utf-8") + searches, "utf-8")
        config = load_config(path)
        around = Surroundings(Silent(), threading.Event())
        assert not sync(config, around).failed
        if config.searches:
            with open_session(config, around) as session:
                names = [search.name for search in config.searches]
                reports = run_searches(session, names, wait=True)
            assert not any(report.exit_code for report in reports)
    return folder
