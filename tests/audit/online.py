"""Asking the advisory databases, with pip-audit.

pip-audit ends well when it could not ask about a package at all ("skipped"). Here that is a
failure: nobody is to believe that something was looked at which was not.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from .closure import Closure
from .listed import Advisories, Advisory

_HEADING = """\
# What is known of the packages that come with lccmirror; `make audit` writes it anew.
# `asked` says whether the databases were asked about every package; if not, one without
# advisories here may have some. `fixed` is the first version without the hole; `harmless`
# says why lccmirror is not affected by an older one, `waived` why one with the hole has to
# be lived with for now.

"""

_ERROR = "ERROR:pip_audit._cli:"


class NotAsked(Exception):
    """The databases could not be asked about everything; the argument says why."""


@dataclass(frozen=True)
class Finding:
    """An advisory about a version of a package."""

    name: str
    advisory: Advisory


def ask(versions: dict[str, str]) -> tuple[Finding, ...]:
    """Return what the databases know of these versions.

    Raises
    ------
    NotAsked
        If one of them could not be asked about.
    """
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "requirements.txt"
        wanted.write_text("".join(f"{name}=={one}\n" for name, one in versions.items()))
        command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip"]
        command += ["--strict", "--format", "json", "--progress-spinner", "off"]
        ended = subprocess.run(
            [*command, "--requirement", str(wanted)],
            capture_output=True,
            text=True,
            check=False,
        )
    return understood(ended.stdout, ended.stderr, versions)


def understood(said: str, complaints: str, versions: dict[str, str]) -> tuple[Finding, ...]:
    """Return what pip-audit's JSON says of `versions`.

    Raises
    ------
    NotAsked
        If it is no JSON, or lacks a package, or has skipped one.
    """
    try:
        told: dict[str, dict[str, Any]] = {
            one["name"].lower(): one for one in json.loads(said)["dependencies"]
        }
    except (ValueError, KeyError, TypeError):
        raise NotAsked(_reason(complaints)) from None
    lacking = [name for name in versions if "vulns" not in told.get(name, {})]
    if lacking:
        raise NotAsked(f"nothing was told about {', '.join(lacking)}")
    return tuple(_findings(told))


def _reason(complaints: str) -> str:
    """Return what pip-audit gave up for: without its warnings, and without its traceback."""
    lines = [line.strip() for line in complaints.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(_ERROR)]
    last = errors or [line for line in lines if not line.startswith("WARNING:")]
    return last[-1].removeprefix(_ERROR)[:300] if last else "pip-audit says nothing"


def _findings(told: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    for name, one in told.items():
        for hole in one["vulns"]:
            names = sorted([hole["id"], *hole.get("aliases", ())])
            about = " ".join(str(hole.get("description", "")).split())[:100]
            # Without a fix, no version is good.
            fixed = hole["fix_versions"][0] if hole["fix_versions"] else "99999"
            yield Finding(name, Advisory(names[0], fixed, about))


def lowest_versions(found: Closure) -> dict[str, str]:
    """Return the lowest versions that ``pyproject.toml`` allows."""
    return {
        name: bound.version
        for name, requirements in found.direct.items()
        for one in requirements
        for bound in one.specifier
        if bound.operator == ">="
    }


def merged(
    listed: Advisories, found: Closure, findings: tuple[Finding, ...], today: date
) -> Advisories:
    """Return the list with what was found, for exactly the packages that there are."""
    packages: dict[str, tuple[Advisory, ...]] = {}
    for name in sorted({*found.installed, *found.direct}):
        known = {one.id: one for one in listed.packages.get(name, ())}
        new = {one.advisory.id: one.advisory for one in findings if one.name == name}
        packages[name] = tuple((new | known)[key] for key in sorted(new | known))
    return Advisories(today, True, packages)


def write(listed: Advisories, path: Path) -> None:
    """Write the list."""
    lines = [
        _HEADING,
        f"checked = {listed.checked.isoformat()}\n",
        f"asked = {str(listed.asked).lower()}\n\n[packages]\n",
    ]
    for name, advisories in sorted(listed.packages.items()):
        lines.append(f"{name} = [\n" if advisories else f"{name} = []\n")
        for one in advisories:
            values = {"id": one.id, "fixed": one.fixed, "about": one.about}
            if one.harmless is not None:
                values["harmless"] = one.harmless
            if one.waived is not None:
                values["waived"] = one.waived
            inner = ", ".join(f"{key} = {json.dumps(value)}" for key, value in values.items())
            lines.append(f"  {{ {inner} }},\n")
        lines.append("]\n" if advisories else "")
    path.write_text("".join(lines), "utf-8")
