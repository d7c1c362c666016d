"""The list of advisories, and what is wrong by it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from .closure import Closure

LIST = Path(__file__).parent / "advisories.toml"


@dataclass(frozen=True)
class Advisory:
    """A hole that is known.

    Parameters
    ----------
    id
        As the databases name it.
    fixed
        The first version without it.
    about
        What it is, in a few words.
    harmless
        Why lccmirror is not affected, so that an older version may be asked for (what is
        installed here has to be newer all the same); None if it is.
    waived
        Why this has to be lived with for now, and what can be done meanwhile; it is said at
        every audit.
    """

    id: str
    fixed: str
    about: str
    harmless: str | None = None
    waived: str | None = None


@dataclass(frozen=True)
class Advisories:
    """What is known of all packages.

    Parameters
    ----------
    checked
        When that was looked up.
    asked
        Whether the databases were asked about every package; if not, the list is what is
        known otherwise, and a package without advisories may have some.
    packages
        By normalized name.
    """

    checked: date
    asked: bool
    packages: dict[str, tuple[Advisory, ...]]


def read(path: Path = LIST) -> Advisories:
    """Read the list."""
    written = tomllib.loads(path.read_text("utf-8"))
    packages = {
        name: tuple(Advisory(**one) for one in told)
        for name, told in written["packages"].items()
    }
    return Advisories(written["checked"], written["asked"], packages)


def installed_holes(found: Closure, listed: Advisories) -> Iterator[str]:
    """Say which installed packages have a hole."""
    for name, version in sorted(found.installed.items()):
        for one in listed.packages.get(name, ()):
            if one.waived is None and Version(version) < Version(one.fixed):
                yield f"{name} {version} has {one.id}, fixed in {one.fixed}: {one.about}"


def waived_holes(found: Closure, listed: Advisories) -> Iterator[str]:
    """Say which installed packages have a hole that has to be lived with."""
    for name, version in sorted(found.installed.items()):
        for one in listed.packages.get(name, ()):
            if one.waived is not None and Version(version) < Version(one.fixed):
                yield f"{name} {version} has {one.id}: {one.about}. {one.waived}"


def allowed_holes(found: Closure, listed: Advisories) -> Iterator[str]:
    """Say which packages may be installed, by our requirements, in a version with a hole."""
    for name, requirements in sorted(found.direct.items()):
        lowest = max((_lowest(one) for one in requirements), default=Version("0"))
        for one in listed.packages.get(name, ()):
            if one.harmless is None and one.waived is None and lowest < Version(one.fixed):
                yield f"pyproject.toml: {name}>={lowest} allows {one.id}; ask for >={one.fixed}"


def _lowest(requirement: Requirement) -> Version:
    bounds = [one.version for one in requirement.specifier if one.operator in (">=", "==")]
    return max((Version(one) for one in bounds), default=Version("0"))


def not_looked_at(found: Closure, listed: Advisories) -> Iterator[str]:
    """Say which packages that we ask for the list does not know."""
    for name in sorted(found.direct.keys() - listed.packages.keys()):
        yield f"{name} is asked for by lccmirror, and nobody has looked at it: make audit"


def come_since(found: Closure, listed: Advisories) -> Iterator[str]:
    """Say which packages others ask for by now that the list does not know.

    A new version of theirs can bring one on any day: that is told, and stops nobody.
    """
    for name in sorted(found.installed.keys() - found.direct.keys() - listed.packages.keys()):
        yield f"{name} comes with another package, and nobody has looked at it: make audit"
