"""A text that no log, message or traceback can show by accident."""

from __future__ import annotations

import hmac


class Secret:
    """An API key or the like; only `reveal` gives the text.

    ``str``, ``repr`` and ``format`` show a placeholder, and it cannot be pickled, so that
    neither a log line nor a dump of the object around it carries the text.

    Examples
    --------
    >>> key = Secret("abc")
    >>> f"the key is {key}"
    'the key is (secret)'
    >>> key.reveal()
    'abc'
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself: for a header or a file of mode 0600, nothing else."""
        return self._text

    def __repr__(self) -> str:
        return "(secret)"

    def __format__(self, spec: str) -> str:
        return format("(secret)", spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        ours, theirs = (one._text.encode("utf-8", "surrogatepass") for one in (self, other))
        return hmac.compare_digest(ours, theirs)

    def __hash__(self) -> int:
        return hash(self._text)

    # dataclasses.asdict copies deeply, which would otherwise go by way of pickling
    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not to be pickled")
