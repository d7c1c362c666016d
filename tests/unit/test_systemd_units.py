"""The unit files as systemd itself judges them, and as they are shipped."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from lccmirror.systemd.install import PLACES, packaged, render
from tests.support.systemd_box import require_tools

TOP = Path(__file__).parents[2]
MOST_EXPOSURE = 1.5


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as they are installed, of a command that exists."""
    require_tools()
    executable = tmp_path / "lccmirror"
    executable.write_text("#!/bin/sh\n")
    executable.chmod(0o755)
    folder = tmp_path / "units"
    folder.mkdir()
    for name in PLACES:
        (folder / name).write_text(render(name, executable), encoding="utf-8")
    return folder


def analyze(units: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *words],  # noqa: S607 -- wherever Debian has it
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:", "SYSTEMD_COLORS": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


INSTANCES = (
    "lccmirror@hat.service",
    "lccmirror-sync@hat.service",
    "lccmirror-sync@hat.timer",
)


@pytest.mark.parametrize("unit", INSTANCES)
def test_systemd_finds_nothing_wrong_with_a_unit(units: Path, unit: str) -> None:
    found = analyze(units, "verify", "--man=no", unit)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_a_mistake_in_a_unit_would_be_found(units: Path) -> None:
    unit = units / "lccmirror@.service"
    unit.write_text(unit.read_text().replace("ProtectHome=yes", "ProtectHome=perhaps"))
    assert analyze(units, "verify", "--man=no", INSTANCES[0]).stderr


@pytest.mark.parametrize("unit", INSTANCES[:2])
def test_a_service_is_hardly_exposed(units: Path, unit: str) -> None:
    found = analyze(units, "security", "--offline=true", "--no-pager", unit)
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", found.stdout)
    assert level is not None, found.stderr
    assert float(level[1]) <= MOST_EXPOSURE


def test_both_services_have_the_same_walls() -> None:
    walls = [
        packaged(name).partition("# What it may do")[2].partition("\n\n")[0].strip()
        for name in ("lccmirror@.service", "lccmirror-sync@.service")
    ]
    assert walls[0] == walls[1]
    assert "ProtectSystem=strict" in walls[0]


def test_the_user_s_and_folders_files_are_understood(units: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    for command, name in (
        (["systemd-sysusers", f"--root={root}"], "lccmirror.sysusers.conf"),
        (["systemd-tmpfiles", f"--root={root}", "--create"], "lccmirror.tmpfiles.conf"),
    ):
        found = subprocess.run(
            [*command, "/dev/stdin"],
            input=(units / name).read_text(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert found.returncode == 0, found.stderr
    assert "lccmirror:" in (root / "etc/passwd").read_text()
    assert (root / "etc/lccmirror").is_dir()
    assert (root / "etc/credstore").stat().st_mode & 0o777 == 0o700


def test_the_units_at_the_top_are_those_in_the_package() -> None:
    shipped = {path.name: path.read_text() for path in (TOP / "systemd").iterdir()}
    assert shipped == {name: packaged(name) for name in PLACES}
