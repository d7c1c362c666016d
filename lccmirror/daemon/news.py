"""What people are told of, one dataclass for each kind of event."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class SearchChanged:
    """A saved search has new or lost objects.

    Attributes
    ----------
    added, removed
        How many.
    objects
        Some of them: ``{"change": "added", "collection": …, "objectid": …}``.
    question_changed
        Whether the search was asked otherwise than before: then it is that, perhaps, and
        not the sky.
    """

    kind: ClassVar[str] = "search_changed"
    search: str
    run_id: int
    setid: str | None
    added: int
    removed: int
    objects: list[dict[str, str]] = field(default_factory=list)
    question_changed: bool = False

    @property
    def message(self) -> str:
        """Return it in words."""
        why = "; its question is not that of the run before" if self.question_changed else ""
        return f"search {self.search}: {self.added:,} new objects, {self.removed:,} lost{why}"


@dataclass(frozen=True)
class RepeatedFailure:
    """A job or a search has failed again and again, or the server is gone for long."""

    kind: ClassVar[str] = "repeated_failure"
    what: str
    times: int | None
    error: str

    @property
    def message(self) -> str:
        """Return it in words."""
        times = "" if self.times is None else f" {self.times} times in a row"
        return f"{self.what} has failed{times}: {self.error}"


@dataclass(frozen=True)
class Gap:
    """Datasets may have been missed."""

    kind: ClassVar[str] = "gap"
    older_than: str | None
    newer_than: str | None
    message: str


@dataclass(frozen=True)
class LowDisk:
    """Something did not fit: on the disk, or below the configured limit."""

    kind: ClassVar[str] = "low_disk"
    message: str
    free_bytes: int


@dataclass(frozen=True)
class DamageFound:
    """Files of the mirror are damaged or missing; `files` names some of them."""

    kind: ClassVar[str] = "damage"
    count: int
    files: list[str]

    @property
    def message(self) -> str:
        """Return it in words."""
        return f"{self.count:,} files of the mirror are damaged or missing"


@dataclass(frozen=True)
class AccountKey:
    """The account's API key ends soon, has ended or is refused (`state` says which)."""

    kind: ClassVar[str] = "account_key"
    state: str
    message: str


News = SearchChanged | RepeatedFailure | Gap | LowDisk | DamageFound | AccountKey


def as_plain(news: News, at: str) -> dict[str, Any]:
    """Return what is sent of it: plain enough for JSON."""
    return {"kind": news.kind, "at": at, "message": news.message, **asdict(news)}
