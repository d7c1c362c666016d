"""The commented configuration that `lccmirror init` writes.

It is ``config.example.toml`` in this folder with two values put in; the same file at the
top of the source tree is there for people to read.
"""

from __future__ import annotations

import json
from importlib.resources import files

from .errors import UsageError

_EXAMPLE_URL = '\nurl = "https://data.hatsurveys.org"\n'
_EXAMPLE_ROOT = '\nroot = "."\n'


def example_text() -> str:
    """Return the example configuration as it is shipped."""
    return files("lccmirror").joinpath("config.example.toml").read_text(encoding="utf-8")


def render_config(url: str, root: str = ".") -> str:
    """Return a commented configuration for a server and a mirror.

    Parameters
    ----------
    url
        The server's URL. It is not checked here; `lccmirror.config.load_config` does.
    root
        The mirror's root, as it shall stand in the file.

    Raises
    ------
    UsageError
        If one of them cannot stand in a TOML file (bytes that are not UTF-8).
    """
    return (
        example_text()
        .replace(_EXAMPLE_URL, f"\nurl = {toml_string(url)}\n", 1)
        .replace(_EXAMPLE_ROOT, f"\nroot = {toml_string(root)}\n", 1)
    )


def toml_string(text: str) -> str:
    r"""Return `text` as a TOML basic string, quotes and all.

    Raises
    ------
    UsageError
        If it has surrogates, as a path does whose bytes are not UTF-8.

    Examples
    --------
    >>> print(toml_string('a "b"\n'))
    "a \"b\"\n"
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(f"cannot be written in a configuration: {text!a}") from None
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped, too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
