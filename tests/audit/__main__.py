"""`python -m tests.audit`: compare with the list; with ``--online``, ask and renew it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from .closure import Closure, closure
from .listed import (
    LIST,
    Advisories,
    allowed_holes,
    come_since,
    installed_holes,
    not_looked_at,
    read,
    waived_holes,
)
from .online import NotAsked, ask, lowest_versions, merged, write


def main(words: list[str]) -> int:
    """Audit, and return 0 if nothing is wrong."""
    found, listed = closure(), read()
    if "--online" in words:
        try:
            findings = (*ask(found.installed), *ask(lowest_versions(found)))
        except NotAsked as error:
            _not_asked(error, listed)
            return 2
        listed = merged(listed, found, findings, datetime.now(UTC).date())
        write(listed, LIST)
    return _told(found, listed)


def _not_asked(error: NotAsked, listed: Advisories) -> None:
    was = "were asked" if listed.asked else "were not asked either"
    print(
        f"audit: the advisory databases could not be asked about every package: {error}\n"
        f"audit: nothing is known beyond the list of {listed.checked}, for which they {was}; "
        "it was not changed",
        file=sys.stderr,
    )


def _told(found: Closure, listed: Advisories) -> int:
    wrong = [
        *installed_holes(found, listed),
        *allowed_holes(found, listed),
        *not_looked_at(found, listed),
    ]
    for line in wrong:
        print(line, file=sys.stderr)
    for line in waived_holes(found, listed):
        print(f"audit: lived with for now: {line}")
    for line in come_since(found, listed):
        print(f"audit: {line}")
    count = sum(map(len, listed.packages.values()))
    age = (datetime.now(UTC).date() - listed.checked).days
    print(
        f"audit: {len(found.installed)} packages against {count} advisories "
        f"as of {listed.checked} ({age} days ago): {len(wrong) or 'nothing'} wrong"
    )
    if not listed.asked:
        print("audit: the databases were not asked about every package: make audit, online")
    if found.absent:
        print(
            f"audit: not installed here, and what they need is not looked at: "
            f"{', '.join(sorted(found.absent))}"
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
