"""Words of the command line that must be UTF-8: names in the catalog, or for the daemon."""

from __future__ import annotations

from typing import TypeVar

import click

T = TypeVar("T", str, None, tuple[str, ...])


def utf8_words(context: click.Context, param: click.Parameter, value: T) -> T:
    """Refuse what is not UTF-8, as the name of a file may be; for click's ``callback``."""
    for word in (value,) if value is None or isinstance(value, str) else value:
        try:
            (word or "").encode()
        except UnicodeEncodeError as error:
            raise click.BadParameter("not valid UTF-8", context, param) from error
    return value
