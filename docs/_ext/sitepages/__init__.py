"""The parts of the documentation that are made: from the schema, the commands, the config.

A page has a line ``<!-- made: NAME -->`` where `MAKERS` shall put the Markdown of that
name. It is made anew whenever the site is built, so it cannot become stale. What is made by
running commands (`cookbook`, `session`) is checked in, since people read it without
building the site, and a test holds it against a new run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from .catalog import catalog_markdown
from .commands import commands_markdown, exit_codes_markdown, output_flags_markdown
from .settings import settings_markdown

if TYPE_CHECKING:
    from sphinx.application import Sphinx

MAKERS: Final[dict[str, Callable[[], str]]] = {
    "catalog": catalog_markdown,
    "commands": commands_markdown,
    "configuration": settings_markdown,
    "exit-codes": exit_codes_markdown,
    "output-flags": output_flags_markdown,
}

_PLACE = re.compile(r"^<!-- made: ([\w-]+) -->$", re.MULTILINE)


def completed(text: str) -> str:
    """Return a page with everything made that it asks for.

    Raises
    ------
    KeyError
        If it asks for something that nobody makes.
    """
    return _PLACE.sub(lambda place: MAKERS[place[1]](), text)


def _complete(app: Sphinx, docname: str, source: list[str]) -> None:
    source[0] = completed(source[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Add this to Sphinx."""
    app.connect("source-read", _complete)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
