"""A site whose objects are asked for."""

from __future__ import annotations

from typing import Self

from tests.support.site import Site

ALL = '[objects]\nmirror = "all"\n'
HOUR, DAY = 3600.0, 86_400.0


class ObjectSite(Site):
    """A `Site` with one dataset, of four objects of one collection."""

    def __enter__(self) -> Self:
        super().__enter__()
        self.server.make_dataset(
            collections=[self.server.surveys[0].collection], columns=("sdssr",)
        )
        return self


def states(site: Site) -> dict[str, int]:
    """Return how many objects are in each state."""
    return dict(site.sql("SELECT state, count(*) FROM object_info GROUP BY state"))


def asked(site: Site) -> list[str]:
    """Return the requests for objects since the last job began."""
    return [one for one in site.requests() if "/object" in one]


def one_object(site: Site) -> str:
    """Return an object that varies, so that periods of it are told."""
    survey = site.server.surveys[0]
    return next(o.objectid for o in survey.objects if o.star.kind != "none")
