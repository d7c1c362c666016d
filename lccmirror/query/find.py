"""Full-text search for people: words as they are typed, in all that has text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .readonly import ReadOnlyCatalog
from .run import Value, run_query

# The names are the indexes'; the numbers weigh a match in each of their columns. A snippet is
# made only of the rows that are returned, because `rank` is what they are sorted by.
_STATEMENTS: Final = {
    "datasets": """
        SELECT f.setid, (SELECT group_concat(c.collection, ', ') FROM dataset_collections AS c
                         WHERE c.setid = f.setid),
               f.name, snippet(datasets_fts, -1, :before, :after, '…', 16)
        FROM datasets_fts AS f
        WHERE datasets_fts MATCH :words AND rank MATCH 'bm25(10.0, 8.0, 4.0, 1.0, 2.0)'
        ORDER BY rank LIMIT :limit""",
    "collections": """
        SELECT f.collection, f.collection, f.name,
               snippet(collections_fts, -1, :before, :after, '…', 16)
        FROM collections_fts AS f
        WHERE collections_fts MATCH :words AND rank MATCH 'bm25(10.0, 8.0, 4.0, 2.0, 1.0)'
        ORDER BY rank LIMIT :limit""",
    "columns": """
        SELECT f.name, f.collection, f.title,
               snippet(columns_fts, -1, :before, :after, '…', 16)
        FROM columns_fts AS f
        WHERE columns_fts MATCH :words AND rank MATCH 'bm25(0.0, 10.0, 4.0, 1.0)'
        ORDER BY rank LIMIT :limit""",
    "objects": """
        SELECT f.objectid, f.collection, NULL,
               snippet(objects_fts, 2, :before, :after, '…', 16)
        FROM objects_fts AS f
        WHERE objects_fts MATCH :words AND rank MATCH 'bm25(0.0, 10.0, 1.0)'
        ORDER BY rank LIMIT :limit""",
}
KINDS: Final = tuple(_STATEMENTS)
"""What can be searched."""

_DUE: Final = """
SELECT EXISTS (SELECT 1 FROM text_due_datasets) OR EXISTS (SELECT 1 FROM text_due_objects)
"""
# A quoted phrase, its second quote perhaps forgotten, and perhaps a star; or a word.
_TERM = re.compile(r'"([^"]*)(?:"|$)(\*?)|([^\s"]+)')


@dataclass(frozen=True)
class Found:
    """Something that has the words.

    Parameters
    ----------
    kind
        Where: one of `KINDS`.
    name
        The setid, collection, column or objectid.
    collection
        Of which collection; several with commas between them.
    title
        What it is called, if it is called anything.
    text
        The part of its text that has the words; of an object, of its text columns.
    """

    kind: str
    name: str
    collection: str | None
    title: str | None
    text: str | None


def match_expression(text: str) -> str:
    """Return what people type as an FTS5 expression: all of the words, in any order.

    Words between double quotes stand next to each other in what is found, and so do the
    parts of a word with hyphens or points in it. A star at the end stands for any ending.
    Nothing else means anything, so that no text is a wrong one.

    Examples
    --------
    >>> match_expression('HAT-199-00* "RR Lyr')
    '"HAT-199-00"* "RR Lyr"'
    >>> match_expression("Barnard's NOT (a")
    '"Barnard\\'s" "NOT" "(a"'
    """
    # What no text can have would end the expression, or be refused.
    known = text.replace("\0", " ").encode("utf-8", "replace").decode()
    terms = [
        (phrase, star) if phrase else (word.rstrip("*"), word.endswith("*"))
        for phrase, star, word in _TERM.findall(known)
    ]
    return " ".join(f'"{words}"{"*" if star else ""}' for words, star in terms if words.strip())


def find(
    catalog: ReadOnlyCatalog,
    text: str,
    kinds: Sequence[str] = KINDS,
    *,
    limit: int | None = None,
    marks: tuple[str, str] = ("", ""),
) -> Iterator[Found]:
    """Yield what has all the words of `text`, one kind after the other, the best first.

    Parameters
    ----------
    catalog
        From `lccmirror.query.open_readonly`.
    text
        As for `match_expression`.
    kinds
        Some of `KINDS`.
    limit
        At most so many of each kind.
    marks
        What to put before and after each match in `Found.text`.

    Raises
    ------
    LccMirrorError
        As from `lccmirror.query.run_query`.
    """
    params: dict[str, Value] = {
        "words": match_expression(text),
        "before": marks[0],
        "after": marks[1],
        "limit": -1 if limit is None else limit,
    }
    if not params["words"]:
        return
    for kind in kinds:
        for row in run_query(catalog, _STATEMENTS[kind], params).rows:
            name, collection, title, part = (None if v is None else str(v) for v in row)
            shown = None if part is None else part.replace("\n", " · ")
            yield Found(kind, name or "", collection, title, shown)


def is_complete(catalog: ReadOnlyCatalog) -> bool:
    """Whether the text of all objects that are here can be found already."""
    ((due,),) = run_query(catalog, _DUE).rows
    return not due
