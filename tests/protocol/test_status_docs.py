"""The page on `lccmirror status --json` has every key, in its order, and no other."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from click.testing import CliRunner
from msgspec import Struct

from lccmirror.cli.app import cli
from lccmirror.query.status import PROBLEMS_SHOWN, Status

PAGE = (Path(__file__).parents[2] / "docs/status-json.md").read_text(encoding="utf-8")
SECTIONS = re.split(r"^## (\w+)$", PAGE, flags=re.MULTILINE)
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| (.+) \|$", re.MULTILINE)
TEXTS = dict(zip(["", *SECTIONS[1::2]], SECTIONS[::2], strict=True))
SCHEMA = resources.files("lccmirror.catalog").joinpath("schema/0001_initial.sql").read_text()
WORDS = {str: {"text", "time"}, int: {"number"}, bool: {"true or false"}, dict: {"object"}}


def rows(section: str) -> list[tuple[str, str, str]]:
    return ROW.findall(TEXTS[section])


def parts(kind: Any) -> set[Any]:
    """Return the types of which a type is made."""
    inner = {part for one in get_args(kind) for part in parts(one)}
    return inner or {kind}


def is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def linked(text: str) -> str | None:
    found = re.search(r"\]\(#(\w+)\)", text)
    return found.group(1) if found else None


def documented() -> list[tuple[str, type[Any]]]:
    """Return the sections, and what each of them is about."""
    hints = get_type_hints(Status)
    found: dict[str, type[Any]] = {"": Status}
    for key, _, text in rows(""):
        inner = next(filter(is_struct, parts(hints[key])), None)
        section = linked(text)
        assert (section is None) == (inner is None) or key == "last_good_cycle", key
        if section is not None:
            assert isinstance(inner, type)
            found[section] = inner
    return list(found.items())


def test_every_section_is_reached_from_the_first_table() -> None:
    assert {section for section, _ in documented()} == set(TEXTS)


@pytest.mark.parametrize(("section", "kind"), documented())
def test_each_key_is_documented_and_none_other(section: str, kind: type[Any]) -> None:
    assert [key for key, _, _ in rows(section)] == list(kind.__struct_fields__)


@pytest.mark.parametrize(("section", "kind"), documented())
def test_each_key_has_its_type(section: str, kind: type[Any]) -> None:
    hints = get_type_hints(kind)
    for key, written, _ in rows(section):
        plain = written.removesuffix(" or null")
        made_of = parts(hints[key])
        assert (plain != written) == (type(None) in made_of), key
        outer = getattr(hints[key], "__origin__", None)
        if outer is tuple:
            assert plain == "list", key
        elif outer is dict or any(map(is_struct, made_of)):
            assert plain == "object", key
        else:
            (own,) = made_of - {type(None)}
            assert plain in WORDS[own], key


def test_what_a_mirror_tells_is_what_is_documented(
    demo_mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LCCMIRROR_CONFIG", str(demo_mirror / "lccmirror.toml"))
    told = json.loads(CliRunner().invoke(cli, ["status", "--json"]).stdout)
    assert list(told) == [key for key, _, _ in rows("")]
    assert list(told["files"][0]) == [key for key, _, _ in rows("files")]
    for cycle in (told["last_cycle"], told["last_good_cycle"]):
        assert list(cycle) == [key for key, _, _ in rows("cycles")]


@pytest.mark.parametrize(
    ("table", "column", "section", "key"),
    [
        ("datasets", "state", "", "datasets"),
        ("object_info", "state", "", "object_info"),
        ("files", "kind", "files", "kind"),
        ("search_runs", "state", "searches", "state"),
        ("jobs", "last_outcome", "jobs", "outcome"),
    ],
)
def test_each_word_that_a_value_can_be_is_named(
    table: str, column: str, section: str, key: str
) -> None:
    definition = SCHEMA.partition(f"CREATE TABLE {table} (")[2].partition("\n)")[0]
    found = re.search(rf"CHECK \({column} IN \(([^)]+)\)", definition)
    assert found is not None
    (text,) = [text for one, _, text in rows(section) if one == key]
    assert set(re.findall(r"'(\w+)'", found.group(1))) <= set(re.findall(r"`(\w+)`", text))


def test_the_limit_of_the_lists_is_the_real_one() -> None:
    assert f"end after {PROBLEMS_SHOWN}." in PAGE
