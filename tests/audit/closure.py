"""Which packages come with lccmirror, with all extras that a user can ask for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"

OURS = frozenset({"dev", "docs", "bench", "fuzz", "audit"})
"""Extras for those who work on lccmirror: nobody's mirror depends on what is in them."""


@dataclass(frozen=True)
class Closure:
    """Packages by their normalized names.

    Parameters
    ----------
    direct
        What ``pyproject.toml`` asks for.
    installed
        The versions of those that are here, and of all that they need.
    absent
        Those of `direct` that are not installed, and could not be followed.
    """

    direct: dict[str, tuple[Requirement, ...]]
    installed: dict[str, str]
    absent: frozenset[str]


def normalized(name: str) -> str:
    """Return a package's name in the one form that all spellings have."""
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(pyproject: Path = PYPROJECT) -> Closure:
    """Return what `pyproject` asks for, and what of it is installed."""
    project = tomllib.loads(pyproject.read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    texts = [*project["dependencies"]]
    for name, wanted in extras.items():
        texts += wanted if name not in OURS else ()
    direct: dict[str, tuple[Requirement, ...]] = {}
    for text in texts:
        requirement = Requirement(text)
        name = normalized(requirement.name)
        direct[name] = (*direct.get(name, ()), requirement)
    installed: dict[str, str] = {}
    _follow((one for ones in direct.values() for one in ones), installed, set())
    return Closure(direct, installed, frozenset(direct) - frozenset(installed))


def _follow(
    requirements: Iterable[Requirement],
    installed: dict[str, str],
    done: set[tuple[str, frozenset[str]]],
) -> None:
    for requirement in requirements:
        name, extras = normalized(requirement.name), frozenset(requirement.extras)
        if (name, extras) in done:
            continue
        done.add((name, extras))
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        installed[name] = found.version
        needed = map(Requirement, found.requires or ())
        _follow((one for one in needed if _applies(one, extras)), installed, done)


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in (*extras, ""))
