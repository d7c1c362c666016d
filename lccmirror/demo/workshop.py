"""What the demo and the tests do behind the server's back.

The truth of every dataset, the exact bytes of every product; making datasets without
HTTP, changing and removing them, and letting time pass in the background.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .arguments import SearchRequest, parse_search
from .backend import ANONYMOUS_USER, ColumnDescription, Dataset, Requester, SearchStep
from .dialects import Dialect, dataset_json, zip_path
from .handmade import handmade_dataset
from .memory import MemoryBackend
from .searcher import Fate
from .surveys import CatalogObject, Survey, Value

_HOUSE = Requester("the demo itself")


class Workshop:
    """The side of a demo server that its clients do not see.

    Parameters
    ----------
    dialect
        In which `product` shows a dataset's JSON.
    """

    def __init__(self, backend: MemoryBackend, dialect: Dialect) -> None:
        self.dialect: Dialect = dialect
        self._backend = backend

    # What is there

    @property
    def surveys(self) -> Sequence[Survey]:
        """The collections."""
        return self._backend.collections()

    def dataset(self, setid: str) -> Dataset:
        """Return a dataset as it is now; `KeyError` if there is none."""
        found = self._backend.dataset(setid)
        if found is None:
            raise KeyError(setid)
        return found

    def datasets(self) -> Sequence[Dataset]:
        """Return every complete dataset, the latest first, whoever may see it."""
        return self._backend.datasets()

    def truth(self, setid: str) -> list[dict[str, Value]]:
        """Return every row of a dataset as the server's database has it."""
        dataset = self.dataset(setid)
        return [dict(zip(dataset.columns, row, strict=True)) for row in dataset.rows]

    def product(self, setid: str, kind: str) -> bytes:
        """Return the exact bytes of a product.

        Parameters
        ----------
        kind
            ``csv``, ``pickle``, ``lczip`` or ``json`` (the first page, to an anonymous
            stranger).
        """
        dataset = self.dataset(setid)
        if kind == "json":
            stranger = Requester("a stranger")
            return dataset_json(
                self.dialect, dataset, stranger, page=1, rows=dataset.page(1), strformat=False
            )
        paths = {
            "csv": f"/d/dataset-{setid}.csv",
            "pickle": f"/d/dataset-{setid}.pkl.gz",
            "lczip": zip_path(dataset),
        }
        return self.file(paths[kind])

    def file(self, path: str) -> bytes:
        """Return the exact bytes at a URL path (``/d/…``, ``/p/…``, ``/l/…``, ``/c/…``)."""
        served = self._backend.file(path)
        if served is None:
            raise KeyError(path)
        content = served.content
        return content if isinstance(content, bytes) else content.read_bytes()

    # Changing catalogs

    def change_catalog(self, collection: str, objects: Iterable[CatalogObject]) -> None:
        """Replace a collection's objects, as when the site's staff loads a new catalog.

        Datasets, and the light curves that are there, stay as they are.
        """
        self._backend.change_catalog(collection, objects)

    # Making and changing datasets

    def make_dataset(
        self,
        service: str = "columnsearch",
        *,
        visibility: str = "public",
        columns: Iterable[str] = ("sdssr", "objtype", "starname", "remarks", "varflag"),
        collections: Iterable[str] = (),
        session: str | None = None,
        **form: str,
    ) -> str:
        """Run a search directly and return the setid of the dataset it made.

        Parameters
        ----------
        session
            The session it shall belong to (`keys.issue(…, session=…)` makes a key for
            one); nobody's by default.
        form
            The service's own fields (``filters``, ``coords``, ``ftstext``, ``xmq`` …); a
            column search without filters takes every object.
        """
        if service == "columnsearch":
            form.setdefault("filters", "(ndet gt 0)")
        fields = {name: [value] for name, value in form.items()}
        fields |= {"visibility": [visibility], "columns[]": list(columns)}
        fields["collections[]"] = list(collections)
        who = Requester(session) if session else _HOUSE
        return self._run(parse_search(service, fields), who)

    def _run(self, request: SearchRequest, who: Requester) -> str:
        last: SearchStep | None = None
        for step in self._backend.search(request, who):
            last = step
        assert last is not None
        if last.kind == "too many rows":
            self.advance(last.setid)
        elif last.kind != "done":
            raise ValueError(f"the search ended as: {last.kind}")
        return last.setid

    def make_table(
        self,
        columns: Mapping[str, str | ColumnDescription],
        rows: Sequence[Sequence[Value]],
        *,
        setid: str | None = None,
        visibility: str = "public",
        session: str | None = None,
        owner: int = ANONYMOUS_USER,
        collections: Iterable[str] = (),
        lczip: bool | bytes | Path = False,
        csv: bytes | None = None,
        complete: bool = True,
    ) -> str:
        """Make a dataset of exactly these rows, without a search, and return its setid.

        Parameters
        ----------
        columns
            By name, a dtype (``<f8``, ``i8``, ``U20`` …) or a whole description.
        rows
            Values in the order of `columns`.
        lczip
            True: the ZIP of the light curves named by the columns ``collection`` and
            ``db_oid``; bytes or a path: that, whatever it is.
        csv
            Served in place of the CSV of these rows.
        """
        shelf = self._backend.shelf
        setid = setid or shelf.new_setid()
        wanted = set(collections) or {s.collection for s in self.surveys}
        dataset = handmade_dataset(
            setid,
            columns,
            rows,
            now=shelf.now(),
            collections={
                s.collection: s.collection_id for s in self.surveys if s.collection in wanted
            },
            rows_per_page=self._backend.searcher.rows_per_page,
            visibility=visibility,
            session=session,
            owner=owner,
        )
        shelf.put(dataset, csv)
        if not isinstance(lczip, bool):
            shelf.zips.replace(setid, lczip, shelf.now())
        if complete:
            shelf.change(setid, status="complete", has_lczip=lczip is not False)
        return setid

    def change_visibility(self, setid: str, visibility: str) -> None:
        """Change who may see a dataset; it moves to the top of the list."""
        self._backend.shelf.change(setid, visibility=visibility)

    def delete(self, setid: str) -> None:
        """Remove a dataset and its files, as only the site's staff can."""
        self._backend.shelf.remove(setid)

    def remake_zip(self, setid: str) -> None:
        """Write a dataset's ZIP again: other bytes, a new Last-Modified, the old ETag."""
        shelf = self._backend.shelf
        shelf.zips.remake(setid, shelf.now())

    def rewrite_csv(self, setid: str) -> None:
        """Write a dataset's CSV again: the same bytes, a new Last-Modified."""
        self._backend.shelf.rewrite_csv(setid)

    def next_search(self, fate: Fate) -> None:
        """Say how the next search shall go (timeout, crash); several calls queue up."""
        self._backend.searcher.next_search(fate)

    def advance(self, setid: str | None = None) -> bool:
        """Let one step happen in the background; whether anything happened."""
        return self._backend.searcher.advance(setid)
