"""Where things lie: below the root, each in a place of its own, and found again."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.errors import FormatError
from lccmirror.sync import layout

KINDS = ("csv", "json", "lczip", "pickle")
setids = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
components = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,100}", fullmatch=True)
paths = st.one_of(
    st.builds(layout.product, setids, st.sampled_from(KINDS)),
    st.builds(layout.lcformat, components),
    st.builds(layout.single_lightcurve, components, components),
)
DIGEST = "0123456789abcdef" * 4


@given(paths)
def test_every_path_is_plain_and_below_the_root(path: str) -> None:
    for one in (path, layout.arriving(path), layout.linking(path)):
        parts = PurePosixPath(one).parts
        assert PurePosixPath(one).as_posix() == one
        assert not {"..", "/"} & set(parts)
        assert len(parts) > 1
    assert layout.superseded(path, DIGEST) != path


@given(paths)
def test_a_download_knows_where_it_is_for(path: str) -> None:
    name = layout.arriving(path).removeprefix("incoming/")
    assert layout.destination(name) == path
    # With the note beside it, that note's temporary name, or as it is kept when replaced.
    assert len(f".{name}.json.new") <= 255
    assert len(PurePosixPath(layout.superseded(path, DIGEST)).name) <= 255


@given(paths, paths)
def test_no_two_things_have_one_place(one: str, other: str) -> None:
    assert (layout.arriving(one) == layout.arriving(other)) == (one == other)


names = st.text() | st.lists(
    st.sampled_from(
        [
            "datasets",
            "ab",
            "abc",
            "dataset-abc.csv",
            "..",
            ".",
            "",
            "lightcurves",
            "catalog.sqlite",
        ]
    )
).map("~".join)


@given(names.map(lambda text: f"{text}.part"))
def test_a_stray_name_is_for_nothing(name: str) -> None:
    path = layout.destination(name)
    assert path is None or layout.arriving(path) == f"incoming/{name}"


@pytest.mark.parametrize(
    "name",
    [
        "catalog.sqlite.part",
        "..~..~etc~passwd.part",
        "~etc~passwd.part",
        "datasets~ab~abc~..~x.part",
        "datasets~ab~abc~other.part",
        "datasets~xx~abc~dataset-abc.csv.part",
        "datasets~..~..~dataset-...csv.part",
        "datasets~ab~abc~dataset-abc.csv",
        "lightcurves~..~catalog.sqlite.part",
    ],
)
def test_nothing_leads_elsewhere(name: str) -> None:
    assert layout.destination(name) is None


@pytest.mark.parametrize("name", ["..", "a/b", "n" * 300, "a\0b", "", "-rf"])
def test_names_that_are_no_components_are_refused(name: str) -> None:
    with pytest.raises(FormatError):
        layout.lcformat(name)
    with pytest.raises(FormatError):
        layout.single_lightcurve("a", name)
    with pytest.raises(FormatError):
        layout.single_lightcurve(name, "a")


def test_names_that_are_too_long_together_are_refused() -> None:
    layout.single_lightcurve("c" * 127, "n" * 60)
    with pytest.raises(FormatError, match="too long"):
        layout.single_lightcurve("c" * 127, "n" * 127)
