"""Turn checked files into rows: the one writer's part of a cycle, a dataset per transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import durable
from ..catalog.connection import transaction
from ..catalog.datasets import from_one_file
from ..catalog.lightcurves import expected_members
from ..errors import FormatError
from .fetch import discard
from .fetch_table import FetchedTable
from .fetch_zip import FetchedZip
from .layout import product as product_path
from .mirror import Mirror
from .place import forget_arrival, link_product, put_product
from .table_rows import BeyondLimits, write_rows
from .zip_index import index_zip

if TYPE_CHECKING:
    from ..config import LimitsConfig
    from ..formats.lczip import ZipReport


@dataclass(frozen=True)
class Ingested:
    """What came of a table or a ZIP.

    Attributes
    ----------
    problems
        What was wrong with it, in words.
    doubtful
        CSV and JSON differ, or cannot be read. Nothing proves a JSON, so it may have been
        a fault of the moment.
    unread
        Why it cannot be read; rows of an earlier version, if there are any, are kept.
    """

    problems: tuple[str, ...] = ()
    doubtful: bool = False
    unread: str | None = None


def ingest_table(
    mirror: Mirror, fetched: FetchedTable, limits: LimitsConfig, now: str, *, patient: bool
) -> Ingested:
    """Take a dataset's table into the catalog, and its files to their places.

    A table that cannot be read is kept as files all the same: they are what the server
    publishes.

    Parameters
    ----------
    patient
        A CSV that does not fit its dataset, and that neither length nor ETag prove, has
        been cut on its way: fetch it again.

    Raises
    ------
    FormatError
        If so; the CSV is removed.
    """
    products = fetched.products
    problems: list[str] = []
    csv = products.get("csv")
    doubtful = False
    unread = None
    with transaction(mirror.conn):
        try:
            with transaction(mirror.conn):
                parts = {kind: product.part for kind, product in products.items()}
                problems += write_rows(mirror.conn, fetched.setid, parts, limits)
                doubtful = csv is not None and from_one_file(mirror.conn, fetched.setid)
        except FormatError as error:
            message = unread = _named(error.message, fetched)
            problems.append(message)
            doubtful = not isinstance(error, BeyondLimits)
            mirror.conn.execute(
                "UPDATE datasets SET last_error = ? WHERE setid = ?",
                (message, fetched.setid),
            )
        problems = [_named(problem, fetched) for problem in problems]
        if patient and csv is not None and not csv.certain and problems:
            discard(csv.part)
            raise FormatError(f"{csv.path} came damaged: {problems[0]}")
        if fetched.has_lczip is not None:
            mirror.conn.execute(
                "UPDATE datasets SET has_lczip = ? WHERE setid = ?",
                (int(fetched.has_lczip), fetched.setid),
            )
        unflushed: set[Path] = set()
        for product in products.values():
            put_product(mirror, product, now, setid=fetched.setid, later=unflushed)
        for folder in unflushed:
            durable.flush_folder(folder)
    for product in products.values():
        forget_arrival(product)
    return Ingested(tuple(problems), doubtful=doubtful, unread=unread)


def _named(text: str, fetched: FetchedTable) -> str:
    for product in fetched.products.values():
        text = product.named(text)
    return text


def read_again(mirror: Mirror, setid: str, limits: LimitsConfig) -> None:
    """Try to read a dataset's table from the files that we have."""
    files = {kind: mirror.at(product_path(setid, kind)) for kind in ("csv", "json")}
    try:
        with transaction(mirror.conn):
            write_rows(
                mirror.conn,
                setid,
                {kind: path for kind, path in files.items() if path.is_file()},
                limits,
            )
    except FormatError as error:
        with transaction(mirror.conn):
            mirror.conn.execute(
                "UPDATE datasets SET last_error = ? WHERE setid = ?", (error.message, setid)
            )


def ingest_zip(mirror: Mirror, fetched: FetchedZip, now: str) -> Ingested:
    """Take a checked ZIP into the mirror: its file, its light curves, and those it lacks."""
    assert fetched.product is not None
    assert fetched.report is not None
    with transaction(mirror.conn):
        put_product(mirror, fetched.product, now, setid=fetched.setid)
        problems = index_zip(
            mirror.conn, fetched.setid, fetched.product.path, fetched.report, now
        )
    forget_arrival(fetched.product)
    return Ingested(tuple(problems))


def fits(conn: sqlite3.Connection, setid: str, report: ZipReport) -> bool:
    """Whether a ZIP's manifest is about exactly a dataset's objects."""
    if report.manifest is None:
        return False
    expected_members(conn, setid)
    listed = {name.removesuffix(" missing") for name in report.manifest}
    wanted = {row[0] for row in conn.execute("SELECT short FROM expected")}
    return listed == wanted


def link_zip(mirror: Mirror, fetched: FetchedZip, now: str) -> Ingested:
    """Give a dataset the ZIP that another one has already, by hard link.

    Where it is its own already, its light curves are written down for its new table.
    """
    assert fetched.twin is not None
    assert fetched.report is not None
    path = product_path(fetched.setid, "lczip")
    with transaction(mirror.conn):
        if fetched.twin.path != path:
            link_product(mirror, path, fetched.twin, now, fetched.setid)
        problems = index_zip(mirror.conn, fetched.setid, path, fetched.report, now)
    return Ingested(tuple(problems))
