"""What a server can say that is not so: every lie by its name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from lccmirror.demo.messages import Answer
from tests.faults.lie import PATHS, Lie, Scene, lying
from tests.faults.lying_collections import collections
from tests.faults.lying_files import csv_changes, zip_changes
from tests.faults.lying_json import Change, changes
from tests.faults.lying_lists import items, lists
from tests.faults.lying_searches import streams
from tests.faults.lying_sets import sets
from tests.support import misbehaving as wrong
from tests.support.misbehaving import Turn


def lies() -> Iterator[Lie]:
    """Yield every lie."""
    yield from _any_json()
    yield from _files()
    yield from items()
    yield from lists()
    yield from sets()
    yield from streams()
    yield from collections()


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
    yield Lie("zip", "still being written", _growing)


def _growing(scene: Scene) -> None:
    """Publish a ZIP that is not whole yet, as the running server does."""
    share = scene.random.uniform(0.01, 0.99)
    scene.add(f"^/p/lightcurves-{scene.victim}", wrong.growing(share))
