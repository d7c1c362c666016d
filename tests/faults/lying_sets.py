"""Lies about a dataset, in its JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.faults.fault import NASTY
from tests.faults.lie import Lie, Scene, endless, lying


def sets() -> Iterator[Lie]:
    """Yield every lie about a dataset."""
    values: dict[str, Iterable[object]] = {
        "setid": ("other", "../../x", None, NASTY, 7),
        "status": ("in progress", "broken", "initialized", None, 7, NASTY),
        "npages": (0, -1, 10**9, "many", None),
        "rows_per_page": (0, -5, 10**12, None, "x"),
        "page_slices": ([], [[0]], None, [[5, 2]], "x", [[0, 10**12]]),
        "actual_nrows": (0, -1, 1, 10**9, None, "x"),
        "total_nmatches": (-1, 10**30, None),
        "columns": ([], None, "x", [None], [""], ["a", "a"], [NASTY], ['"; DROP TABLE x; --']),
        "coldesc": (None, {}, [], {"a": None}, "x"),
        "collections": (None, [], [NASTY], "x", [None], ["../../x"]),
        "searchargs": (None, NASTY, [[[[]]]]),
        "rows": ([], None, {}, [[]], [None], [{"a": 1}], [[1] * 10_000], "x"),
        "result": ([], None, {}, [[]], [{}], "x", [{"a": 1}]),
        "lczipfpath": (None, "/p/../../x", 7, NASTY),
        "currpage": (0, 99, None, "x"),
        "visibility": ("private", NASTY, None),
        "name": (NASTY, 7, "n" * 1_000_000),
    }
    for key, lies_of in values.items():
        for value in lies_of:
            text = json.dumps(value)
            words = text if len(text) < 40 else f"{text[:20]} … ({len(text)})"
            yield Lie("set", f"{key} {words}", _set(_having(key, value)))
    yield Lie("set", "10,000 columns", _set(_many_columns))
    yield Lie("set", "a row too few", _set(lambda d: {**d, "rows": d["rows"][:-1]}))
    yield Lie("set", "a row twice", _set(lambda d: {**d, "rows": d["rows"] * 2}))
    yield Lie(
        "set", "rows too short", _set(lambda d: {**d, "rows": [r[1:] for r in d["rows"]]})
    )
    yield Lie("set", "other values", _set(_other_values))
    yield Lie("set", "another page each time", _ever_more_pages)
    yield Lie("set", "without end", lambda s: endless(f"^/set/{s.victim}")(s))
    yield Lie("set", "columns that differ in case", _set(_in_capitals))


def _having(key: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda document: {**document, key: value}


def _set(change: Callable[[dict[str, Any]], object]) -> Callable[[Scene], None]:
    def changed(content: bytes) -> bytes:
        return json.dumps(change(json.loads(content))).encode()

    return lambda scene: scene.add(f"^/set/{scene.victim}", lying(changed))


def _many_columns(document: dict[str, Any]) -> object:
    names = [f"column_{number}" for number in range(10_000)]
    more = {name: {"title": name, "dtype": "f8", "format": "%.5f"} for name in names}
    return {
        **document,
        "columns": [*document["columns"], *names],
        "coldesc": {**document["coldesc"], **more},
    }


def _other_values(document: dict[str, Any]) -> object:
    rows = [
        [value * 2 if isinstance(value, float) else value for value in row]
        for row in document["rows"]
    ]
    names = document["columns"]
    result = [dict(zip(names, row, strict=True)) for row in rows]
    return {**document, "rows": rows, "result": result}


def _in_capitals(document: dict[str, Any]) -> object:
    names = document["columns"]
    return {**document, "columns": [*names[:-1], names[0].upper()]}


def _ever_more_pages(scene: Scene) -> None:
    page = 1

    def change(document: dict[str, Any]) -> object:
        nonlocal page
        page += 1
        document.pop("result", None)
        return {**document, "npages": 10**6, "currpage": page}

    _set(change)(scene)
