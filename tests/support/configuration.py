"""Configurations as text, and what is said of their mistakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lccmirror.config import load_config
from lccmirror.errors import ConfigError

Write = Callable[[str], Path]
MINIMAL = """\
[server]
url = "https://lcc.example.org"
[mirror]
root = "."
"""


def mistakes(path: Path) -> dict[str, str]:
    """Return what `load_config` complains about: message by ``line: key``."""
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.exit_code == 78
    found = {}
    for line in caught.value.message.splitlines():
        if line.startswith("    "):
            continue
        where, key, message = line.removeprefix(f"{path}:").split(": ", 2)
        found[f"{where}: {key}"] = message
    return found


def saved_search(text: str) -> str:
    """Return a configuration with one saved search."""
    return f'{MINIMAL}[[search]]\nname = "s"\n{text}'
