"""The configuration: found, read, and every mistake reported at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.config import SearchConfig, find_config, load_config
from lccmirror.config_model import TABLES, Table
from lccmirror.config_template import toml_string
from lccmirror.errors import ConfigError
from tests.support.forward import self_signed

Write = Callable[[str], Path]

MINIMAL = """\
[server]
url = "https://lcc.example.org"
[mirror]
root = "."
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "lccmirror.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def mistakes(path: Path) -> dict[str, str]:
    """Return what `load_config` complains about: message by ``line: key``."""
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.exit_code == 78
    found = {}
    for line in caught.value.message.splitlines():
        if line.startswith("    "):
            continue
        where, key, message = line.removeprefix(f"{path}:").split(": ", 2)
        found[f"{where}: {key}"] = message
    return found


def search(text: str) -> str:
    return f'{MINIMAL}[[search]]\nname = "s"\n{text}'


def test_the_least_configuration_gets_all_defaults(write: Write, tmp_path: Path) -> None:
    config = load_config(write(MINIMAL))
    assert config.server.url == "https://lcc.example.org"
    assert config.server.requests_per_minute == 300
    assert config.mirror.root == tmp_path
    assert config.mirror.products == ("csv", "lczip")
    assert config.mirror.max_bytes is None
    assert config.poll.datasets_s == 900
    assert config.select.visibility == ("public", "unlisted")
    assert config.limits.max_zip_members == 200_000
    assert config.searches == ()
    assert config.warnings == ()
    assert config.path == tmp_path / "lccmirror.toml"


def test_values_are_converted_to_plain_units(write: Write, tmp_path: Path) -> None:
    (tmp_path / "key.json").touch(mode=0o600)
    config = load_config(
        write(
            """
            [server]
            url = "http://127.0.0.1:5000/"
            connect_timeout = 2.5
            api_key_file = "key.json"
            [mirror]
            root = "mirror"
            max_bytes = "10 GB"
            min_free = 0
            bandwidth = "8 Mbit/s"
            [poll]
            datasets = "1h30m"
            [select]
            query_types = ["conesearch", "sqlite_xmatch_search"]
            not_before = 2020-01-01T01:00:00+01:00
            max_size = "1 GiB"
            [keys]
            dir = "~/keys"
            renew_before = "30m"
            """
        )
    )
    assert config.server.url == "http://127.0.0.1:5000"
    assert config.server.connect_timeout_s == 2.5
    assert config.server.api_key_file == tmp_path / "key.json"
    assert config.mirror.root == tmp_path / "mirror"
    assert config.mirror.max_bytes == 10_000_000_000
    assert config.mirror.bandwidth == 1_000_000
    assert config.poll.datasets_s == 5400
    assert config.select.query_types == ("sqlite_kdtree_conesearch", "sqlite_xmatch_search")
    assert config.select.not_before == datetime(2020, 1, 1, tzinfo=UTC)
    assert config.select.max_size == 1024**3
    assert config.keys.dir == Path("~/keys").expanduser()
    assert config.keys.renew_before_s == 1800


def test_a_configuration_cannot_be_changed(write: Write) -> None:
    config = load_config(write(MINIMAL))
    for struct, name in ((config, "path"), (config.server, "url"), (config.mirror, "root")):
        with pytest.raises(AttributeError):
            setattr(struct, name, None)


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
    path = write(search('kind = "columnsearch"\nfilters = "a < 5 and b"\nevery = "1h"\n'))
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


@pytest.mark.parametrize(
    "url",
    [
        "",
        "lcc.example.org",
        "ftp://lcc.example.org",
        "https://",
        "https://user:secret@lcc.example.org",
        "https://user:secret@lcc.example.org:99999",
        "https://user:sec/secret@lcc.example.org",
        "https://lcc.example.org/?key=x",
        "https://lcc.example.org/#x",
        "https://lcc.example.org?",
        "https://lcc.example.org/api",
        "https://lcc.example.org:99999",
        "https://lcc.example.org:0",
        "https://lcc example.org",
        "https://lcc.example.org\\u0000",
        "https://[::1",
    ],
)
def test_only_a_server_s_own_url_is_taken(write: Write, url: str) -> None:
    found = mistakes(write(MINIMAL.replace("https://lcc.example.org", url)))
    assert list(found) == ["2: server.url"]
    assert "secret" not in found["2: server.url"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("localhost:5000", "http://localhost:5000"),
        ("lcc.example.org", "https://lcc.example.org"),
    ],
)
def test_a_url_without_its_scheme_is_answered_with_the_one_that_is_meant(
    write: Write, written: str, meant: str
) -> None:
    found = mistakes(write(MINIMAL.replace("https://lcc.example.org", written)))
    assert found["2: server.url"].endswith(f"; did you mean {meant}?")


def test_a_key_in_the_wrong_table_is_told_its_own(write: Write) -> None:
    wrong = '\n[limits]\nnot_before = "2020-01-01"\ncollections = []\n'
    found = mistakes(write(MINIMAL + wrong))
    told = {place.rpartition(".")[2]: message for place, message in found.items()}
    assert told == {
        "not_before": "unknown key; did you mean [select] not_before?",
        "collections": "unknown key; did you mean [poll] collections or [select] collections?",
    }


def test_proxy_and_certificates_are_read(write: Write, tmp_path: Path) -> None:
    certificate, _ = self_signed(tmp_path)
    lines = f'proxy = "http://proxy.example.org:3128/"\nca_file = "{certificate.name}"\n'
    config = load_config(write(MINIMAL.replace("[server]\n", f"[server]\n{lines}")))
    assert config.server.proxy == "http://proxy.example.org:3128"
    assert config.server.ca_file == certificate


def test_a_proxy_s_password_is_not_shown_and_a_file_without_certificates_not_taken(
    write: Write, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    lines = 'proxy = "http://me:secret@proxy:3128"\nca_file = "empty.pem"\n'
    found = mistakes(write(MINIMAL.replace("[server]\n", f"[server]\n{lines}")))
    assert list(found) == ["2: server.proxy", "3: server.ca_file"]
    assert "secret" not in found["2: server.proxy"]
    assert "no certificates" in found["3: server.ca_file"]


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://lcc.example.org", True),
        ("http://192.168.1.4:8080", True),
        ("http://127.0.0.1:5000", False),
        ("http://[::1]:5000", False),
        ("http://localhost", False),
        ("https://lcc.example.org", False),
    ],
)
def test_plain_http_beyond_this_machine_is_warned_of(
    write: Write, url: str, warned: bool
) -> None:
    config = load_config(write(MINIMAL.replace("https://lcc.example.org", url)))
    assert config.server.url == url
    assert any("plain http" in warning for warning in config.warnings) == warned


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


def test_more_than_the_disk_can_hold_is_warned_of(write: Write) -> None:
    config = load_config(write(f'{MINIMAL}max_bytes = "8 EB"\n'))
    assert ["mirror.max_bytes" in warning for warning in config.warnings] == [True]


def test_a_key_file_must_be_there_and_should_be_private(write: Write, tmp_path: Path) -> None:
    path = write(MINIMAL.replace("[mirror]", 'api_key_file = "key.json"\n[mirror]'))
    assert list(mistakes(path)) == ["3: server.api_key_file"]
    key = tmp_path / "key.json"
    key.write_text("{}")
    for mode in (0o640, 0o604):
        key.chmod(mode)
        assert ["chmod 600" in warning for warning in load_config(path).warnings] == [True]
    key.chmod(0o600)
    assert load_config(path).warnings == ()


def test_a_quick_load_looks_at_no_other_file(write: Write) -> None:
    path = write(
        MINIMAL.replace("[mirror]", 'api_key_file = "key.json"\n[mirror]')
        + '[[search]]\nname = "s"\nkind = "xmatch"\nfile = "nothing.txt"\nevery = "1h"\n'
    )
    config = load_config(path, thorough=False)
    assert config.searches[0].file == path.parent / "nothing.txt"


def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    cwd, user = tmp_path / "cwd", tmp_path / "user"
    cwd.mkdir()
    user.mkdir()
    return cwd, user, tmp_path / "config.toml"


def test_the_configuration_is_found_in_its_order(tmp_path: Path) -> None:
    cwd, user, system = places(tmp_path)
    explicit, named = tmp_path / "explicit.toml", tmp_path / "named.toml"

    def find(explicit: Path | None = None, environ: dict[str, str] | None = None) -> Path:
        return find_config(
            explicit, environ or {}, cwd, user_folder=lambda: user, system_file=system
        )

    for path in (explicit, named, cwd / "lccmirror.toml", user / "config.toml", system):
        path.touch()
    environ = {"LCCMIRROR_CONFIG": str(named)}
    assert find(explicit, environ) == explicit
    assert find(None, environ) == named
    assert find(cwd, environ) == cwd / "lccmirror.toml"  # a folder stands for the one in it
    assert find() == cwd / "lccmirror.toml"
    (cwd / "lccmirror.toml").unlink()
    assert find() == user / "config.toml"
    (user / "config.toml").unlink()
    assert find() == system
    system.unlink()
    with pytest.raises(ConfigError) as caught:
        find()
    for place in (cwd / "lccmirror.toml", user / "config.toml", system):
        assert str(place) in caught.value.message


def test_a_named_configuration_that_is_not_there_is_not_replaced_by_another(
    tmp_path: Path,
) -> None:
    cwd, user, system = places(tmp_path)
    (cwd / "lccmirror.toml").touch()
    for explicit, environ, source in (
        (Path("x.toml"), {}, "--config"),
        (None, {"LCCMIRROR_CONFIG": "x.toml"}, "LCCMIRROR_CONFIG"),
        (user, {}, "is not a file"),
    ):
        with pytest.raises(ConfigError, match=source):
            find_config(explicit, environ, cwd, user_folder=lambda: user, system_file=system)


def test_importing_and_loading_costs_no_heavy_package(write: Write) -> None:
    path = write(search('kind = "ftsquery"\ntext = "RRab"\nevery = "1d"\n'))
    code = (
        "import sys; from pathlib import Path; from lccmirror.config import load_config;"
        "load_config(Path(sys.argv[1]));"
        "print({m.partition('.')[0] for m in sys.modules} & {'apscheduler', 'platformdirs',"
        "'requests', 'sqlite_utils', 'click', 'rich', 'ijson', 'numpy', 'difflib'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


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
