"""Bring a dataset's light-curve ZIP to ``incoming/``, every member of it checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..catalog.files import FileRow
from ..errors import FormatError, NotFound
from ..formats.lczip import ZipLimits, ZipReport, check_lczip
from . import layout
from .fetch import (
    Fetcher,
    Product,
    discard,
    fetch_file,
    server_path,
    sha256_of,
    unchanged,
)


@dataclass(frozen=True)
class FetchedZip:
    """A light-curve ZIP in ``incoming/``, or one that we have already.

    Attributes
    ----------
    report
        What is in it; None when it is the dataset's own ZIP, unchanged, and so is its table.
    twin
        A file we hold that this one is a copy of, or is itself; then there is no product.
    absent
        The server has no ZIP for this dataset, for good.
    """

    setid: str
    product: Product | None = None
    report: ZipReport | None = None
    twin: FileRow | None = None
    absent: bool = False


def fetch_zip(
    fetcher: Fetcher,
    setid: str,
    held: FileRow | None,
    twins: list[FileRow],
    *,
    anew: bool = False,
) -> FetchedZip:
    """Fetch a dataset's light-curve ZIP and check every member of it.

    Parameters
    ----------
    twins
        ZIPs of datasets with the very same objects (`datasets.lc_sha256`): where the
        server's file has the length, Last-Modified and ETag of one of them, it is that file.
    anew
        The dataset's table has come anew, so whose light curves are in its ZIP is another
        question, also where that is unchanged.

    Raises
    ------
    FormatError
        If what came is no sound ZIP; it is removed, to be fetched anew.
    NoRoom
        If it does not fit, be it as a link.
    """
    source, path = server_path(setid, "lczip"), layout.product(setid, "lczip")
    try:
        if held is not None:
            info = fetcher.client.head(source)
            if unchanged(held, info):
                report = _check_zip(fetcher, fetcher.root / held.path) if anew else None
                return FetchedZip(setid, report=report, twin=held)
        if twins:
            info = fetcher.client.head(source)
            for twin in twins:
                if (
                    unchanged(twin, info)
                    and twin.etag == info.etag
                    and _is_sound(fetcher, twin)
                ):
                    report = _check_zip(fetcher, fetcher.root / twin.path)
                    # A link takes no room on the disk, and counts all the same.
                    fetcher.admission.ask(path, twin.size, twin.size)
                    return FetchedZip(setid, report=report, twin=twin)
        product = fetch_file(fetcher, source, path, "lczip")
    except NotFound:
        return FetchedZip(setid, absent=True)
    try:
        report = _check_zip(fetcher, product.part)
        if report.problems:
            raise FormatError(
                f"{path}: {'; '.join(report.problems[:3])}"
                + (f" and {len(report.problems) - 3} more" if len(report.problems) > 3 else "")
            )
    except FormatError as error:
        discard(product.part)
        raise FormatError(product.named(error.message), hint=error.hint) from error
    return FetchedZip(setid, product, report)


def _is_sound(fetcher: Fetcher, twin: FileRow) -> bool:
    """Whether a ZIP is still what was fetched: a damage must not get a second name."""
    return sha256_of(fetcher.root / twin.path, fetcher.stop) == twin.sha256


def _check_zip(fetcher: Fetcher, path: Path) -> ZipReport:
    limits = fetcher.config.limits
    return check_lczip(
        path,
        ZipLimits(limits.max_zip_members, limits.max_zip_expanded, int(limits.max_zip_ratio)),
        stop=fetcher.stop.is_set,
    )
