"""A server that changes, a mirror that is broken in all ways, and a model of what it holds.

Short and always the same in `make test`. ``SOAK_S`` and ``SOAK_SEED`` make it long: then an
example that fails is printed as the steps that play it again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import threading
import time
from itertools import count
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lccmirror.demo.messages import Answer
from lccmirror.errors import LccMirrorError
from lccmirror.query import ReadOnlyCatalog, open_readonly
from lccmirror.query.sky import cone
from lccmirror.sync.jobs import prune_mirror
from tests.faults.check import check, settle
from tests.faults.child import Job
from tests.faults.crashing import CrashChild
from tests.faults.machine import COLUMNS, FILTERS, ServerRules
from tests.faults.model import look
from tests.support.misbehaving import Turn

HOUR, DAY = 3600.0, 86_400.0


class Mirroring(ServerRules):
    """See the module; `child` is set by whoever runs it."""

    child: CrashChild

    def __init__(self) -> None:
        super().__init__()
        self.reader: ReadOnlyCatalog | None = None

    @initialize(columns=st.sampled_from(COLUMNS))
    def begin(self, columns: tuple[str, ...]) -> None:
        """Publish something, and mirror it."""
        self.publish(columns, FILTERS[0])
        self.sync()

    # Faults

    @precondition(lambda self: self._untouched_files())
    @rule(data=st.data(), how=st.sampled_from(("removed", "cut", "flipped")))
    def harm(self, data: st.DataObject, how: str) -> None:
        """Damage a file of a dataset that the server still has."""
        setid, path = data.draw(st.sampled_from(self._untouched_files()))
        file = self.site.root / path
        names = self.site.sql(
            "SELECT DISTINCT b.setid FROM files AS a JOIN files AS b USING (sha256) "
            "WHERE a.path = ?",
            path,
        )
        self.model.harmed |= {one for (one,) in names if one is not None} | {setid}
        self.model.written_anew |= {
            sha256
            for (sha256,) in self.site.sql(
                "SELECT sha256 FROM files WHERE path = ? AND kind = 'json'", path
            )
        }
        if how == "removed":
            file.unlink()
        elif how == "cut":
            os.truncate(file, file.stat().st_size // 2)
        else:
            content = bytearray(file.read_bytes())
            content[len(content) // 2] ^= 1
            file.write_bytes(content)

    def _untouched_files(self) -> list[tuple[str, str]]:
        if not (self.site.root / "catalog.sqlite").exists():
            return []
        # Of what the server has replaced since, nobody could have the old version again.
        visible = {
            setid
            for setid in self.model.visible & set(self.untouched())
            if self.model.published[setid].is_settled
        }
        rows = self.site.sql(
            "SELECT setid, path FROM files WHERE state = 'ok' AND setid NOT NULL ORDER BY path"
        )
        return [(setid, path) for setid, path in rows if setid in visible]

    @rule(count=st.integers(1, 5))
    def litter(self, count: int) -> None:
        """Leave things in incoming/ that are of no use."""
        incoming = self.site.root / "incoming"
        if incoming.is_dir():
            for number in range(count):
                (incoming / f"litter-{number}.part").write_bytes(b"x" * number)

    # Commands

    @rule()
    def sync(self) -> None:
        """Run a cycle."""
        self._command(lambda: self.site.sync().exit_code)

    @rule(request=st.integers(0, 12))
    def stop(self, request: int) -> None:
        """Run a cycle that is asked to stop."""
        event = threading.Event()

        def ask(turn: Turn) -> Answer:
            event.set()
            return turn.honest()

        self.site.server.add("", ask, skip=request)
        self.broken = True
        self._command(lambda: self.site.sync(stop=event).exit_code)

    @rule(step=st.integers(0, 500))
    def kill(self, step: int) -> None:
        """Run a cycle in a process that is killed."""
        self._close_reader()
        self.site.clock.forward(30)
        path, at = self.site.config.path, self.site.clock()
        outcome = self.child.do(Job(str(path), at, die_at=step))
        assert outcome.error is None, outcome
        self._ended(whole=outcome.exit_code == 0)

    @rule()
    def search(self) -> None:
        """Run the saved search, and follow it to its end."""

        def run() -> int:
            report = self.site.run()
            if report.state == "ok":
                rows = [row for one in report.setids for row in self.site.server.truth(one)]
                self.model.members = sorted(
                    {(str(row["collection"]), str(row["db_oid"])) for row in rows}
                )
            return 0 if report.finished else 1

        self._command(run, whole=False)

    @rule()
    def verify(self) -> None:
        """Verify: what we have damaged is found, and nothing else."""
        if (self.site.root / "catalog.sqlite").exists():
            found = self.site.verify().found
            told = {one.setid for one in found.damage}
            assert told <= self.model.harmed, found.damage

    @rule()
    def repair(self) -> None:
        """Verify and repair; with an honest server nothing is left of the damage."""
        if not (self.site.root / "catalog.sqlite").exists():
            return
        honest = not self.broken

        def run() -> int:
            return self.site.repair().exit_code

        self.site.clock.forward(2 * DAY)
        code = self._command(run, whole=False)
        if honest and code == 0:
            self.model.harmed.clear()
            self._note_versions()

    @rule()
    def prune(self) -> None:
        """Apply the retention rules: only versions that were replaced long ago may go."""
        if not (self.site.root / "catalog.sqlite").exists() or self.model.harmed:
            return
        kept = self.site.sql("SELECT sha256 FROM files WHERE state = 'ok'")
        prune_mirror(self.site.config, self.site.around())
        self.model.versions = {one for (one,) in kept}
        self.model.versions |= {one for (one,) in self.site.sql("SELECT sha256 FROM files")}

    @rule()
    def read(self) -> None:
        """Ask with a connection that stays open; its answers fit each other."""
        if not (self.site.root / "catalog.sqlite").exists():
            return
        if self.reader is None:
            self._reading = contextlib.ExitStack()
            self.reader = self._reading.enter_context(open_readonly(self.site.root))
        ask = self.reader.connection.execute
        both = "SELECT (SELECT count(*) FROM objects), n FROM counts WHERE name = 'objects'"
        ((counted, noted),) = ask(both).fetchall()
        assert counted == noted
        some = "SELECT collection, objectid, ra, decl FROM objects WHERE ra NOT NULL LIMIT 2"
        for collection, objectid, ra, decl in ask(some).fetchall():
            near = cone(self.reader, ra, decl, 1 / 60, columns=("collection", "objectid"))
            assert (collection, objectid) in {tuple(row) for row in near.rows}

    @rule(hours=st.sampled_from((0.02, 1.0, 9.0, 30.0, 24.0 * 9, 24.0 * 30)))
    def wait(self, hours: float) -> None:
        """Let time pass."""
        self.site.clock.forward(hours * HOUR)

    def _command(self, run: Any, *, whole: bool = True) -> int:
        try:
            code: int = run()
        except LccMirrorError as error:
            code = error.exit_code
        else:
            self.model.cycles += whole
        self._ended(whole=whole and code == 0)
        return code

    def _ended(self, *, whole: bool) -> None:
        """The faults of a command are over; a whole cycle that ended well brings all."""
        broken, self.broken = self.broken, False
        self.site.server.behave()
        if whole and not broken and not self._waits():
            self.model.all_is_here()
        self._note_versions()

    def _waits(self) -> bool:
        there = (self.site.root / "catalog.sqlite").exists()
        return not there or bool(self.site.sql("SELECT 1 FROM work"))

    def _note_versions(self) -> None:
        """From now on, what is held must not be lost."""
        if (self.site.root / "catalog.sqlite").exists() and not self.model.harmed:
            rows = self.site.sql("SELECT path, sha256 FROM files WHERE state <> 'missing'")
            for path, sha256 in rows:
                file = self.site.root / path
                if file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256:
                    self.model.versions.add(sha256)

    def _close_reader(self) -> None:
        if self.reader is not None:
            self.reader = None
            self._reading.close()

    # What must hold

    @invariant()
    def the_mirror_is_as_the_model_says(self) -> None:
        """Promises 1 to 4, at any moment."""
        amiss = list(look(self.model, self.site))
        assert not amiss, "\n".join(amiss)

    def teardown(self) -> None:
        """In the end, with an honest server and time, everything is there."""
        try:
            self._close_reader()
            self.site.server.behave()
            self.site.clock.forward(2 * DAY)
            if (self.site.root / "catalog.sqlite").exists():
                self.site.repair()
            told = settle(self.site)
            there = {one.setid for one in self.site.server.datasets()}
            gone = (self.model.published.keys() - self.model.visible) | (
                set(self.site.states()) - there
            )
            notes = [
                note
                for note in check(self.site, logs=told).notes
                if not any(setid in note for setid in gone)
            ]
            assert not notes, "\n".join([*notes, *told])
        finally:
            self.stack.close()


def test_whatever_happens_the_mirror_holds_what_the_model_says() -> None:
    soak_s = float(os.environ.get("SOAK_S") or 0)
    any_seed = random.SystemRandom().randrange(2**31) if soak_s else 1
    number = int(os.environ.get("SOAK_SEED") or any_seed)
    chosen = settings(
        max_examples=8 if soak_s else 5,
        stateful_step_count=50 if soak_s else 12,
        database=None,
        phases=(Phase.generate, Phase.shrink) if soak_s else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    until = time.monotonic() + soak_s
    with CrashChild() as child:
        Mirroring.child = child
        for round_ in count():
            # Each round can be played again alone, by the seed that it prints.
            print(f"SOAK_SEED={number + round_}")
            run_state_machine_as_test(seed(number + round_)(Mirroring), settings=chosen)
            if time.monotonic() >= until:
                break
