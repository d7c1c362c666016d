"""Names in the configuration that the server does not have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lccmirror.config import Config, load_config
from lccmirror.online_check import check_online


@dataclass(frozen=True)
class Column:
    name: str


@dataclass(frozen=True)
class Collection:
    collection: str
    columns: tuple[Column, ...]


def collection(name: str, *columns: str) -> Collection:
    return Collection(name, tuple(Column(column) for column in ("objectid", *columns)))


COLLECTIONS = (
    collection("hatnet_keplerfield", "sdssr", "sdssi", "propermotion"),
    collection("hatnet_dr2", "sdssr"),
)
BASE = '[server]\nurl = "https://lcc.example.org"\n[mirror]\nroot = "."\n'


def config(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "lccmirror.toml"
    path.write_text(BASE + text)
    return load_config(path)


def cone(text: str) -> str:
    return f'[[search]]\nname = "s"\nkind = "conesearch"\ncenter = [1, 1]\nevery = "1h"\n{text}'


def found(tmp_path: Path, text: str) -> list[str]:
    messages = check_online(config(tmp_path, text), COLLECTIONS)
    return [one.removeprefix(f"{tmp_path / 'lccmirror.toml'}:") for one in messages]


def test_names_that_exist_are_all_well(tmp_path: Path) -> None:
    text = '[select]\ncollections = ["hatnet_*", "hatnet_dr2"]\n' + cone(
        'collections = ["hatnet_keplerfield"]\ncolumns = ["sdssr", "sdssi", "db_ra"]\n'
        'sort = [["dist_arcsec", "asc"], ["propermotion", "desc"]]\n'
        'filters = "propermotion > 50"\n'
    )
    assert found(tmp_path, text) == []


def test_patterns_that_match_nothing_are_named_with_the_nearest(tmp_path: Path) -> None:
    messages = found(
        tmp_path, '[select]\ncollections = [\n "hatnet_*",\n "hatnet_dr3",\n "kelt_*"\n]\n'
    )
    assert messages == [
        '8: select.collections[1]: "hatnet_dr3" matches no collection; '
        "did you mean hatnet_dr2?",
        '9: select.collections[2]: "kelt_*" matches no collection',
    ]


def test_unknown_names_in_a_search_are_reported_with_what_would_happen(tmp_path: Path) -> None:
    messages = found(
        tmp_path,
        cone(
            'collections = ["hatnet_keplerfield", "hatnet_keplerfeld"]\n'
            'columns = ["sdsr", "sdssi"]\n'
            'sort = ["magnitude", "asc"]\n'
            'filters = "sdssr < 13 and properemotion > 50"\n'
        ),
    )
    assert messages == [
        '10: search[0].collections[1]: no collection "hatnet_keplerfeld"; '
        "did you mean hatnet_keplerfield?",
        '11: search[0].columns[0]: no column "sdsr"; did you mean sdssr?; '
        "the server drops it from the result",
        '12: search[0].sort: no column "magnitude"; the search would end without an answer',
        '13: search[0].filters: no column "properemotion"; did you mean propermotion?; '
        "the search would match nothing",
    ]


def test_a_column_must_be_in_every_searched_collection(tmp_path: Path) -> None:
    (message,) = found(tmp_path, cone('columns = ["sdssr", "propermotion"]\n'))
    assert message.startswith('10: search[0].columns[1]: "propermotion" is not in hatnet_dr2;')


def test_result_columns_of_another_kind_cannot_be_sorted_by(tmp_path: Path) -> None:
    (message,) = found(tmp_path, cone('sort = ["relevance", "asc"]\n'))
    assert 'no column "relevance"' in message


def test_a_search_in_unknown_collections_only_says_just_that(tmp_path: Path) -> None:
    messages = found(tmp_path, cone('collections = ["kelt"]\ncolumns = ["x"]\n'))
    assert len(messages) == 1


def test_the_nearest_name_can_differ_in_upper_and_lower_case(tmp_path: Path) -> None:
    (message,) = found(tmp_path, cone('filters = "SDSSR < 13"\n'))
    assert 'no column "SDSSR"; did you mean sdssr?' in message
