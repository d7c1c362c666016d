"""Make the pages with real output anew: the cookbook, and an observer's session.

``PYTHONPATH=docs/_ext python -m sitepages.examples``, or ``make docs-examples``.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

from .cookbook import cookbook_markdown
from .demo_mirror import demo_mirror
from .recording import Terminal, recorded

DOCS: Final = Path(__file__).parents[2]
SESSION: Final = DOCS / "session.md"
COOKBOOK: Final = DOCS / "cookbook.md"
PICTURES: Final = DOCS / "images" / "session"

_MADE = re.compile(r"(?<=<!-- answers: begin -->\n)(.*?)(?=<!-- answers: end -->)", re.DOTALL)
_PICTURE = re.compile(r"\(images/session/([\w-]+\.\w+)\)")


def cookbook_page(folder: Path) -> str:
    """Return the cookbook with the answers of the mirror in `folder`."""
    made = cookbook_markdown(folder / "mirror")
    return _MADE.sub(lambda _: f"\n{made}\n", COOKBOOK.read_text("utf-8"))


def session_page(folder: Path) -> str:
    """Return the session as it goes in `folder`, where the pictures are made."""
    return recorded(SESSION.read_text("utf-8"), Terminal(folder))


def pictures(page: str) -> tuple[str, ...]:
    """Return the names of the pictures that a session shows."""
    return tuple(_PICTURE.findall(page))


def main() -> None:
    """Write the pages and pictures."""
    with demo_mirror() as folder:
        COOKBOOK.write_text(cookbook_page(folder), "utf-8")
        page = session_page(folder)
        SESSION.write_text(page, "utf-8")
        PICTURES.mkdir(parents=True, exist_ok=True)
        for name in pictures(page):
            shutil.copyfile(folder / name, PICTURES / name)


if __name__ == "__main__":
    main()
