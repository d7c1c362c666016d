"""What a server can say that is not so: every lie by its name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from lccmirror.demo.messages import JSON_TYPE, Answer
from tests.faults.breaking import NASTY
from tests.faults.lying_files import csv_changes, zip_changes
from tests.faults.lying_json import Change, changes
from tests.faults.story import StorySite
from tests.support.misbehaving import Action, Turn, whole


@dataclass
class Scene:
    """Where a lie is told.

    Parameters
    ----------
    victim
        The dataset that most lies are about.
    others
        Those that nothing is said of.
    invented
        Setids of the lie's own making: of these the mirror needs nothing but words.
    """

    site: StorySite
    random: Random
    victim: str
    others: tuple[str, ...]
    invented: list[str] = field(default_factory=list)

    def add(self, path: str, action: Action, method: str = "GET|HEAD") -> None:
        """Lie to all requests for a path."""
        self.site.server.add(path, action, times=None, method=method)


@dataclass(frozen=True)
class Lie:
    """A lie.

    Parameters
    ----------
    about
        ``list``, ``collections``, ``set``, ``object``, ``search``, ``csv``, ``zip``.
    hides
        While it is told, the other datasets cannot be told of either.
    heavy
        It takes much time; it is not part of the short form.
    room
        How large an answer may be while it is told.
    """

    about: str
    name: str
    tell: Callable[[Scene], None]
    hides: bool = False
    heavy: bool = False
    room: str = "4 MB"

    def __str__(self) -> str:
        return f"{self.about}: {self.name}"


PATHS = {
    "list": r"^/api/datasets",
    "collections": r"^/api/collections",
    "object": r"^/api/object",
    "search": r"^/api/columnsearch",
}


def lies() -> Iterator[Lie]:
    """Yield every lie."""
    yield from _any_json()
    yield from _files()
    yield from _items()
    yield from _lists()
    yield from _sets()
    yield from _streams()
    yield from _collections()


def replaced(answer: Answer, content: bytes, *more: tuple[str, str]) -> Answer:
    """Return an answer of other content; what its headers say of the old one goes."""
    gone = ("Content-Encoding", "ETag", "Etag")
    kept = tuple(one for one in answer.headers if one[0] not in gone)
    return Answer(answer.status, kept, content).with_headers(*more)


def lying(change: Callable[[bytes], bytes], *more: tuple[str, str]) -> Action:
    """Answer with something else, its ETag and all."""

    def act(turn: Turn) -> Answer:
        # A lie is never "not modified".
        headers = dict(turn.request.headers)
        for name in ("if-none-match", "accept-encoding"):
            headers.pop(name, None)
        object.__setattr__(turn.request, "headers", headers)
        answer = turn.honest()
        return (
            answer if answer.status >= 400 else replaced(answer, change(whole(answer)), *more)
        )

    return act


def _any_json() -> Iterator[Lie]:
    for about in ("list", "collections", "set", "object", "search"):
        for name, change in changes().items():
            hides = about in ("list", "collections")
            yield Lie(about, name, _json_lie(about, change), hides=hides)


def _json_lie(about: str, change: Change) -> Callable[[Scene], None]:
    def tell(scene: Scene) -> None:
        path = PATHS.get(about, f"^/set/{scene.victim}")
        method = "POST" if about == "search" else "GET"
        scene.add(path, lying(lambda b: change(scene.random, b)), method)

    return tell


def _files() -> Iterator[Lie]:
    places = {"csv": "^/d/dataset-{}.csv", "zip": "^/p/lightcurves-{}.zip"}
    every = [("csv", *one) for one in csv_changes().items()]
    every += [("zip", *one) for one in zip_changes().items()]
    for about, name, change in every:

        def tell(scene: Scene, about: str = about, change: Change = change) -> None:
            known: dict[bytes, bytes] = {}
            tagged = scene.random.choice([True, False])

            def lie(content: bytes) -> bytes:
                # The same lie each time, or it would be one about versions.
                if content not in known:
                    known[content] = change(scene.random, content)
                return known[content]

            def act(turn: Turn) -> Answer | None:
                old = ("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
                request = turn.request
                headers = {k: v for k, v in request.headers.items() if k != "range"}
                object.__setattr__(request, "headers", headers)
                answer = lying(lie, old)(turn)
                if tagged and answer is not None and isinstance(answer.body, bytes):
                    tag = hashlib.md5(answer.body, usedforsecurity=False).hexdigest()
                    answer = answer.with_headers(("ETag", f'"{tag}"'))
                return answer

            scene.add(places[about].format(scene.victim), act)

        yield Lie(about, name, tell)


# The list of datasets


def _items() -> Iterator[Lie]:
    """Yield lies about one item of the list."""
    values: dict[str, Iterable[object]] = {
        "last_updated": (
            "2001-01-01T00:00:00.000000",
            "9999-12-31T23:59:59.999999",
            "0000-00-00T00:00:00",
            "2026-11-22 18:38:07",
            "soon",
            None,
            7,
            "2" * 100_000,
            NASTY,
        ),
        "created_on": ("9999-12-31T23:59:59.999999", "0001-01-01T00:00:00", None, NASTY),
        "nobjects": (-1, 10**30, "many", None, 2**63, 0.5, 0),
        "name": (NASTY, None, 7, "n" * 1_000_000, {"a": 1}),
        "description": (NASTY, ["a"], "d" * 1_000_000),
        "citation": (NASTY, 7),
        "queried_collections": (NASTY, "", None, ", ".join(f"c{n}" for n in range(10_000))),
        "query_type": (NASTY, None, "'; DROP TABLE datasets; --"),
        "query_params": (NASTY, None, "[" * 100_000, '{"a": NaN}', {"a": 1}, "x" * 1_000_000),
        "dataset_visibility": (NASTY, None, "private", "unlisted", "nobody's"),
        "dataset_csv": ("http://lcc.test@127.0.0.1:1/d/x.csv", "/../../x", None, NASTY),
        "lczip_fpath": (None, "/p/../../x", "http://127.0.0.1:1/x.zip", 7, NASTY),
        "owned": ("yes", None, 7),
        "setid": (
            "../../../../tmp/lccmirror-was-here",
            "a/b",
            ".",
            "",
            None,
            7,
            "s" * 300,
            NASTY,
            "sætid",
            "AAAAAAAAAAA\n",
        ),
    }
    for key, lies_of in values.items():
        for value in lies_of:
            text = json.dumps(value)
            words = text if len(text) < 40 else f"{text[:20]} … ({len(text)})"
            yield Lie("list", f"{key} {words}", _item(_with(key, value)))
    yield Lie("list", "the time goes backwards with each answer", _backwards)
    for value in (None, 7, [], "an item", {}):
        yield Lie("list", f"an item that is {value!r}", _item(_instead(value)))


def _with(key: str, value: object) -> Callable[[Scene, dict[str, Any]], object]:
    return lambda scene, item: {**item, key: value}


def _instead(value: object) -> Callable[[Scene, dict[str, Any]], object]:
    return lambda scene, item: value


def _item(change: Callable[[Scene, dict[str, Any]], object]) -> Callable[[Scene], None]:
    """Change the item of the victim."""

    def tell(scene: Scene) -> None:
        def items(found: list[Any]) -> list[Any]:
            return [
                change(scene, one) if one["setid"] == scene.victim else one for one in found
            ]

        scene.add(PATHS["list"], lying(_result(items)))

    return tell


def _result(change: Callable[[list[Any]], object]) -> Callable[[bytes], bytes]:
    def changed(content: bytes) -> bytes:
        answer = json.loads(content)
        answer["result"] = change(answer["result"] or [])
        return json.dumps(answer).encode()

    return changed


def _backwards(scene: Scene) -> None:
    year = 2020

    def items(found: list[Any]) -> list[Any]:
        nonlocal year
        year -= 1
        return [{**one, "last_updated": f"{year}-01-01T00:00:00.000001"} for one in found]

    scene.add(PATHS["list"], lying(_result(items)))


def _lists() -> Iterator[Lie]:
    """Yield lies about the list as a whole."""

    def all_of(change: Callable[[list[Any]], object]) -> Callable[[Scene], None]:
        return lambda scene: scene.add(PATHS["list"], lying(_result(change)))

    yield Lie("list", "backwards", all_of(lambda items: items[::-1]))
    yield Lie("list", "each item twice", all_of(lambda items: items + items))
    yield Lie("list", "nothing", all_of(lambda items: []), hides=True)
    yield Lie("list", "null", all_of(lambda items: None), hides=True)
    yield Lie("list", "an object", all_of(lambda items: {"a": items}), hides=True)
    yield Lie("list", "only the first", all_of(lambda items: items[:1]), hides=True)
    yield Lie("list", "one setid for all", all_of(_one_setid), hides=True)
    yield Lie("list", "one time for all", all_of(_one_time))
    for count in (0, 1, 25, 1000, 999_999, 10**12):
        yield Lie("list", f"a count of {count}", _message(f"found {count} datasets in total"))
    for message in ("found -5 datasets in total", NASTY, None, 7, ["a", "b"], "m" * 1_000_000):
        yield Lie("list", f"a count {str(message)[:20]!r}", _message(message))
    yield Lie("list", "failed, with items", _envelope(status="failed"), hides=True)
    yield Lie("list", "a status of control characters", _envelope(status=NASTY), hides=True)
    yield Lie("list", "5,000 datasets that are not there", _invented(5_000))
    yield Lie("list", "100,000 datasets that are not there", _invented(100_000), heavy=True)
    yield Lie("list", "without end", _endless(PATHS["list"]), hides=True)
    yield Lie("collections", "without end", _endless(PATHS["collections"]), hides=True)
    yield Lie("object", "without end", _endless(PATHS["object"]))
    for about in ("list", "collections", "set"):
        hides = about != "set"
        for words, unit in (("blanks", b" "), ("one text", b"x"), ("lists", b"[")):
            tell = _huge(about, unit, 200_000_000)
            name = f"200 MB of {words}"
            yield Lie(about, name, tell, hides=hides, heavy=True, room="3 GB")
        tell = _huge(about, b"x", 100_000_000)
        yield Lie(about, "a text of 100 MB", tell, hides=hides, heavy=True, room="3 GB")
    tell = _huge("list", b" ", 2_000_000_000)
    yield Lie("list", "2 GB of blanks", tell, hides=True, heavy=True, room="1 GB")


def _huge(about: str, unit: bytes, size: int) -> Callable[[Scene], None]:
    """Answer with so many bytes, within what is allowed."""
    before = b'{"status": "ok", "message": ' + {b"x": b'"', b"[": b"", b" ": b""}[unit]
    after = {b"x": b'"}', b"[": b"}", b" ": b"null}"}[unit]

    def pieces() -> Iterator[bytes]:
        yield before
        piece = unit * 1_000_000
        for _ in range(size // len(piece)):
            yield piece
        yield after

    def tell(scene: Scene) -> None:
        path = PATHS.get(about, f"^/set/{scene.victim}")
        scene.site.server.add(
            path, lambda turn: Answer(200, (JSON_TYPE,), pieces()), times=1, method="GET"
        )

    return tell


def _one_setid(items: list[Any]) -> list[Any]:
    return [{**one, "setid": items[0]["setid"]} for one in items]


def _one_time(items: list[Any]) -> list[Any]:
    return [{**one, "last_updated": items[0]["last_updated"]} for one in items]


def _message(message: object) -> Callable[[Scene], None]:
    return _envelope(message=message)


def _envelope(**fields: object) -> Callable[[Scene], None]:
    def change(content: bytes) -> bytes:
        return json.dumps({**json.loads(content), **fields}).encode()

    return lambda scene: scene.add(PATHS["list"], lying(change))


def _invented(count: int) -> Callable[[Scene], None]:
    """Name so many more datasets; they are too large to be wanted."""

    def tell(scene: Scene) -> None:
        scene.invented += [f"invented-{number}" for number in range(count)]

        def items(found: list[Any]) -> list[Any]:
            like = {**found[-1], "nobjects": 10**9}
            return [*found, *({**like, "setid": setid} for setid in scene.invented)]

        scene.add(PATHS["list"], lying(_result(items)))

    return tell


def _endless(path: str) -> Callable[[Scene], None]:
    def pieces() -> Iterator[bytes]:
        yield b'{"status": "ok", "message": "found 5 datasets in total", "result": ['
        for _ in range(100_000):
            yield b" " * 65_536

    def act(turn: Turn) -> Answer:
        return Answer(200, (JSON_TYPE,), pieces())

    return lambda scene: scene.add(path, act)


# A dataset


def _sets() -> Iterator[Lie]:
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
    yield Lie("set", "without end", lambda s: _endless(f"^/set/{s.victim}")(s))
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


# Searches


def _streams() -> Iterator[Lie]:
    def lines(change: Callable[[list[dict[str, Any]]], list[Any]]) -> Callable[[Scene], None]:
        def changed(content: bytes) -> bytes:
            told = [json.loads(line) for line in content.splitlines()]
            return b"".join(json.dumps(one).encode() + b"\n" for one in change(told))

        return lambda scene: scene.add(PATHS["search"], lying(changed), "POST")

    for count in (0, 1, 2):
        yield Lie("search", f"ends after {count}", lines(_first(count)))
    yield Lie("search", "the last line first", lines(lambda t: t[::-1]))
    yield Lie("search", "the last line twice", lines(lambda t: [*t, t[-1]]))
    yield Lie("search", "ok, then failed", lines(lambda t: [*t, _line("failed")]))
    yield Lie("search", "failed, then ok", lines(lambda t: [_line("failed"), *t]))
    yield Lie("search", "a status nobody knows", lines(lambda t: [*t[:-1], _line("hm")]))
    yield Lie("search", "10,000 lines more", lines(lambda t: [t[0]] * 10_000 + t))
    for setid in ("../../x", None, 7, NASTY, "nobody-knows", "s" * 300):
        yield Lie("search", f"a setid {str(setid)[:20]!r}", lines(_naming(setid)))
    yield Lie("search", "the setid of another", _setid_of_another)
    for status in ("ok", "background", "running"):
        yield Lie("search", f"{status} without a setid", lines(_only(status)))
    yield Lie("search", "a byte at a time", _byte_by_byte)
    yield Lie("search", "that runs for ever", _running)
    yield Lie("search", "without end", _endless_search)


def _line(status: str) -> dict[str, Any]:
    return {"status": status, "result": {}, "message": NASTY, "time": "2026-01-01T00:00:00Z"}


Lines = list[dict[str, Any]]


def _first(count: int) -> Callable[[Lines], list[Any]]:
    return lambda told: told[:count]


def _only(status: str) -> Callable[[Lines], list[Any]]:
    return lambda told: [_line(status)]


def _naming(setid: object) -> Callable[[Lines], list[Any]]:
    def change(told: Lines) -> list[Any]:
        last = told[-1]
        return [*told[:-1], {**last, "result": {**(last["result"] or {}), "setid": setid}}]

    return change


def _setid_of_another(scene: Scene) -> None:
    def change(content: bytes) -> bytes:
        told = [json.loads(line) for line in content.splitlines()]
        return b"".join(json.dumps(o).encode() + b"\n" for o in _naming(scene.others[0])(told))

    scene.add(PATHS["search"], lying(change), "POST")


def _byte_by_byte(scene: Scene) -> None:
    def act(turn: Turn) -> Answer:
        answer = turn.honest()
        content = whole(answer)
        pieces = (content[at : at + 1] for at in range(len(content)))
        return Answer(answer.status, answer.headers, pieces)

    scene.add(PATHS["search"], act, "POST")


def _running(scene: Scene) -> None:
    """Say every minute that it goes on."""

    def pieces() -> Iterator[bytes]:
        line = json.dumps(_line("running")).encode() + b"\n"
        for _ in range(1_000):
            scene.site.clock.forward(60)
            yield line

    scene.add(PATHS["search"], lambda turn: Answer(200, (JSON_TYPE,), pieces()), "POST")


def _endless_search(scene: Scene) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"status": "running", "message": "'
        for _ in range(100_000):
            yield b"x" * 65_536

    scene.add(PATHS["search"], lambda turn: Answer(200, (JSON_TYPE,), pieces()), "POST")


# Collections


def _collections() -> Iterator[Lie]:
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
