"""The reference of the configuration, made from the example in which every key is explained."""

from __future__ import annotations

import re
from importlib import resources

_TABLE = re.compile(r"^\[(\w+)\]$")
_REPEATED = re.compile(r"^#\[\[(\w+)\]\]$")
_WORDS = re.compile(r"^#( (?! {8}).*)?$")


def settings_markdown() -> str:
    """Return a section for each table: the words of its comments, and its keys as written."""
    blocks = [block.splitlines() for block in _example().strip().split("\n\n")]
    made: list[str] = []
    seen: set[str] = set()
    ahead: list[str] = []
    # The file's own head is for those who edit it; the page has words of its own.
    for block in blocks[1:] if all(map(_WORDS.match, blocks[0])) else blocks:
        words = _as_markdown([line[2:] for line in block if _WORDS.match(line)])
        code = [line for line in block if not _WORDS.match(line)]
        if not code:
            ahead += [*words, ""]
            continue
        made += _heading(code, seen, ahead)
        ahead = []
        if _TABLE.match(code[0]):
            code = code[1:]
        made += [*words, "", *(["```toml", *code, "```", ""] if code else [])]
    return "\n".join(made)


def _example() -> str:
    return (resources.files("lccmirror") / "config.example.toml").read_text("utf-8")


def _heading(code: list[str], seen: set[str], ahead: list[str]) -> list[str]:
    """Return the heading of a block that begins a table, with the words that stand before."""
    if (table := _TABLE.match(code[0])) is not None:
        return [f"## `[{table[1]}]`", "", *ahead]
    names = [found[1] for line in code if (found := _REPEATED.match(line))]
    if not names:
        return ahead
    made = [] if names[0] in seen else [f"## `[[{names[0]}]]`", ""]
    seen.add(names[0])
    kinds = [line.split('"')[1] for line in code if line.startswith("#kind = ")]
    return [*made, *ahead, *(line for kind in kinds for line in (f"### {kind}", ""))]


def _as_markdown(words: list[str]) -> list[str]:
    """Return comment lines as Markdown: lines set in from the others are shown as written."""
    made: list[str] = []
    shown = False
    for line in words:
        if line.startswith("  ") != shown:
            made += ["```", ""] if shown else ["", "```text"]
            shown = not shown
        made.append(line.removeprefix("  ") if shown else line)
    return [*made, "```"] if shown else made
