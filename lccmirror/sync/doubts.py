"""What the server says of a dataset in one place, and otherwise in another.

Such a dataset is taken as it came, and looked at again some times, later and later: a proxy
that answers 404 for an hour, or a JSON that was damaged on its way, must not decide for good
what the mirror holds. A file whose ETag is the MD5 of other bytes is asked for until the same
bytes come twice: the server keeps an ETag when a file changes, so that may be what is wrong.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from ..catalog.datasets import from_one_file, said_to_have_zip
from ..catalog.files import FileRow, disputed_files
from ..catalog.work import LOOK_AGAIN, WorkItem, look_again
from .fetch import Product

PATIENCE = 3
"""So often what seems damaged, or is not where the server says it is, is asked for again,
before it is believed to be as published."""


class Doubts:
    """The doubts of one cycle, a dataset at a time.

    Parameters
    ----------
    products
        The kinds of files that are fetched now: what is not comes no second time.
    """

    def __init__(self, conn: sqlite3.Connection, products: Collection[str]) -> None:
        self._conn = conn
        self._products = products
        self._whys: dict[str, str] = {}

    def __contains__(self, item: WorkItem) -> bool:
        """Whether a dataset is worth another look, although nothing of it failed."""
        if self._disputed(item.setid):
            return True
        return item.setid in self._whys and item.attempts < PATIENCE

    def table(self, item: WorkItem) -> None:
        """Doubt a table."""
        self._whys[item.setid] = "its CSV and its JSON differ, or cannot be read"

    def pickle(self, item: WorkItem, pickle: Product | None, held: FileRow | None) -> None:
        """Doubt a pickle that nothing vouches for, unless it comes so for the second time.

        Of a CSV its rows tell whether it is whole, of a ZIP its directory.
        """
        if pickle is None or pickle.vouched:
            return
        if held is None or held.sha256 != pickle.sha256:
            self._whys[item.setid] = "nothing tells whether its pickle is whole"

    def absent_zip(self, item: WorkItem) -> None:
        """Doubt that there is no ZIP, where the server says that there is one."""
        if said_to_have_zip(self._conn, item.setid):
            self._whys[item.setid] = "no ZIP is where the server says one is"

    def concern_table(self, item: WorkItem) -> bool:
        """Whether a dataset's JSON may be none of the server's, whatever its CSV is."""
        return item.reason == LOOK_AGAIN or from_one_file(self._conn, item.setid)

    def plan(self, item: WorkItem, now: datetime) -> None:
        """Plan the next look at a dataset."""
        kinds = " and its ".join(self._disputed(item.setid))
        why = self._whys.get(item.setid) or f"the ETag of its {kinds} is that of other bytes"
        look_again(self._conn, item.setid, why, now)

    def _disputed(self, setid: str) -> list[str]:
        """Return what of a dataset is to come until it comes twice."""
        found = disputed_files(self._conn, setid)
        return [kind for kind in found if kind in self._products]


def settled(products: dict[str, Product], held: dict[str, FileRow]) -> dict[str, Product]:
    """Return what came, no longer disputed where we hold the same bytes from before."""
    return {
        kind: replace(one, disputed=False)
        if kind in held and held[kind].sha256 == one.sha256
        else one
        for kind, one in products.items()
    }
