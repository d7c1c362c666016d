"""A mirror's life in chapters, any request of which may be broken.

A server with datasets of all sorts is mirrored, changes, is mirrored again, and is asked
saved searches. Between the two the key ends. In a chapter of its own, before all that, somebody
asks whether the key is good. `Target` names one request of a chapter.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Literal

from lccmirror.config import Config, load_config
from lccmirror.demo.messages import Request
from lccmirror.errors import LccMirrorError
from lccmirror.sync.report import CycleReport
from lccmirror.sync.searches import DueSearch, begin
from tests.faults.campaign import Verdict
from tests.faults.check import check, settle
from tests.faults.said import Said
from tests.faults.ways import HOST, Certificates, Resolver, SwitchingFront
from tests.support.searches import SearchSite

Chapter = Literal["first", "second", "search", "key"]
CHAPTERS: tuple[Chapter, ...] = ("first", "second", "search", "key")
# Nothing comes before it.
_ALONE: Chapter = "key"
DIALECTS = ("running", "documented")
# Longer than a key is good for, and than the whole list is thought to be known.
_LATER_S = 8 * 86_400.0

SETTINGS = """
[mirror]
products = ["csv", "lczip", "pickle"]
workers = {workers}
[lightcurves]
singles = "missing"
limit = 3
[objects]
mirror = "all"
per_cycle = 6
[limits]
max_json = "{room}"
max_file = "{room}"
max_csv = "{room}"
max_lightcurve = "{room}"
max_object_info = "2 MB"
"""
SEARCHES = """
[[search]]
name = "small"
kind = "columnsearch"
filters = "sdssr < 12.5"
columns = ["sdssr", "objtype"]
every = "1h"

[[search]]
name = "large"
kind = "columnsearch"
filters = "ndet > 0"
columns = ["sdssr"]
every = "1h"
"""


@dataclass(frozen=True)
class Target:
    """One request: the `number`-th of its sort in a chapter.

    Parameters
    ----------
    dialect
        Of the server.
    sort
        Method and path, with ``*`` in place of names: see `sort_of`.
    number
        From 1.
    """

    dialect: str
    chapter: Chapter
    sort: str
    number: int

    def __str__(self) -> str:
        return f"{self.dialect}, {self.chapter}: {self.sort} #{self.number}"

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read a target as it is printed."""
        found = re.fullmatch(r"(\w+), (\w+): (.+) #(\d+)", text)
        assert found, f"not a request: {text}"
        dialect, chapter, sort, number = found.groups()
        return cls(dialect, next(one for one in CHAPTERS if one == chapter), sort, int(number))


def sort_of(method: str, target: str) -> str:
    """Return what sort of request it is."""
    path, _, query = target.partition("?")
    if path == "/api/datasets":
        return f"{method} {path}?{query if '1000000' in query else ''}"
    if path.startswith("/api/"):
        return f"{method} {path}"
    kind = path.rpartition(".")[2] if path.startswith("/d/") else ""
    return f"{method} /{path.split('/')[1]}/*{kind}"


class StorySite(SearchSite):
    """A site whose server has a name, and whose story is told by chapters.

    Parameters
    ----------
    dialect, workers, secure
        How the server speaks, how many workers fetch, and whether by TLS.
    room
        How large an answer or a file may be.
    """

    def __init__(
        self,
        folder: Path,
        *,
        dialect: str = "running",
        workers: int = 1,
        secure: Certificates | None = None,
        settings: str = "",
        room: str = "4 MB",
        **options: Any,
    ) -> None:
        self.said = Said()
        self.resolver = Resolver()
        self.front: SwitchingFront | None = None
        self._secure = secure
        self._stack = contextlib.ExitStack()
        self._port: int | None = None
        self._authority = ""
        if secure is not None:
            (folder / "tmp").mkdir()
            self._authority = f'ca_file = "{secure.write_authority(folder / "tmp")}"'
        sizes = {"objects": 4, "points": (3, 5), "rows_per_page": 5, "lczip_max_nrows": 5}
        super().__init__(folder, SEARCHES, dialect=dialect, **{**sizes, **options})
        self._settings = SETTINGS.format(workers=workers, room=room) + settings

    def __enter__(self) -> StorySite:
        self.server.__enter__()
        try:
            self._port = int(self.server.url.rpartition(":")[2])
            if self._secure is not None:
                self.front = self._stack.enter_context(
                    SwitchingFront(self._folder / "tmp", self._port, self._secure)
                )
            self._stack.enter_context(self.resolver)
            self._stack.enter_context(self.said)
            self.configure(self._settings)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.server.close()
        self._stack.close()

    def configure(self, settings: str = "", *, url: str | None = None) -> Config:
        """Write the configuration anew: the server by its name, and no patience."""
        super().configure(settings, url=url or self._url())
        path = self._folder / "lccmirror.toml"
        text = path.read_text("utf-8").replace(
            'read_timeout = "2s"', f'read_timeout = "1s"\n{self._authority}'
        )
        path.write_text(text, "utf-8")
        self.config = load_config(path)
        return self.config

    def _url(self) -> str | None:
        if self.front is not None:
            return f"https://{HOST}:{self.front.port}"
        return None if self._port is None else f"http://{HOST}:{self._port}"

    # The story

    def prepare(self, chapter: Chapter) -> None:
        """Let happen whatever comes before a chapter, but what the chapter itself does."""
        before = CHAPTERS[: CHAPTERS.index(chapter)]
        for one in before if chapter != _ALONE else ():
            self._change(one)
            self.play(one)
        self._change(chapter)

    def _change(self, chapter: Chapter) -> None:
        server = self.server
        if chapter == "first":
            one, other = (survey.collection for survey in server.surveys[:2])
            self._old = server.make_dataset(collections=[one])
            self._remade = server.make_dataset("conesearch", **self._cone())
            # The very same objects: one ZIP for two.
            server.make_dataset(collections=[one], columns=("sdssr",))
            # More rows than the server makes a ZIP for.
            server.make_dataset()
        elif chapter == "second":
            self.clock.forward(_LATER_S)
            one, other = (survey.collection for survey in server.surveys[:2])
            server.make_dataset(collections=[other], columns=("sdssr", "objtype"))
            server.make_dataset(collections=[one], columns=("objtype",))
            server.change_visibility(self._old, "unlisted")
            server.remake_zip(self._remade)
            server.change_visibility(self._remade, "public")

    def _cone(self) -> dict[str, str]:
        star = self.server.surveys[1].objects[0]
        return {"coords": f"{star.ra:.6f} {star.decl:.6f} 2.0"}

    def play(self, chapter: Chapter) -> None:
        """Do what a chapter does, whatever comes of it."""
        if chapter == "search":
            for name in ("small", "large"):
                self.ask_for(name)
        elif chapter == "key":
            self._show_key()
        else:
            self.cycle()

    def cycle(self) -> CycleReport | None:
        """Run one cycle, and remember what it says."""
        try:
            report = self.sync(progress=self.said)
        except LccMirrorError as error:
            self.said.error(error)
            return None
        self.said.report(report)
        return report

    def _show_key(self) -> None:
        """Ask whether the key is good, and say so."""
        try:
            with self.session() as session:
                said = session.client.verify_key()
        except LccMirrorError as error:
            self.said.error(error)
            return
        self.said.line(said.message)

    def ask_for(self, name: str) -> str:
        """Run a saved search to its end, and return how it ended."""
        self.clock.forward(1200)
        try:
            with self.session() as session:
                run = begin(session, DueSearch(name, None))
                report = self.follow(session, run, background=True)
        except LccMirrorError as error:
            self.said.error(error)
            return error.message
        self.said.line(report.summary())
        return report.state

    # The end of it

    def judge(self) -> Verdict:
        """Let the fault be gone and time pass; then compare with the server."""
        self.server.behave()
        self.resolver.behave()
        if self.front is not None:
            self.front.behave()
        told = settle(self)
        # What a lie has hidden from a poll is found when the whole list is read.
        self.clock.forward(_LATER_S)
        told += settle(self)
        verdict = check(self, logs=self.said.lines) + self._whole()
        notes = tuple(f"cycle: {one}" for one in told)
        return verdict if verdict else verdict + Verdict(notes=notes)

    def _whole(self) -> Verdict:
        """Judge what `check` does not look at."""
        lost = [
            f"no {kind} of {what}"
            for kind, statement in _WANTING.items()
            for (what,) in self.sql(statement)
        ]
        wrong = [f"said: {one!r}" for one in self.said.raw()]
        stuck = []
        for name in ("small", "large"):
            states = [self.ask_for(name)]
            if states != ["ok"]:
                # Nothing after something is not believed until it comes again.
                states.append(self.ask_for(name))
            if states[-1] != "ok":
                stuck.append(f"the search {name} ends: {states}")
        stuck += [f"the search {name} is {state}" for name, state in self.sql(_UNFINISHED)]
        return Verdict(len(lost), len(wrong), len(stuck), (*lost, *wrong, *stuck))


# Everything that should be here at the end, and is not.
_WANTING = {
    "information": "SELECT objectid FROM objects AS o WHERE NOT EXISTS (SELECT 1 FROM "
    "object_info AS i WHERE i.objectid = o.objectid AND i.state = 'ok')",
    "light curve": "SELECT objectid FROM objects AS o WHERE NOT EXISTS (SELECT 1 FROM "
    "lightcurves AS l WHERE l.objectid = o.objectid AND l.newest)",
    "format": "SELECT collection_id FROM collections WHERE NOT EXISTS (SELECT 1 FROM files "
    "WHERE kind = 'lcformat' AND state = 'ok' AND (instr(path, collection_id) "
    "OR instr(path, collection)))",
}
_UNFINISHED = "SELECT search, state FROM search_runs WHERE finished IS NULL"


def targets(folder: Path) -> Iterator[Target]:
    """Yield every request of the story, as it goes with an honest server."""
    for dialect in DIALECTS:
        own = folder / dialect
        own.mkdir()
        with StorySite(own, dialect=dialect) as site:
            for chapter in CHAPTERS:
                site._change(chapter)
                site.clock.forward(1)
                before = len(site.server.requests)
                site.play(chapter)
                counts: Counter[str] = Counter()
                for one in site.server.requests[before:]:
                    sort = sort_of(one.method, one.target)
                    counts[sort] += 1
                    yield Target(dialect, chapter, sort, counts[sort])


def is_of(sort: str, request: Request) -> bool:
    """Whether a request is of a sort."""
    return sort_of(request.method, request.target) == sort


def some_byte(random: Random, size: int) -> int:
    """Return a place in a body; the ends are as likely as all between them."""
    return random.choice([0, 1, size // 2, max(0, size - 1), random.randrange(max(1, size))])
