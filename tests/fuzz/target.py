"""What a target of the fuzzing is."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import NoReturn


class Find(AssertionError):
    """A parser did what it must not do."""


def find(why: str) -> NoReturn:
    """Say that a parser did what it must not do."""
    raise Find(why)


@dataclass(frozen=True)
class Target:
    """A parser, or some that belong together.

    Parameters
    ----------
    name
        Also of its folders below ``corpus/`` and ``found/``.
    run
        Gives the parser these bytes, with a folder for files; raises an error of
        `lccmirror.errors`, or `Find` for a value that cannot be right.
    modules
        Whose coverage is told.
    seeds
        What it is meant to read: where the search begins.
    words
        What a mutation may put in.
    max_len
        Of an input.
    mend
        Makes an input's checksums right again after a mutation.
    """

    name: str
    run: Callable[[bytes, Path], object]
    modules: tuple[str, ...]
    seeds: Callable[[], tuple[bytes, ...]]
    words: tuple[bytes, ...] = ()
    max_len: int = 4096
    mend: Callable[[bytes], bytes] | None = None

    def loaded(self) -> tuple[ModuleType, ...]:
        """Return the modules."""
        return tuple(importlib.import_module(name) for name in self.modules)


def storable(value: object) -> None:
    """Find texts that no database, file or terminal takes, and numbers beyond 64 bits."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            find(f"a text that is no Unicode: {value!r:.80}")
    elif isinstance(value, bool | float | None):
        return
    elif isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            find(f"an integer of more than 64 bits: {value}")
    elif isinstance(value, dict):
        for key, inner in value.items():
            storable(key)
            storable(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            storable(inner)
    else:
        find(f"a value of type {type(value).__name__}")


@functools.cache
def pieces(data: bytes, step: int) -> tuple[bytes, ...]:
    """Return `data` cut into pieces of `step` bytes."""
    return tuple(data[at : at + step] for at in range(0, len(data), step))
