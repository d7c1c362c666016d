"""Which libraries a command needs, asked before it begins: one `pip install` brings all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from ..errors import LccMirrorError

if TYPE_CHECKING:
    from .lc_asked import Asked

# Of each extra of lccmirror's, the module that it is for.
_MODULES: Final = {
    "astro": "astropy",
    "browse": "datasette",
    "lc": "numpy",
    "parquet": "pyarrow",
    "plot": "matplotlib",
    "terminal": "plotille",
}
_OF_FORM: Final = {"fits": "astro", "votable": "astro", "parquet": "parquet"}


def require_libraries(asked: Asked) -> None:
    """Refuse what cannot be done with what is installed, and name everything it lacks.

    Raises
    ------
    LccMirrorError
        If a library is not installed.
    """
    require_extras(_extras(asked))


def require_extras(extras: Iterable[str]) -> None:
    """Refuse to begin what needs extras of lccmirror's that are not installed.

    Raises
    ------
    LccMirrorError
        With everything that is lacking, so that one `pip install` brings all.
    """
    lacking = {extra for extra in extras if find_spec(_MODULES[extra]) is None}
    if not lacking:
        return
    # Each of the others has NumPy, too.
    named = sorted(lacking - {"lc"}) or ["lc"]
    modules = sorted(_MODULES[extra] for extra in lacking)
    names = " and ".join(filter(None, [", ".join(modules[:-1]), modules[-1]]))
    verb = "are" if len(modules) > 1 else "is"
    raise LccMirrorError(
        f"this needs {names}, which {verb} not installed",
        hint=f"pip install 'lccmirror[{','.join(named)}]'",
    )


def _extras(asked: Asked) -> Iterator[str]:
    """Yield the extras that have what was asked for."""
    from ..query.lc_write import SUFFIXES

    yield "lc"
    if asked.find_period:
        yield "astro"
    if asked.plot is not None:
        yield "terminal" if asked.plot == "-" else "plot"
    form = asked.form
    if form is None and asked.out is not None:
        form = SUFFIXES.get(asked.out.suffix.lower())
    if form in _OF_FORM:
        yield _OF_FORM[form]
