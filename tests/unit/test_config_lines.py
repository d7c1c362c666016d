"""Lines of keys in TOML files."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from lccmirror.config_lines import Path, locate

DOCUMENT = '''\
# a comment with [brackets] = and "quotes
top = 1

[server]   # a comment behind
url = "http://[::1]:8080/#x"   # = [
"quoted key" . 'and = another' = 2
text = """
url = 3
[mirror]
a quote: "" and \\""" here"""
literal = \'\'\'
[[search]] \'\'\'
[[search]]
name = "first"
columns = [
  # the first
  "x", "y",
  ["nested",
   "pair"],   # behind
  { inline = [1, 2] }
]
[search.more]
deep = { a = [1,2], b = "}" }
[[search]]
name = 'second'
[[search.part]]
x = 1
[[search.part]]
x = 2
last = 1'''


def test_lines_of_headers_keys_and_elements() -> None:
    lines = locate(DOCUMENT)
    tomllib.loads(DOCUMENT)
    expected: dict[Path, int] = {
        ("top",): 2,
        ("server",): 4,
        ("server", "url"): 5,
        ("server", "quoted key", "and = another"): 6,
        ("server", "text"): 7,
        ("server", "literal"): 11,
        ("search", 0): 13,
        ("search", 0, "name"): 14,
        ("search", 0, "columns"): 15,
        ("search", 0, "columns", 0): 17,
        ("search", 0, "columns", 1): 17,
        ("search", 0, "columns", 2): 18,
        ("search", 0, "columns", 3): 20,
        ("search", 0, "more"): 22,
        ("search", 0, "more", "deep"): 23,
        ("search", 1): 24,
        ("search", 1, "name"): 25,
        ("search", 1, "part", 0, "x"): 27,
        ("search", 1, "part", 1, "x"): 29,
        ("search", 1, "part", 1, "last"): 30,
    }
    assert {path: lines.of(path) for path in expected} == expected


def test_what_has_no_line_of_its_own_has_that_of_what_is_around_it() -> None:
    lines = locate(DOCUMENT)
    assert lines.of(("server", "missing")) == 4
    assert lines.of(("search", 0, "more", "deep", "a", 1)) == 23
    assert lines.of(("nothing", "at", "all")) is None


def test_lines_are_counted_alike_with_carriage_returns() -> None:
    assert locate(DOCUMENT.replace("\n", "\r\n")) == locate(DOCUMENT)


def test_a_long_list_is_located_in_one_pass() -> None:
    count = 20_000
    text = "deny = [\n" + ",\n".join(f'"set{i}"' for i in range(count)) + "\n]\nafter = 1\n"
    lines = locate(text)
    assert lines.of(("deny", count - 1)) == count + 1
    assert lines.of(("after",)) == count + 3


KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            KEYS,
            st.dictionaries(KEYS, st.one_of(TEXTS, st.lists(TEXTS, max_size=3)), max_size=3),
        ),
        max_size=4,
        unique_by=lambda table: table[1],
    )
)
def test_every_key_of_any_document_is_found_where_it_was_written(
    tables: list[tuple[bool, str, dict[str, str | list[str]]]],
) -> None:
    written: list[str] = []
    expected: dict[Path, int] = {}
    for is_array, name, values in tables:
        path: Path = (name, 0) if is_array else (name,)
        written.append(f"[[{quoted(name)}]]" if is_array else f"[{quoted(name)}] # [x]")
        expected[path] = len(written)
        for key, value in values.items():
            expected[(*path, key)] = len(written) + 1
            if isinstance(value, str):
                written.append(f"{quoted(key)} = {quoted(value)}")
            else:
                written.append(f"{quoted(key)} = [ # ]")
                for index, element in enumerate(value):
                    written.append(f"  {quoted(element)},")
                    expected[(*path, key, index)] = len(written)
                written.append("]")
    text = "\n".join(written)
    tomllib.loads(text)
    lines = locate(text)
    assert {path: lines.lines.get(path) for path in expected} == expected
    assert set(lines.lines) >= set(_paths(tomllib.loads(text)))


def _paths(value: object, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _paths(inner, (*path, index))
