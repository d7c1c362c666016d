"""The hash that the server tells of a JSON answer: its ETag is the SHA-1 of what it sends.

That of the running server is, unpacked and whatever is asked for (Tornado makes it so). A proxy
may put one of its own in its place, or change the answer, so an ETag that does not agree is a
reason to ask once more and not to refuse: what comes the same twice is as it is meant.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable, Iterator

from ..errors import CutShort


class NotAsTold(CutShort):
    """An answer's bytes are not those that its ETag is of."""


_SHA1 = re.compile(r'(?:W/)?"([0-9a-f]{40})"')


class ToldHashes:
    """Whether the ETags of one client's server are hashes; shared by its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._agreed = False
        self._refuted = False

    @property
    def of_another_kind(self) -> bool:
        """Whether none has ever agreed, and one did not although its answer came twice."""
        with self._lock:
            return self._refuted and not self._agreed

    def agreed(self) -> None:
        """One was that of its answer."""
        with self._lock:
            self._agreed = True

    def refuted(self) -> None:
        """One was not that of its answer, which came the same twice."""
        with self._lock:
            self._refuted = True


class AnswerHash:
    """The hashes of one answer's attempts.

    Parameters
    ----------
    told
        What is known of the server's ETags.
    what
        What was asked for, for messages.
    patient
        It is asked again after a failure; else nothing is compared.
    """

    def __init__(self, told: ToldHashes, what: str, *, patient: bool) -> None:
        self._told = told
        self._what = what
        self._patient = patient
        self._before: tuple[str, str] | None = None

    def watched(self, chunks: Iterable[bytes], etag: str | None) -> Iterator[bytes]:
        """Yield the pieces of an answer, and compare its hash with its ETag at the end.

        Raises
        ------
        NotAsTold
            If they differ, and the same answer has not come before.
        """
        match = _SHA1.fullmatch(etag or "")
        if match is None or not self._patient or self._told.of_another_kind:
            yield from chunks
            return
        digest = hashlib.sha1(usedforsecurity=False)
        for piece in chunks:
            digest.update(piece)
            yield piece
        came = digest.hexdigest()
        if came == match[1]:
            self._told.agreed()
        elif self._before == (match[1], came):
            self._told.refuted()
        else:
            self._before = (match[1], came)
            raise NotAsTold(f"{self._what}: other bytes came than its ETag is of")
