"""The files that an LCC-Server publishes, written here the way the server writes them.

Independent of `lccmirror.formats`: nothing of it is imported, so that a reader and this
writer cannot share a mistake.
"""

from __future__ import annotations

import gzip
import io
import json
import textwrap
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DEFAULT_FORMATS = {"f8": "%.5f", "i8": "%i", "U20": "%s"}


@dataclass
class PublishedDataset:
    """A dataset: `columns` are ``(name, dtype, format)``, `rows` the database's values."""

    columns: Sequence[tuple[str, str, str]]
    rows: Sequence[Sequence[Any]]
    setid: str = "AbCdEfGhIjK"
    collections: Sequence[str] = ("synth_alpha", "synth_beta")
    rows_per_page: int = 500
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.columns]

    def header(self) -> dict[str, Any]:
        npages = -(-len(self.rows) // self.rows_per_page)
        return {
            "setid": self.setid,
            "name": "New dataset",
            "desc": "Created",
            "citation": None,
            "created": "2026-11-22T18:38:30.043235",
            "updated": "2026-11-22T18:38:30.143235",
            "searchtype": "sqlite_column_search",
            "searchargs": {"filters": None},
            "collections": list(self.collections),
            "npages": npages,
            "rows_per_page": self.rows_per_page,
            "total_nmatches": len(self.rows),
            "actual_nrows": len(self.rows),
            "columns": self.names,
            "coldesc": {
                name: {
                    "title": name.upper(),
                    "desc": f"the {name}",
                    "dtype": dtype,
                    "format": fmt,
                }
                for name, dtype, fmt in self.columns
            },
            **self.extra,
        }

    def csv(self) -> bytes:
        head = textwrap.indent(json.dumps(self.header(), indent=2), "# ")
        lines = [head, *("|".join(self._cells(row)) for row in self.rows)]
        return "".join(f"{line}\n" for line in lines).encode()

    def _cells(self, row: Sequence[Any]) -> list[str]:
        cells = []
        for value, (_, _, fmt) in zip(row, self.columns, strict=True):
            if value is None and "f" in fmt:
                cells.append("nan")
            elif value is None and "i" in fmt:
                cells.append("-9999")
            else:
                cells.append((fmt % (value,)).replace("|", "; "))
        return cells

    def json(self) -> bytes:
        """The answer of LCC-Server 0.2.7 for page 1, which has all rows in `result`."""
        return self._page(1, with_result=True)

    def pages(self) -> list[bytes]:
        """The documented server's answers: each page has its own rows and no more."""
        count = max(1, -(-len(self.rows) // self.rows_per_page))
        return [self._page(page, with_result=False) for page in range(1, count + 1)]

    def _page(self, page: int, *, with_result: bool) -> bytes:
        document = self.header()
        if with_result:
            document["result"] = [dict(zip(self.names, row, strict=True)) for row in self.rows]
        first = (page - 1) * self.rows_per_page
        document["rows"] = [list(row) for row in self.rows[first : first + self.rows_per_page]]
        document.update(status="complete", currpage=page, owned=False)
        text = json.dumps(document)
        return text.replace("nan", "null").replace("NaN", "null").encode()


def lightcurve(
    columns: Sequence[tuple[str, str, str]],
    rows: Iterable[Sequence[Any]],
    metadata: Mapping[str, Any] | None = None,
    *,
    comment: str = "#",
    separator: str = ",",
) -> bytes:
    """A light curve in the server's text format, not yet gzipped."""
    meta = {
        key: {"val": value, "desc": f"the {key}"}
        for key, value in (metadata or {"objectid": "HAT-1"}).items()
    }
    defs = {
        name: {"colnum": place, "dtype": dtype, "desc": f"the {name}"}
        for place, (name, dtype, _) in enumerate(columns)
    }
    out = io.StringIO()
    out.write(f"LCC-CSVLC-V1\n{comment}\n{separator}\n")
    for title, described in (("OBJECT METADATA", meta), ("COLUMN DEFINITIONS", defs)):
        indented = textwrap.indent(json.dumps(described, indent=2), f"{comment} ")
        out.write(f"{comment} {title}\n{indented}\n{comment}\n")
    out.write(f"{comment} LIGHTCURVE\n")
    for row in rows:
        cells = []
        for value, (_, _, fmt) in zip(row, columns, strict=True):
            try:
                cells.append(fmt % value)
            except (TypeError, ValueError):
                cells.append(str(value))
        out.write(separator.join(cells) + "\n")
    return out.getvalue().encode()


def lczip(
    members: Mapping[str, bytes],
    missing: Sequence[str] = (),
    *,
    collection_id: str = "synth-alpha",
    manifest: Sequence[str] | None = None,
) -> bytes:
    """A light-curve ZIP of `members` by object ID; `missing` are named in the manifest only."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for objectid, content in members.items():
            archive.writestr(f"{collection_id}-{objectid}-csvlc.gz", content)
        listed = [f"{objectid}-csvlc.gz" for objectid in members]
        listed += [f"{objectid}-csvlc.gz missing" for objectid in missing]
        archive.writestr(
            "lczip-manifest.json",
            json.dumps(listed if manifest is None else manifest, indent=2),
        )
    return out.getvalue()


def gzipped(*documents: bytes) -> bytes:
    """Documents one after the other, as the mirror keeps a dataset's JSON."""
    return gzip.compress(b"".join(documents), mtime=0)
