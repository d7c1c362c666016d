"""The configuration: found and read."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lccmirror.config import find_config, load_config
from lccmirror.errors import ConfigError
from tests.support.configuration import MINIMAL, Write, saved_search


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


def test_more_than_the_disk_can_hold_is_warned_of(write: Write) -> None:
    config = load_config(write(f'{MINIMAL}max_bytes = "8 EB"\n'))
    assert ["mirror.max_bytes" in warning for warning in config.warnings] == [True]


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
        (user, {}, "is a folder without lccmirror.toml"),
    ):
        with pytest.raises(ConfigError, match=source):
            find_config(explicit, environ, cwd, user_folder=lambda: user, system_file=system)


def test_importing_and_loading_costs_no_heavy_package(write: Write) -> None:
    path = write(saved_search('kind = "ftsquery"\ntext = "RRab"\nevery = "1d"\n'))
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


def test_a_named_configuration_that_cannot_be_looked_at_says_why(tmp_path: Path) -> None:
    # As in a folder that is closed to us, of which root, whom tests may run as, knows none.
    long = tmp_path / ("x" * 300)
    path = find_config(long, {}, tmp_path)
    with pytest.raises(ConfigError, match="cannot read the configuration: File name too long"):
        load_config(path)


def test_a_folder_for_the_metrics_that_cannot_be_looked_at_is_warned_of(write: Write) -> None:
    told = f'[metrics]\ntextfile = "/{"x" * 300}/a.prom"\n'
    (warning,) = load_config(write(MINIMAL + told)).warnings
    assert warning.endswith("is not there, or is closed to us")


@pytest.mark.parametrize("setting", ["[keys]\ndir", "[metrics]\ntextfile"])
def test_a_link_that_leads_to_itself_is_no_bug(
    write: Write, tmp_path_factory: pytest.TempPathFactory, setting: str
) -> None:
    link = tmp_path_factory.mktemp("elsewhere") / "me"
    link.symlink_to("me")
    assert load_config(write(f'{MINIMAL}{setting} = "{link}/a.prom"\n'), thorough=False)
