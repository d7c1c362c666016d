"""Our reader of light curves and the reference reader, on everything that the server has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lccmirror.formats import read_lightcurve, read_lightcurve_header
from tests.real.conftest import SeededServer
from tests.real.environment import RealEnvironment

# at least; the rest of a collection cannot be converted
CONVERTED = {"synth-alpha": 180, "synth-beta": 50, "synth-large": 20_000}


def _light_curves(sixty: SeededServer, collection_id: str) -> list[Path]:
    """Return all that were converted; of the others there is a link that leads nowhere."""
    folder = sixty.server.basedir / "csvlcs" / collection_id
    return sorted(path for path in folder.glob("*-csvlc.gz") if path.exists())


def _reference(env: RealEnvironment, paths: list[Path], folder: Path) -> Iterator[Any]:
    listed, output = folder / "listed.txt", folder / "reference.jsonl"
    listed.write_text("".join(f"{path}\n" for path in paths))
    env.run(
        ["-m", "tests.real.dump_lightcurves", str(listed), str(output)],
        home=folder / "home",
        timeout_s=600,
    )
    with output.open() as file:
        yield from map(json.loads, file)


@pytest.mark.parametrize("collection_id", CONVERTED)
def test_every_light_curve_is_read_as_the_reference_reader_reads_it(
    collection_id: str, real_env: RealEnvironment, sixty: SeededServer, tmp_path: Path
) -> None:
    paths = _light_curves(sixty, collection_id)
    assert len(paths) >= CONVERTED[collection_id]
    compared = 0
    for path, theirs in zip(paths, _reference(real_env, paths, tmp_path), strict=True):
        ours = read_lightcurve(path)
        assert theirs["path"] == str(path)
        assert (ours.problems, ours.missing) == ((), {})
        assert ours.objectid == theirs["objectid"]
        # NaN is not equal to itself: compared as it is written
        assert json.dumps(dict(ours.metadata)) == json.dumps(theirs["objectinfo"])
        assert [column.name for column in ours.columns] == theirs["columns"]
        assert [column.description for column in ours.columns] == theirs["descriptions"]
        assert [ours[name].dtype.str for name in theirs["columns"]] == theirs["dtypes"]
        values = [ours[name].tolist() for name in theirs["columns"]]
        assert json.dumps(values) == json.dumps(theirs["values"])
        compared += 1
    assert compared == len(paths)


def test_a_header_alone_says_the_same_as_the_whole_file(sixty: SeededServer) -> None:
    for path in _light_curves(sixty, "synth-alpha"):
        header, whole = read_lightcurve_header(path), read_lightcurve(path)
        assert header.columns == whole.columns
        assert header.objectid == whole.objectid
        assert json.dumps(dict(header.metadata)) == json.dumps(dict(whole.metadata))
