"""What a cycle did, for a person, a log and an exit code."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import LccMirrorError, NoRoom, ServerError, Stopped
from .firstof import FirstOf, FirstReasons
from .poll import DatasetsPoll


@dataclass(frozen=True)
class CycleTold:
    """What a person is told of a cycle: plain enough to be sent to another process.

    Attributes
    ----------
    summary
        The one line.
    notes, failed
        As in `CycleReport`.
    more_notes, more_failed
        How many more there were than are named.
    gap
        What may have been missed.
    error, hint
        Why a cycle ended early, and what to do about it.
    idle
        Nothing was to be done, and nothing was odd.
    """

    summary: str
    exit_code: int
    notes: tuple[str, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)
    more_notes: int = 0
    more_failed: int = 0
    gap: str | None = None
    error: str | None = None
    hint: str | None = None
    idle: bool = False


@dataclass
class CycleReport:
    """What a cycle did.

    Attributes
    ----------
    mirrored
        Datasets completed in this cycle.
    failed
        ``{setid: why}`` of those that were tried and will be tried again, the first of them.
    notes
        What was odd about datasets that were mirrored all the same.
    singles, objects
        Light curves that came alone, and objects of which the server told something.
    gone
        Setids of which the server says that it no longer has something.
    gone_files
        Paths of damaged files that are of no dataset, and that it no longer has.
    unlisted
        Why there was no list of datasets, if the server answered all else.
    no_room
        Why something did not fit, if so.
    stopped
        The error that ended the cycle early, if one did.
    """

    poll: DatasetsPoll = field(default_factory=DatasetsPoll)
    new_collections: int = 0
    mirrored: int = 0
    failed: FirstReasons = field(default_factory=FirstReasons)
    notes: FirstOf = field(default_factory=FirstOf)
    singles: int = 0
    objects: int = 0
    requests: int = 0
    received_bytes: int = 0
    gone: FirstOf = field(default_factory=FirstOf)
    gone_files: FirstOf = field(default_factory=FirstOf)
    unlisted: ServerError | None = None
    no_room: NoRoom | None = None
    stopped: LccMirrorError | None = None

    @property
    def exit_code(self) -> int:
        """The exit code of the contract: 0, 1, or that of what ended the cycle."""
        if self.stopped is not None and not isinstance(self.stopped, Stopped):
            return self.stopped.exit_code
        if self.no_room is not None:
            return self.no_room.exit_code
        return 1 if self.failed else 0

    def summary(self) -> str:
        """Return the one line for people."""
        parts = [
            f"{self.poll.new.total} new, {self.poll.changed.total} changed, "
            f"{self.mirrored} mirrored"
        ]
        if self.singles:
            parts.append(f"{self.singles} single light curves")
        if self.objects:
            parts.append(f"information about {self.objects} objects")
        if self.failed:
            parts.append(f"{self.failed.total} to be tried again")
        if self.poll.vanished:
            parts.append(f"{self.poll.vanished} no longer listed (kept)")
        if self.poll.gap:
            parts.append("a gap in the list")
        if self.poll.problems:
            parts.append(f"{self.poll.problems.total} items of the list not understood")
        parts.append(f"{self.requests} requests, {self.received_bytes:,} bytes")
        if self.stopped is not None:
            parts.append(f"ended early: {self.stopped.message}")
        return "; ".join(parts)

    @property
    def idle(self) -> bool:
        """Whether nothing was to be done, and nothing was odd."""
        happened = (
            *(self.poll.new, self.poll.changed, self.poll.vanished),
            *(self.poll.gap, self.poll.problems),
            *(self.new_collections, self.mirrored, self.singles, self.objects),
            *(self.failed, self.notes),
            *(self.no_room, self.stopped),
        )
        return not any(happened)

    def told(self) -> CycleTold:
        """Return what a person is told of it."""
        ended = self.stopped or self.no_room
        # Who asked it to stop need not be told that as an error.
        error = None if ended is None or isinstance(ended, Stopped) else ended.message
        return CycleTold(
            self.summary(),
            self.exit_code,
            (*self.notes, *self.poll.problems),
            dict(self.failed),
            sum(some.total - len(some) for some in (self.notes, self.poll.problems)),
            self.failed.total - len(self.failed),
            self.poll.gap,
            error,
            None if ended is None else ended.hint,
            self.idle,
        )
