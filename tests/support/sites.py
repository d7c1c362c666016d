"""The fixture `site` of a module, in one line: ``site = site_fixture()``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.site import Site

DIALECTS = ("running", "documented")


def site_fixture(
    *arguments: str,
    kind: Callable[..., Site] = Site,
    each_dialect: bool = False,
    **options: Any,
) -> Any:
    """Return a fixture that makes a site in the test's own folder, and ends it.

    Parameters
    ----------
    arguments, options
        Of the site: its settings, and what its server is to be like.
    kind
        What makes it.
    each_dialect
        Whether each test is to run against both dialects of the server.
    """

    @pytest.fixture(name="site", params=DIALECTS if each_dialect else None)
    def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
        dialect: dict[str, Any] = {"dialect": request.param} if each_dialect else {}
        with kind(tmp_path, *arguments, **options, **dialect) as site:
            yield site

    return make
