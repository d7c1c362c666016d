"""Lies about the collections."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.faults.fault import NASTY
from tests.faults.lie import PATHS, Lie, Scene, lying


def collections() -> Iterator[Lie]:
    """Yield every lie about the collections."""
    values: dict[str, Iterable[object]] = {
        "db_collection_id": ("../../x", "", None, NASTY, 7, "c" * 300, "sqlite_master"),
        "collection_id": ("../../x", "", None, NASTY, 7, "c" * 300, "."),
        "columnlist": (NASTY, None, ",".join(f"c{n}" for n in range(10_000)), 7, ",,,"),
        "columnjson": (None, {}, {NASTY: NASTY}, {"a": []}, {"a": {"dtype": 7}}),
        "nobjects": (-1, None, 10**30, "x"),
        "minra": (1e400, None, "x", -500.0),
        "name": (NASTY, None, 7, "n" * 1_000_000),
        "description": (NASTY, "d" * 1_000_000),
        "last_updated": (NASTY, None, "9999-99-99", 7),
        "lcformatdesc": ("http://127.0.0.1:1/x", "/../../x", None, NASTY),
        "indexedcols": (NASTY, None, 7),
    }
    for key, lies_of in values.items():
        for value in lies_of:
            text = repr(value)
            words = text if len(text) < 40 else f"{text[:20]} … ({len(text)})"
            yield Lie("collections", f"{key} {words}", _collection(key, value), hides=True)
    for name, change in {
        "none": lambda lists: {key: [] for key in lists},
        "one too few": lambda lists: {**lists, "name": lists["name"][1:]},
        "only the first": lambda lists: {key: one[:1] for key, one in lists.items()},
        "one twice": lambda lists: {key: one + one[:1] for key, one in lists.items()},
        "in another order": lambda lists: {key: one[::-1] for key, one in lists.items()},
        "no lists": lambda lists: dict.fromkeys(lists),
    }.items():
        yield Lie("collections", name, _all_collections(change), hides=True)


def _collection(key: str, value: object) -> Callable[[Scene], None]:
    def change(lists: dict[str, Any]) -> dict[str, Any]:
        if key not in lists:
            return {**lists, key: [value for _ in lists["name"]]}
        return {**lists, key: [value, *lists[key][1:]]}

    return _all_collections(change)


def _all_collections(
    change: Callable[[dict[str, Any]], dict[str, Any]],
) -> Callable[[Scene], None]:
    def changed(content: bytes) -> bytes:
        answer = json.loads(content)
        answer["result"]["collections"] = change(answer["result"]["collections"])
        return json.dumps(answer).encode()

    return lambda scene: scene.add(PATHS["collections"], lying(changed))
