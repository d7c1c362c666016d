"""The server's part of the model's machine: it changes, and the network to it breaks."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from lccmirror.demo.surveys import Value
from tests.faults.model import Model
from tests.support import misbehaving as wrong
from tests.support.misbehaving import Action
from tests.support.searches import SearchSite

SETTINGS = '[server]\nretry_total = "1s"\n[prune]\nsuperseded = "20d"\n'
NETWORK: dict[str, Action] = {
    "reset": wrong.reset(),
    "reset in the headers": wrong.reset(within_head=True),
    "cut": wrong.cut(40),
    "cut late": wrong.cut(700, by_reset=True),
    "cut, and nobody told the length": wrong.cut(200, declared=False),
    "500": wrong.status(500),
    "503": wrong.status(503, Retry_After="90"),
    "429": wrong.rate_limited(),
    "a page instead": wrong.html_instead(),
    "a wrong length": wrong.wrong_length(9),
}
COLUMNS = [("sdssr", "objtype"), ("ndet", "remarks"), ("sdssr", "ndet", "starname")]
FILTERS = ["(ndet gt 0)", "(ndet gt 6)", "(sdssr lt 14)"]


class ServerRules(RuleBasedStateMachine):
    """A site and its model, and what may happen to the server."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.mkdtemp(prefix="model-")
        self.stack = contextlib.ExitStack()
        self.stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
        folder = Path(self._folder) / "site"
        folder.mkdir()
        self.site = self.stack.enter_context(
            SearchSite(folder, settings=SETTINGS, objects=4, points=(3, 5))
        )
        self.model = Model()
        self.remark = 0
        self.broken = False

    # The server changes

    @rule(columns=st.sampled_from(COLUMNS), filters=st.sampled_from(FILTERS))
    def publish(self, columns: tuple[str, ...], filters: str) -> None:
        """Make a dataset."""
        self.site.clock.forward(2)
        with contextlib.suppress(ValueError):  # nothing fits: there is no dataset then
            setid = self.site.server.make_dataset(columns=columns, filters=filters)
            self.model.publish(self.site, setid)

    @rule(rows=st.integers(1, 3), again=st.booleans(), data=st.data())
    def publish_table(self, rows: int, again: bool, data: st.DataObject) -> None:
        """Make a small dataset, or other rows for one by its old name."""
        self.site.clock.forward(2)
        self.remark += 1
        survey = self.site.server.surveys[0]
        made: list[list[Value]] = [
            [survey.collection, one.objectid, one.ra, one.decl, f"remark {self.remark}"]
            for one in survey.objects[:rows]
        ]
        mine = sorted(
            setid
            for setid in self.untouched()
            if "ndet" not in self.site.server.dataset(setid).columns
            and "sdssr" not in self.site.server.dataset(setid).columns
        )
        setid = data.draw(st.sampled_from(mine)) if again and mine else None
        columns = {"collection": "U20", "db_oid": "U20", "db_ra": "f8", "db_decl": "f8"}
        setid = self.site.server.make_table({**columns, "remarks": "U20"}, made, setid=setid)
        self.model.publish(self.site, setid)

    @rule(data=st.data(), what=st.sampled_from(("remake", "hide", "show", "delete")))
    def change(self, data: st.DataObject, what: str) -> None:
        """Make a ZIP anew, or change who may see a dataset, or remove it."""
        self.site.clock.forward(2)
        setids = self.untouched()
        if what == "show":
            setids = [setid for setid in setids if setid not in self.model.visible]
        if what == "remake":
            # What we have damaged may be one file with it, and is to be had again.
            setids = [] if self.model.harmed else setids
            setids = [one for one in setids if self.site.server.dataset(one).has_lczip]
        if not setids:
            return
        setid = data.draw(st.sampled_from(setids))
        if what == "delete":
            self.site.server.delete(setid)
            self.model.visible.discard(setid)
            return
        if what == "remake":
            # The server has one file for all datasets of the same objects, and tells of each.
            self.site.server.remake_zip(setid)
            for one in self.untouched():
                self._touch(one, self.site.server.dataset(one).visibility)
        else:
            self._touch(setid, "private" if what == "hide" else "public")

    def _touch(self, setid: str, visibility: str) -> None:
        self.site.clock.forward(2)
        self.site.server.change_visibility(setid, visibility)
        self.model.publish(self.site, setid)

    @rule(keep=st.integers(1, 4), which=st.integers(0, 1))
    def change_catalog(self, keep: int, which: int) -> None:
        """Let objects go from a collection, or come back."""
        survey = self.site.server.surveys[which]
        objects = {one.objectid: one for one in survey.objects}
        self._objects = getattr(self, "_objects", {})
        every = self._objects.setdefault(survey.collection, dict(objects))
        self.site.server.change_catalog(survey.collection, list(every.values())[:keep])

    def untouched(self) -> list[str]:
        """Return the datasets of the server of which we have damaged nothing."""
        there = {one.setid for one in self.site.server.datasets()}
        return sorted((there & self.model.published.keys()) - self.model.harmed)

    # Faults

    @rule(
        how=st.sampled_from(sorted(NETWORK)),
        skip=st.integers(0, 8),
        times=st.integers(1, 6),
        path=st.sampled_from(("", "/d/", "/p/", "/api/")),
    )
    def break_network(self, how: str, skip: int, times: int, path: str) -> None:
        """Let requests of the next command go wrong."""
        self.site.server.add(path, NETWORK[how], skip=skip, times=times, name=how)
        self.broken = True

    @rule(which=st.integers(0, 5))
    def hide_collection(self, which: int) -> None:
        """Let a collection be missing in the list for a while."""

        def without(result: dict[str, Any]) -> None:
            for values in result.values():
                if isinstance(values, list) and len(values) > 1 and which < len(values):
                    values.pop(which)

        self.site.server.add("/api/collections", wrong.altered_result(without))
