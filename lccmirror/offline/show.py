"""The mirror's things shown: in a notebook, where what came from the server is never HTML."""

from __future__ import annotations

import html
import io
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ..names import printable

_LONGEST: Final = 200
_PLOT_INCHES: Final = (7.0, 3.2)


def in_brackets(kind: type, said: Iterable[str | None]) -> str:
    """Return a line for where there is plain text only: what it is, then what is known of it.

    Parameters
    ----------
    kind
        Whose it is.
    said
        What tells one from another; None is left out.

    Examples
    --------
    >>> in_brackets(dict, ["a", None, "3 things"])
    '<dict a: 3 things>'
    """
    name, *rest = [printable(one, _LONGEST) for one in said if one]
    return f"<{kind.__name__} {name}: {', '.join(rest)}>"


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    titles: Sequence[str] = (),
    note: str = "",
) -> str:
    """Return an HTML table.

    Parameters
    ----------
    columns
        Heads, as plain text.
    rows
        Values; None is shown as an empty cell.
    titles
        What to show when the mouse is over a head.
    note
        Below the table.
    """
    heads = "".join(
        f'<th title="{escaped(title)}">{escaped(name)}</th>'
        for name, title in zip(columns, titles or columns, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(value)}</td>" for value in row) + "</tr>" for row in rows
    )
    below = f"<p><em>{escaped(note)}</em></p>" if note else ""
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{below}"


def facts(title: str, values: Mapping[str, object], more: str = "") -> str:
    """Return a heading, a table of names and values without those that are None, and `more`.

    Parameters
    ----------
    title
        Plain text.
    values
        By name.
    more
        HTML.
    """
    rows = "".join(
        f'<tr><th style="text-align:left">{escaped(name)}</th>'
        f'<td style="text-align:left">{_cell(value)}</td></tr>'
        for name, value in values.items()
        if value is not None
    )
    return f"<div><strong>{escaped(title)}</strong><table>{rows}</table>{more}</div>"


def picture(figure: Any) -> str:
    """Return a `matplotlib.figure.Figure` as a small PNG in an HTML image."""
    figure.set_size_inches(*_PLOT_INCHES)
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=90)
    data = b64encode(png.getvalue()).decode()
    return f'<img alt="light curve" src="data:image/png;base64,{data}">'


def escaped(value: object) -> str:
    """Return `value` as text that means nothing to HTML, and has no control characters."""
    return html.escape(printable(str(value), _LONGEST))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return escaped(f"{len(value):,} bytes")
    return escaped(f"{value:.10g}" if isinstance(value, float) else value)
