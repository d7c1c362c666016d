"""`lccmirror status` alone starts without click, and says what it says with click."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lccmirror.cli.app import cli
from lccmirror.cli.quick import status_asked

# Runs the command as its console script does, and says what it has imported.
RUN = """
import sys
from lccmirror.cli.main import main
try:
    main()
finally:
    heavy = {"click", "rich", "requests", "numpy", "email", "logging"}
    sys.stderr.write(" ".join(sorted(heavy & set(sys.modules))))
"""


def ask(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUN, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def steady(text: str) -> list[str]:
    """Return the lines that do not tell of the disk, which others write to meanwhile."""
    return [line for line in text.splitlines() if not line.startswith(("free", '  "free_'))]


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_it_says_the_same_as_with_click(demo_mirror: Path, flags: tuple[str, ...]) -> None:
    words = ["-c", str(demo_mirror / "lccmirror.toml"), "status", *flags]
    quick, slow = ask(*words), CliRunner().invoke(cli, words)
    assert (quick.returncode, slow.exit_code) == (0, 0)
    assert steady(quick.stdout) == steady(slow.stdout)
    assert quick.stderr == ""
    if flags:
        assert json.loads(quick.stdout)["datasets"]


def test_a_mistake_ends_as_it_does_with_click(tmp_path: Path) -> None:
    words = ["-c", str(tmp_path / "none.toml"), "status"]
    quick, slow = ask(*words), CliRunner().invoke(cli, words)
    assert quick.returncode == slow.exit_code == 78
    assert "none.toml" in quick.stderr
    assert slow.stderr in quick.stderr


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("status", (None, False)),
        ("status --json", (None, True)),
        ("-c x.toml status", (Path("x.toml"), False)),
        ("--config x.toml status --json", (Path("x.toml"), True)),
        ("status -c x.toml", None),
        ("--config=x.toml status", None),
        ("--quiet status", None),
        ("status --help", None),
        ("status --json --json", None),
        ("-c --debug status", None),
        ("-c / status", None),
        ("-c status", None),
        ("query status", None),
        ("status status", None),
    ],
)
def test_only_the_plainest_forms_are_quick(
    words: str, asked: tuple[Path | None, bool] | None
) -> None:
    assert status_asked(words.split(), {}) == asked
    assert status_asked(words.split(), {"_LCCMIRROR_COMPLETE": "bash_complete"}) is None
