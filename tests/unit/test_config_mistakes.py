"""Every mistake in a configuration is told at once, with its line and what is meant."""

from __future__ import annotations

from datetime import UTC, date, time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.config import SearchConfig, load_config
from lccmirror.config_model import TABLES, Table
from lccmirror.config_template import toml_string
from lccmirror.errors import ConfigError
from tests.support.configuration import MINIMAL, Write, mistakes, saved_search


def test_ten_mistakes_and_more_are_reported_at_once_with_their_lines(write: Write) -> None:
    path = write(
        """\
frob = 1
workers = 3
[server]
url = "ftp://lcc.example.org"
requests_per_minut = 300
connect_timeout = 0
[mirror]
products = ["csv", "zip"]
max_bytes = 500
min_free = "5 XB"
workers = "2"
[poll]
datasets = "15 fortnights"
[lightcurves]
singles = "nevr"
[[search]]
name = "1bad"
kind = "columnsearch"
filters = "a contains 'x y'"
cron = "0 4 * *"
[[search]]
kind = "conesearch"
center = [
  400,
  1,
]
radius_arcmin = 61
every = "1m"
on_new_data = true
[[srch]]
"""
    )
    found = mistakes(path)
    assert list(found) == [
        "1: frob",
        "2: workers",
        "4: server.url",
        "5: server.requests_per_minut",
        "6: server.connect_timeout",
        "7: mirror.root",
        "8: mirror.products",
        "9: mirror.max_bytes",
        "10: mirror.min_free",
        "11: mirror.workers",
        "13: poll.datasets",
        "15: lightcurves.singles",
        "17: search[0].name",
        "19: search[0].filters",
        "20: search[0].cron",
        "21: search[1].name",
        "23: search[1].center",
        "27: search[1].radius_arcmin",
        "28: search[1].every",
        "29: search[1].on_new_data",
        "30: srch",
    ]
    assert found["5: server.requests_per_minut"] == (
        "unknown key; did you mean requests_per_minute?"
    )
    assert found["2: workers"] == "unknown key here; it belongs under [mirror]"
    assert found["15: lightcurves.singles"].endswith("did you mean never?")
    assert found["30: srch"] == "unknown table; did you mean search?"


def test_a_filter_s_mistake_is_shown_with_a_caret(write: Write) -> None:
    path = write(saved_search('kind = "columnsearch"\nfilters = "a < 5 and b"\nevery = "1h"\n'))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    first, text, caret = caught.value.message.splitlines()
    assert first.startswith(f"{path}:8: search[0].filters: at the end: expected")
    assert text == "    a < 5 and b"
    assert caret == "    " + " " * 11 + "^"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[server]\nurl = "x\n', 2),
        ("[server]\nurl = 1\nurl = 2\n", 3),
        ("[server\n", 1),
        ('[server]\nurl = "x"\nlist = [1,\n', 3),
    ],
)
def test_bad_toml_is_reported_with_its_line(write: Write, text: str, line: int) -> None:
    path = write(text)
    with pytest.raises(ConfigError, match="not TOML") as caught:
        load_config(path)
    assert caught.value.message.startswith(f"{path}:{line}: ")


def test_what_is_no_text_or_cannot_be_read_is_a_config_error(tmp_path: Path) -> None:
    path = tmp_path / "lccmirror.toml"
    for content, message in (
        (b"a = 1\nb = '\xff'\n", ":2: not UTF-8"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"#" * 5_000_000, "larger than"),
    ):
        path.write_bytes(content)
        with pytest.raises(ConfigError) as caught:
            load_config(path)
        assert message in caught.value.message
    for place in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(ConfigError, match="cannot read"):
            load_config(place)


def test_a_key_in_the_wrong_table_is_told_its_own(write: Write) -> None:
    wrong = '\n[limits]\nnot_before = "2020-01-01"\ncollections = []\n'
    found = mistakes(write(MINIMAL + wrong))
    told = {place.rpartition(".")[2]: message for place, message in found.items()}
    assert told == {
        "not_before": "unknown key; did you mean [select] not_before?",
        "collections": "unknown key; did you mean [poll] collections or [select] collections?",
    }


def test_tables_and_searches_of_the_wrong_shape_are_mistakes(write: Write) -> None:
    assert mistakes(write('server = 3\n[mirror]\nroot = "."\n')) == {
        "1: server": "must be a table: [server]",
        "1: server.url": "missing",
    }
    assert "[[search]]" in mistakes(write(f'{MINIMAL}[search]\nname = "s"\n'))["5: search"]
    assert list(mistakes(write(f"search = [1]\n{MINIMAL}"))) == ["1: search"]


def test_an_empty_file_says_what_it_needs(write: Write) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(""))
    assert "server.url: missing" in caught.value.message
    assert "mirror.root: missing" in caught.value.message


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        ("select", 'allow = ["abc"]\ndeny = ["abc"]'),
        ("select", 'allow = ["../../etc"]'),
        ("select", 'allow = ["a", "a"]'),
        ("select", "visibility = []"),
        ("select", 'collections = "hatnet_*"'),
        ("select", 'collections = ["a b"]'),
        ("select", 'query_types = ["consearch"]'),
        ("select", 'not_before = "soon"'),
        ("select", "not_before = 12:00:00"),
        ("poll", 'full_list = "1h"\ndatasets = "2h"'),
        ("poll", 'datasets = "0s"'),
        ("keys", 'renew_before = "2d"'),
        ("keys", 'dir = "keys"'),
        ("limits", "max_zip_ratio = nan"),
        ("limits", "max_rows = 0"),
        ("limits", "max_columns = true"),
        ("lightcurves", "limit = 1.5"),
    ],
)
def test_values_that_make_no_sense_are_mistakes(write: Write, table: str, keys: str) -> None:
    found = mistakes(write(f"{MINIMAL}[{table}]\n{keys}\n"))
    assert len(found) == 1
    assert f": {table}." in next(iter(found))


@pytest.mark.parametrize(
    "line",
    [
        "products = []",
        'products = ["csv", "csv"]',
        'min_free = "8 EB"',
        "max_bytes = 500",
        'bandwidth = "1 B/s"',
        "workers = 0",
        "workers = true",
    ],
)
def test_a_mirror_that_could_never_work_is_a_mistake(write: Write, line: str) -> None:
    found = mistakes(write(f"{MINIMAL}{line}\n"))
    assert list(found) == [f"5: mirror.{line.split()[0]}"]


VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.just(10**400),
        st.floats(),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        st.sampled_from(
            [
                "1 GB",
                "5 MB/s",
                "15m",
                "1h",
                "csv",
                "conesearch",
                "a < 1",
                "1 2",
                "* * * * *",
                ".",
            ]
        ),
        st.datetimes(timezones=st.sampled_from([None, UTC])),
        st.dates(),
        st.times(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=4,
)


def toml(value: object) -> str:
    """Return any value as TOML."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return toml_string(value)
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case dict():
            return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + "}"
        case date() | time():
            return value.isoformat()
        case _:
            return repr(value)


@given(st.data())
def test_whatever_stands_in_a_configuration_every_key_of_it_is_named(
    data: st.DataObject,
) -> None:
    written: list[str] = []
    tables: dict[str, type[Table]] = {**TABLES, "search": SearchConfig}
    for name, kind in tables.items():
        keys = data.draw(st.sets(st.sampled_from(kind.__struct_encode_fields__), max_size=4))
        written.append(f"[[{name}]]" if name == "search" else f"[{name}]")
        written += [f"{key} = {toml(data.draw(VALUES, label=key))}" for key in sorted(keys)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lccmirror.toml"
        path.write_text("\n".join(written), encoding="utf-8", newline="")
        # Never valid: with four keys no search is complete.
        with pytest.raises(ConfigError) as caught:
            load_config(path)
    for message in caught.value.message.splitlines():
        assert message.startswith(("    ", f"{path}:")), message
        assert message.isprintable()


def test_a_number_too_long_for_python_is_a_config_error(write: Write) -> None:
    with pytest.raises(ConfigError, match="digits"):
        load_config(write(f"{MINIMAL}workers = 1{'0' * 5000}\n"))


@pytest.mark.parametrize("is_folder", [False, True])
@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("[server]", 'api_key_file = "{}"'),
        ("[server]", 'ca_file = "{}"'),
        ("[[search]]", 'name = "s"\nkind = "xmatch"\nevery = "1h"\nfile = "{}"'),
    ],
)
def test_the_name_of_a_file_moves_no_cursor(
    write: Write, tmp_path: Path, table: str, line: str, is_folder: bool
) -> None:
    if is_folder:
        (tmp_path / "a\x1b[2J\n").mkdir()
    lines = f"{table}\n{line}\n".format(r"a\u001b[2J\n")
    text = MINIMAL.replace(table, lines) if table in MINIMAL else MINIMAL + lines
    (message,) = mistakes(write(text)).values()
    assert r"a\x1b[2J\n" in message
    assert message.isprintable()


def test_the_name_of_a_command_moves_no_cursor(write: Write) -> None:
    config = load_config(write(MINIMAL + '[[notify]]\ncommand = ["/a\\u001b[2J"]\n'))
    (warning,) = config.warnings
    assert r"/a\x1b[2J cannot be run here" in warning
    assert warning.isprintable()
