"""The page for administrators is true: its configurations, commands and exit codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from lccmirror import errors
from lccmirror.cli.app import COMMANDS, cli
from lccmirror.config import load_config
from lccmirror.config_model import EVENTS

PAGE = (Path(__file__).parents[2] / "docs/operations.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", BLOCKS, ids=range(len(BLOCKS)))
def test_each_configuration_on_the_page_can_be_used(text: str, tmp_path: Path) -> None:
    path = tmp_path / "lccmirror.toml"
    path.write_text(text, encoding="utf-8")
    assert load_config(path, thorough=False).server.url == "https://data.hatsurveys.org"


def test_each_command_on_the_page_is_there() -> None:
    named = set(re.findall(r"\blccmirror (?:-c \S+ )?([a-z][a-z-]+)", PAGE))
    commands = {name for name in named if name in COMMANDS}
    assert {"install-service", "config", "status", "prune", "snapshot", "verify"} <= commands
    for name in commands:
        assert CliRunner().invoke(cli, [name, "--help"]).exit_code == 0


def test_every_event_is_explained() -> None:
    table = PAGE.partition("## Being told")[2].partition("## ")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == EVENTS


def test_every_exit_code_is_explained() -> None:
    table = PAGE.partition("## Exit codes")[2].partition("## ")[0]
    there = {
        int(code)
        for row in re.findall(r"^\| ([\d, ]+) \|", table, re.M)
        for code in row.split(",")
    }
    raised = {
        one.exit_code
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, errors.LccMirrorError)
    }
    assert raised <= there
    shown = CliRunner().invoke(cli, ["--help"]).output
    assert {int(code) for code in re.findall(r"^ {2,}(\d+)  ", shown, re.M)} <= there
