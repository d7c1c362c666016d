"""The Python interface is typed: a user's strict type checker is content, and not by Any."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SCRIPT = REPOSITORY / "tests/support/typed_script.py"


def check(script: Path) -> subprocess.CompletedProcess[str]:
    """Check a script as its author would, who has the package installed."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", script.name]
    return subprocess.run(
        command, cwd=script.parent, env=os.environ | {"MYPYPATH": ""}, capture_output=True,
        text=True, check=False, timeout=600,
    )  # fmt: skip


def test_a_users_script_is_checked_strictly(tmp_path: Path) -> None:
    script = Path(shutil.copy(SCRIPT, tmp_path / "script.py"))
    done = check(script)
    assert done.stdout.startswith("Success"), done.stdout + done.stderr
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "import lccmirror\n"
        "m = lccmirror.open('x')\n"
        "m.lightcurve(3)\n"
        "m.nothing()\n"
        "m.lightcurves(errors='skip')\n"
    )
    found = check(wrong).stdout
    for line in (3, 4, 5):
        assert f"wrong.py:{line}: error" in found


def test_the_package_says_that_it_is_typed() -> None:
    assert (REPOSITORY / "lccmirror/py.typed").is_file()
