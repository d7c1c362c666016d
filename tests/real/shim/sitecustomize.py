"""Lets the unmodified server run on a SciPy that has wheels for CPython 3.11.

SciPy 1.9 renamed the keyword ``n_jobs`` of ``cKDTree.query`` and ``query_ball_point`` to
``workers``; the releases before it have no such wheels. Python imports a module of this
name by itself at its start when this folder is on ``PYTHONPATH``. Once SciPy's tree is
imported, its class is replaced by one that takes the old name, too. Nothing else changes.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

_TARGET = "scipy.spatial._ckdtree"
_RENAMED_IN = ("query", "query_ball_point")


def _taking_n_jobs(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: object, *args: Any, **kwargs: Any) -> Any:
        if "n_jobs" in kwargs:
            kwargs["workers"] = kwargs.pop("n_jobs")
        return method(self, *args, **kwargs)

    return call


def _replace_tree(module: ModuleType) -> None:
    original: type = module.cKDTree
    methods = {name: _taking_n_jobs(getattr(original, name)) for name in _RENAMED_IN}
    # The same name and module as the original, so that pickles stay readable both ways:
    # the catalogs' trees are pickled by one process and read by others.
    names = {"__module__": module.__name__, "__qualname__": "cKDTree"}
    setattr(module, "cKDTree", type("cKDTree", (original,), methods | names))  # noqa: B010 a module has no such attribute to type


class _Loader(importlib.abc.Loader):
    def __init__(self, real: importlib.abc.Loader) -> None:
        self._real = real

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._real.exec_module(module)
        _replace_tree(module)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != _TARGET:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


sys.meta_path.insert(0, _Finder())
