"""The example configuration and what `init` writes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import certifi
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.config import Config, NotifyConfig, SearchConfig, load_config
from lccmirror.config_model import TABLES, Table
from lccmirror.config_template import example_text, render_config, toml_string
from lccmirror.errors import ConfigError, UsageError

TOP = Path(__file__).parents[2]


def uncommented() -> str:
    """Return the example with every setting in it made."""
    return re.sub(r"^#(?=[^ \n])", "", example_text(), flags=re.MULTILINE)


def write(folder: Path, text: str) -> Path:
    path = folder / "lccmirror.toml"
    path.write_text(text, encoding="utf-8")
    return path


def load_uncommented(folder: Path) -> Config:
    (folder / "hat-key.json").touch(mode=0o600)
    (folder / "observatory-ca.pem").write_text(Path(certifi.where()).read_text("utf-8"))
    (folder / "webhook-address").touch(mode=0o600)
    (folder / "targets.txt").write_text("HAT-1 291.366 42.784\n")
    return load_config(write(folder, uncommented().replace('root = "."', 'root = "mirror"')))


def test_the_example_at_the_top_is_the_one_in_the_package() -> None:
    assert (TOP / "config.example.toml").read_text(encoding="utf-8") == example_text()


def test_the_example_is_valid_as_it_stands(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, example_text()))
    assert config.mirror.root == tmp_path
    assert config.searches == ()
    assert config.warnings == ()


def test_the_example_is_valid_with_every_setting_made(tmp_path: Path) -> None:
    config = load_uncommented(tmp_path)
    assert {search.kind for search in config.searches} == {
        "conesearch",
        "ftsquery",
        "columnsearch",
        "xmatch",
    }


@pytest.mark.parametrize("name", TABLES)
def test_the_example_has_every_key_with_its_default(name: str) -> None:
    written = tomllib.loads(uncommented())[name]
    fields = msgspec.structs.fields(TABLES[name])
    assert set(written) == {field.encode_name for field in fields}


def test_the_example_shows_the_real_defaults(tmp_path: Path) -> None:
    written = load_uncommented(tmp_path)
    defaults = load_config(write(tmp_path, example_text()))
    for name in TABLES:
        for field in msgspec.structs.fields(TABLES[name]):
            # Where nothing is set by default, an example is shown.
            if not field.required and field.default not in (None, ()):
                shown = getattr(getattr(written, name), field.name)
                assert shown == getattr(getattr(defaults, name), field.name), field.name


def test_the_example_has_every_key_of_a_search() -> None:
    written = {key for search in tomllib.loads(uncommented())["search"] for key in search}
    assert written == {field.encode_name for field in msgspec.structs.fields(SearchConfig)}


def test_the_example_has_every_key_of_who_is_told() -> None:
    written = {key for one in tomllib.loads(uncommented())["notify"] for key in one}
    assert written == {field.encode_name for field in msgspec.structs.fields(NotifyConfig)}


def test_every_setting_has_words_of_its_own() -> None:
    """A key stands below a line of prose, or below other keys that share it."""
    lines = example_text().splitlines()
    for number, line in enumerate(lines):
        if re.match(r"#?[a-z_]+ = ", line) and not line.startswith("#name"):
            before = lines[number - 1]
            assert before.startswith("# ") or re.match(r"#(\[\[|[a-z_]+ = | )|[a-z]", before), (
                line
            )


def test_all_values_are_of_the_types_the_structs_promise(tmp_path: Path) -> None:
    config = load_uncommented(tmp_path)
    structs: list[Table] = [getattr(config, name) for name in TABLES]
    for struct in [*structs, *config.searches]:
        for field in msgspec.structs.fields(type(struct)):
            value = getattr(struct, field.name)
            converted = msgspec.convert(value, field.type, dec_hook=lambda _, same: same)
            assert type(converted) is type(value), field.name


def test_init_s_file_names_the_server_and_the_root(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, render_config("http://127.0.0.1:5000", "my mirror")))
    assert config.server.url == "http://127.0.0.1:5000"
    assert config.mirror.root == tmp_path / "my mirror"
    assert render_config("https://data.hatsurveys.org") == example_text()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_escaped_for_toml(text: str) -> None:
    assert tomllib.loads(f"x = {toml_string(text)}") == {"x": text}


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(max_size=5))
def test_no_url_or_root_can_add_a_setting(url: str, root: str) -> None:
    written = tomllib.loads(render_config(url, root))
    assert written == {
        "server": {"url": url},
        "mirror": {"root": root},
        **{name: {} for name in TABLES if name not in ("server", "mirror")},
    }


def test_a_path_that_is_not_utf_8_cannot_be_written() -> None:
    with pytest.raises(UsageError):
        render_config("https://lcc.example.org", "\udcff")


def test_a_url_is_checked_when_the_file_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape("server.url")):
        load_config(write(tmp_path, render_config('x"\n[evil]\n')))
