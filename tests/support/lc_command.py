"""`lccmirror lc` on a mirror of the demonstration's server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lccmirror.cli.app import cli
from lccmirror.query import open_readonly
from lccmirror.query.lightcurves import Copy, chosen_copy

Run = Callable[..., Result]
STAR = "DMA-286-0000002"
RR_LYRAE = "DMB-358-0000058"


def runner(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("LCCMIRROR_CONFIG", str(folder / "lccmirror.toml"))

    def invoke(*args: str) -> Result:
        return CliRunner().invoke(cli, ["lc", *args])

    return invoke


def newest(folder: Path) -> Copy:
    with open_readonly(folder / "mirror") as opened:
        return chosen_copy(opened.connection, STAR)
