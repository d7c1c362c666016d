"""No package that comes with lccmirror has a hole that is known; and the audit can fail."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from .closure import OURS, Closure, closure
from .listed import (
    Advisories,
    Advisory,
    allowed_holes,
    come_since,
    installed_holes,
    not_looked_at,
    read,
    waived_holes,
)
from .online import NotAsked, lowest_versions, merged, understood, write

TODAY = date(2026, 1, 2)
HOLE = Advisory("CVE-1-1", "1.5", "it leaks")


def _closure(version: str = "1.4", wanted: str = "thing>=1.5") -> Closure:
    return Closure({"thing": (Requirement(wanted),)}, {"thing": version}, frozenset())


def _listed(*advisories: Advisory) -> Advisories:
    return Advisories(TODAY, True, {"thing": advisories})


def test_what_is_installed_has_no_hole_that_is_known() -> None:
    assert list(installed_holes(closure(), read())) == []


def test_the_lowest_versions_that_may_be_installed_have_no_hole_that_is_known() -> None:
    assert list(allowed_holes(closure(), read())) == []


def test_every_package_that_lccmirror_asks_for_is_in_the_list() -> None:
    assert list(not_looked_at(closure(), read())) == []


def test_all_that_a_user_can_install_is_looked_at() -> None:
    found = closure()
    assert {"requests", "urllib3", "datasette", "pyarrow", "matplotlib"} <= found.direct.keys()
    # What they need is followed.
    assert {"certifi", "idna", "jinja2", "pillow", "h11"} <= found.installed.keys()
    assert "pytest" not in found.installed
    assert "dev" in OURS


def test_an_installed_version_with_a_hole_is_told() -> None:
    (line,) = installed_holes(_closure("1.4.9"), _listed(HOLE))
    assert line == "thing 1.4.9 has CVE-1-1, fixed in 1.5: it leaks"
    assert list(installed_holes(_closure("1.10"), _listed(HOLE))) == []


@pytest.mark.parametrize("wanted", ["thing", "thing>=1.4", "thing<2", "thing>=1.4,<9"])
def test_a_requirement_that_allows_a_hole_is_told(wanted: str) -> None:
    (line,) = allowed_holes(_closure("2", wanted), _listed(HOLE))
    assert "allows CVE-1-1; ask for >=1.5" in line
    assert list(allowed_holes(_closure("2", "thing>=1.5"), _listed(HOLE))) == []


def test_a_harmless_hole_may_be_allowed_but_not_installed() -> None:
    harmless = Advisory("CVE-1-1", "1.5", "it leaks", harmless="we have nothing to leak")
    assert list(allowed_holes(_closure("2", "thing"), _listed(harmless))) == []
    assert len(list(installed_holes(_closure("1.4"), _listed(harmless)))) == 1


def test_a_hole_that_has_to_be_lived_with_is_said_every_time() -> None:
    waived = Advisory("CVE-1-1", "1.5", "it leaks", waived="No better one is to be had.")
    assert list(installed_holes(_closure("1.4"), _listed(waived))) == []
    assert list(waived_holes(_closure("1.4"), _listed(waived))) == [
        "thing 1.4 has CVE-1-1: it leaks. No better one is to be had."
    ]
    assert list(waived_holes(_closure("1.5"), _listed(waived))) == []


def test_a_package_that_nobody_has_looked_at_is_told() -> None:
    (line,) = not_looked_at(_closure(), Advisories(TODAY, True, {}))
    assert "nobody has looked at it" in line


def test_a_package_that_comes_with_another_is_told_and_stops_nobody() -> None:
    found = Closure({}, {"newcomer": "1.0"}, frozenset())
    assert list(not_looked_at(found, _listed())) == []
    (line,) = come_since(found, _listed())
    assert line.startswith("newcomer comes with another package")


def _told(**changes: Any) -> str:
    hole = {
        "id": "PYSEC-2026-1",
        "aliases": ["CVE-1-2"],
        "fix_versions": ["1.6"],
        "description": "it\nleaks " * 99,
    }
    one = {"name": "Thing", "version": "1.4", "vulns": [hole], **changes}
    return json.dumps({"dependencies": [one], "fixes": []})


def test_the_answer_of_the_databases_becomes_advisories() -> None:
    (found,) = understood(_told(), "", {"thing": "1.4"})
    assert (found.name, found.advisory.id, found.advisory.fixed) == ("thing", "CVE-1-2", "1.6")
    assert "\n" not in found.advisory.about
    (found,) = understood(_told(vulns=[{"id": "X", "fix_versions": []}]), "", {"thing": "1"})
    assert list(installed_holes(_closure("2030.1"), _listed(found.advisory)))


@pytest.mark.parametrize(
    "said",
    [
        *("", "no network", "{}", '{"dependencies": []}'),
        json.dumps({"dependencies": [{"name": "thing", "skip_reason": "not found"}]}),
    ],
)
def test_what_could_not_be_asked_is_not_taken_for_good(said: str) -> None:
    with pytest.raises(NotAsked):
        understood(said, "", {"thing": "1.4"})


def test_the_list_is_renewed_without_forgetting_what_people_wrote(tmp_path: Path) -> None:
    path = tmp_path / "list.toml"
    ours = Advisory("CVE-1-2", "1.6", 'said by "us"', harmless="why", waived="how")
    findings = understood(_told(), "", {"thing": "1.4"})
    gone = Advisories(TODAY, False, {"thing": (ours,), "gone": ()})
    renewed = merged(gone, _closure(), findings, date(2026, 2, 3))
    write(renewed, path)
    assert read(path) == Advisories(date(2026, 2, 3), True, {"thing": (ours,)})


def test_the_lowest_versions_are_those_of_the_requirements() -> None:
    assert lowest_versions(_closure("2", "thing>=1.5,<3")) == {"thing": "1.5"}


@pytest.mark.parametrize(
    ("complaints", "reason"),
    [
        (
            "WARNING:pip_audit._cli:hash them\nERROR:pip_audit._cli:x: not found on PyPI\n",
            "x: not found on PyPI",
        ),
        (
            "Traceback (most recent call last):\n  File …\nOSError: no network\n",
            "OSError: no network",
        ),
        ("WARNING:pip_audit._cli:hash them\n", "pip-audit says nothing"),
        ("", "pip-audit says nothing"),
    ],
)
def test_why_nothing_could_be_asked_is_one_line(complaints: str, reason: str) -> None:
    with pytest.raises(NotAsked) as caught:
        understood("", complaints, {"x": "1"})
    assert str(caught.value) == reason
