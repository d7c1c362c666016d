"""The datasets the demo begins with: a dozen, made by all four searches."""

from __future__ import annotations

from .server import DemoServer


def populate(server: DemoServer) -> list[str]:
    """Make twelve public datasets on `server`, in both collections; their setids."""
    field_a, field_b = server.surveys[:2]
    a, b = field_a.collection, field_b.collection
    targets = [*field_a.objects[:12], *field_b.objects[:6]]
    lines = "\n".join(f"target{i} {o.ra:.5f} {o.decl:.5f}" for i, o in enumerate(targets))
    make = server.make_dataset
    photometry = ("sdssr", "jmag", "ndet")
    variability = ("objtype", "period", "varflag", "sdssr")
    return [
        make("conesearch", coords="290.0 45.0 60.0", columns=photometry),
        make("conesearch", coords="00:00:00 -30:00:00 60", columns=photometry),
        make("conesearch", coords="0.8 -30.5 60", columns=variability, collections=[b]),
        make("columnsearch", filters="(sdssr lt 12.0)", sortspec='["sdssr", "asc"]'),
        make("columnsearch", filters="(objtype eq 'RRab')", columns=variability),
        make(
            "columnsearch",
            filters="(propermotion gt 50) and (sdssr lt 14.5)",
            columns=("propermotion", *photometry),
        ),
        make("columnsearch", filters="(kmag is null)", columns=("kmag",), collections=[a]),
        make("columnsearch", columns=("starname", "remarks", *variability), collections=[b]),
        make("ftsquery", ftstext="Fernandez", columns=photometry),
        make("ftsquery", ftstext='objtype:"EA"', columns=variability),
        make("xmatch", xmq=lines, xmd="3.0", columns=photometry),
        make("xmatch", xmq=lines, xmd="10.0", columns=variability, collections=[a]),
    ]
