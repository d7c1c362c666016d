"""Every `>>>` in the package's docstrings and in the pages of docs/ says what happens.

An example runs in a folder that has ``lccmirror-demo``, the mirror that `lccmirror demo`
makes, and ``lccmirror-searches``, the same with a saved search. It has `lccmirror` and `m`,
the former opened. The examples of a page are one session, those of a docstring another.
"""

from __future__ import annotations

import doctest
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lccmirror

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "lccmirror"
PAGES = REPOSITORY / "docs"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")


def with_examples(paths: Iterator[Path]) -> list[Path]:
    return sorted(path for path in paths if ">>> " in path.read_text("utf-8"))


MODULES = [
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
    for path in with_examples(PACKAGE.rglob("*.py"))
]
PAGES_WITH_EXAMPLES = with_examples(PAGES.rglob("*.md"))


def fenced(text: str) -> str:
    """Return a page with its lines in place, those outside of code blocks empty."""
    lines, opened = [], ""
    for line in text.split("\n"):
        fence = _FENCE.match(line)
        mark = fence.group(1) if fence else ""
        if opened and mark.startswith(opened) and not line.strip(" `~"):
            opened = ""
            lines.append("")
        elif opened or not mark:
            lines.append(line if opened else "")
        else:
            opened = mark
            lines.append("")
    return "\n".join(lines)


def run(test: doctest.DocTest) -> str:
    """Run the examples, and return what they say is wrong."""
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    runner.run(test, out=said.append)
    return "".join(said)


@pytest.fixture
def names(here: Path) -> Iterator[dict[str, Any]]:
    with lccmirror.open("lccmirror-demo") as m:
        yield {"lccmirror": lccmirror, "m": m}


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module(name: str, names: dict[str, Any]) -> None:
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = finder.find(module, extraglobs=names)
    assert any(test.examples for test in found), "its examples are where nobody finds them"
    _tell("".join(run(test) for test in found))


@pytest.mark.parametrize("page", PAGES_WITH_EXAMPLES, ids=lambda page: page.stem)
def test_the_examples_of_a_page(page: Path, names: dict[str, Any]) -> None:
    text = fenced(page.read_text("utf-8"))
    test = doctest.DocTestParser().get_doctest(text, names, page.stem, str(page), 0)
    assert test.examples, "its examples are in no code block"
    _tell(run(test))


def _tell(wrong: str) -> None:
    if wrong:
        pytest.fail(wrong, pytrace=False)


def test_a_wrong_example_is_found() -> None:
    page = "text\n```python\n>>> 1 + 1\n3\n```\n>>> not_code\n"
    test = doctest.DocTestParser().get_doctest(fenced(page), {}, "page", "page.md", 0)
    assert [(example.lineno, example.want) for example in test.examples] == [(2, "3\n")]
    assert "Expected:\n    3\nGot:\n    2" in run(test)


def test_the_closing_line_of_a_block_is_no_output() -> None:
    page = "````\n>>> print('```')\n```\n````\n```\n>>> 2\n2\n```"
    test = doctest.DocTestParser().get_doctest(fenced(page), {}, "page", "page.md", 0)
    assert not run(test)
    assert [example.want for example in test.examples] == ["```\n", "2\n"]
