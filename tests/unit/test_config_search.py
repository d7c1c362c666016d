"""Saved searches in the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from lccmirror.config import SearchConfig, load_config
from lccmirror.errors import ConfigError

BASE = '[server]\nurl = "https://lcc.example.org"\n[mirror]\nroot = "."\n'
CONE = 'kind = "conesearch"\ncenter = [10, 10]\n'


def load(tmp_path: Path, *searches: str, account: bool = False) -> tuple[SearchConfig, ...]:
    text = BASE
    if account:
        (tmp_path / "key.json").touch(mode=0o600)
        text = text.replace("[mirror]", 'api_key_file = "key.json"\n[mirror]')
    for number, search in enumerate(searches):
        name = "" if "name =" in search else f'name = "s{number}"\n'
        text += f"[[search]]\n{name}{search}"
    path = tmp_path / "lccmirror.toml"
    path.write_text(text)
    return load_config(path).searches


def mistakes(tmp_path: Path, *searches: str) -> list[str]:
    """Return the mistakes as ``key: message``, without their lines."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, *searches)
    lines = [line for line in caught.value.message.splitlines() if line[0] != " "]
    return [
        line.removeprefix(f"{tmp_path / 'lccmirror.toml'}:").split(": ", 1)[1] for line in lines
    ]


def test_the_four_searches_of_the_documentation(tmp_path: Path) -> None:
    (tmp_path / "targets.txt").write_text("HAT-1 291.366 42.784\n")
    columnsearch, cone, fts, xmatch = load(
        tmp_path,
        """name = "bright_movers"
kind = "columnsearch"
filters = "sdssr < 13.0 and propermotion > 50"
columns = ["sdssr", "propermotion"]
collections = ["hatnet_keplerfield"]
sort = ["sdssr", "asc"]
limit = 1000
cron = "0 4 * * *"
""",
        """kind = "conesearch"
center = "19:25:27.9 +42:47:03.7"
radius_arcmin = 30
every = "6h"
""",
        'kind = "ftsquery"\ntext = "RRab"\non_new_data = true\n',
        'kind = "xmatch"\nfile = "targets.txt"\nevery = "1d"\n',
    )
    assert columnsearch.name == "bright_movers"
    assert columnsearch.server_filters() == "(sdssr lt 13.0) and (propermotion gt 50)"
    assert columnsearch.sort == (("sdssr", "asc"),)
    assert columnsearch.cron == "0 4 * * *"
    assert cone.center == pytest.approx((291.36625, 42.784361111))
    assert cone.radius_arcmin == 30
    assert cone.every_s == 21_600
    assert cone.server_filters() is None
    assert fts.text == "RRab"
    assert fts.on_new_data
    assert fts.visibility == "unlisted"
    assert xmatch.file == tmp_path / "targets.txt"
    # What the server takes when no radius is given is said, not left to it.
    assert (xmatch.radius_arcsec, xmatch.radius_arcmin) == (3.0, None)


def test_a_cone_without_a_radius_has_the_server_s(tmp_path: Path) -> None:
    (cone,) = load(tmp_path, CONE + 'every = "1h"\n')
    assert cone.radius_arcmin == 5.0


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ('kind = "conesearch"\n', "center: missing; a conesearch needs it"),
        ('kind = "ftsquery"\n', "text: missing; a ftsquery needs it"),
        ('kind = "columnsearch"\n', "filters: missing; a columnsearch needs it"),
        ('kind = "xmatch"\n', "file: missing; a xmatch needs it"),
        (CONE + 'text = "RRab"\n', "text: only for kind ftsquery"),
        (CONE + "sesame = true\n", "sesame: only for kind ftsquery"),
        (CONE + "radius_arcsec = 3\n", "radius_arcsec: only for kind xmatch"),
        (CONE + "radius_arcmin = 60.5\n", "radius_arcmin: must be above 0 and at most 60"),
        (CONE + 'radius_arcmin = "5"\n', "radius_arcmin: expected a number"),
        ('kind = "xmatch"\nfile = "t"\nradius_arcsec = 30\n', "radius_arcsec: must be above 0"),
        ('kind = "conesearch"\ncenter = "M 31"\n', "center: not a position"),
        ('kind = "conesearch"\ncenter = [-5, 10]\n', "center: right ascension"),
        ('kind = "conesearch"\ncenter = [1, 2, 3]\n', "center: expected a position"),
        ('kind = "ftsquery"\ntext = "RR"\n', "text: the server takes 3 to 1024"),
        (f'kind = "ftsquery"\ntext = "{"x" * 1025}"\n', "text: the server takes 3 to 1024"),
        # The server counts what its HTML escaping makes of it.
        (f'kind = "ftsquery"\ntext = """{"x" * 1015} "y" """\n', "text: the server takes 3"),
        ('kind = "ftsquery"\ntext = "a\\nbc"\n', "text: no line breaks"),
        ('kind = "coneserch"\n', "kind: 'coneserch' is not one of"),
        (CONE + 'filters = "a <"\n', "filters: at the end"),
        (CONE + 'sort = "sdssr"\n', "sort: expected"),
        (CONE + 'sort = ["sdssr"]\n', "sort: expected"),
        (CONE + 'sort = ["sdssr", "up"]\n', "sort: the order is asc or desc"),
        (CONE + 'sort = [["a", "asc"], ["a", "desc"]]\n', "sort: the same column twice"),
        (CONE + "limit = 0\n", "limit: expected a whole number >= 1, not 0"),
        (CONE + "sample = -1\n", "sample: expected a whole number >= 1, not -1"),
        (CONE + "sample = 1.5\n", "sample: expected a whole number, not 1.5"),
        (CONE + 'visibility = "privat"\n', "visibility: 'privat' is not one of"),
        (CONE + 'visibility = "private"\n', "visibility: private needs server.api_key_file"),
        (CONE + 'visibility = "shared"\n', "visibility: shared needs server.api_key_file"),
        (CONE + "email_when_done = true\n", "email_when_done: needs an account"),
        (CONE + 'columns = ["a b"]\n', 'columns: "a b" cannot be a column'),
        (CONE + 'collections = ["a-b", "a_b"]\n', 'collections: "a_b" is there twice'),
        (CONE + 'timezone = "UTC"\n', "timezone: only with cron"),
        (CONE + 'collections = ["hatnet_*"]\n', 'collections: "hatnet_*" cannot be'),
    ],
)
def test_a_mistake_in_a_search_is_the_only_one_reported(
    tmp_path: Path, search: str, expected: str
) -> None:
    (tmp_path / "t").write_text("a 1 1\n")
    (found,) = mistakes(tmp_path, search + 'every = "1h"\n')
    assert found.startswith(f"search[0].{expected}")


def test_sorts_of_one_and_of_several_columns(tmp_path: Path) -> None:
    one, several = load(
        tmp_path,
        CONE + 'sort = ["a", "DESC"]\nevery = "1h"\n',
        CONE + 'sort = [["a", "asc"], ["b", "desc"]]\nevery = "1h"\n',
    )
    assert one.sort == (("a", "desc"),)
    assert several.sort == (("a", "asc"), ("b", "desc"))


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("", "every: missing; a search needs one of every, cron or on_new_data = true"),
        ("on_new_data = false\n", "every: missing"),
        ('every = "1h"\ncron = "0 4 * * *"\n', "cron: only one of"),
        ('every = "1h"\non_new_data = true\n', "on_new_data: only one of"),
        ('every = "14m"\n', "every: runs 14m apart"),
        ('cron = "*/5 * * * *"\n', "cron: runs 5m apart"),
        ('cron = "0,50 0,23 * * *"\n', "cron: runs 10m apart"),
        ('cron = "daily"\n', "cron: expected 5 fields"),
        ('cron = "0 25 * * *"\n', "cron: not a crontab expression"),
        ('cron = "0 0 31 2 *"\n', "cron: this day never comes"),
        ('cron = "0 0 1 * 1"\n', "cron: a day of the month together with"),
        ("every = true\n", "every: expected a duration"),
        ('cron = "0 4 * * *"\ntimezone = "Kepler"\n', 'timezone: "Kepler" is no time zone'),
        ('cron = "0 4 * * *"\ntimezone = "../etc/passwd"\n', "timezone: "),
    ],
)
def test_a_search_has_one_schedule_and_not_too_often(
    tmp_path: Path, schedule: str, expected: str
) -> None:
    (found,) = mistakes(tmp_path, CONE + schedule)
    assert found.startswith(f"search[0].{expected}")


@pytest.mark.parametrize("schedule", ['every = "1m"', 'cron = "*/5 * * * *"'])
def test_more_often_is_possible_when_insisted_on(tmp_path: Path, schedule: str) -> None:
    (search,) = load(tmp_path, f"{CONE}{schedule}\nallow_frequent = true\n")
    assert search.allow_frequent


def test_a_collection_s_path_form_is_put_right(tmp_path: Path) -> None:
    (search,) = load(tmp_path, CONE + 'collections = ["hatnet-dr2", "kelt"]\nevery = "1h"\n')
    assert search.collections == ("hatnet_dr2", "kelt")


def test_private_and_mail_are_for_accounts(tmp_path: Path) -> None:
    (search,) = load(
        tmp_path,
        CONE + 'visibility = "private"\nemail_when_done = true\nevery = "1h"\n',
        account=True,
    )
    assert search.visibility == "private"


def test_names_of_searches_are_unique_as_views_are(tmp_path: Path) -> None:
    every = 'every = "1h"\n'
    (found,) = mistakes(
        tmp_path, f'name = "movers"\n{CONE}{every}', f'name = "Movers"\n{CONE}{every}'
    )
    assert found == "search[1].name: search[0] has this name already"


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", 'a"b', "ä", "x" * 57, "a;drop"])
def test_a_search_s_name_is_fit_for_a_view(tmp_path: Path, name: str) -> None:
    written = name.replace('"', '\\"')
    (found,) = mistakes(tmp_path, f'name = "{written}"\n{CONE}every = "1h"\n')
    assert found.startswith("search[0].name: ")


def test_a_list_of_targets_is_checked_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "targets.txt").write_text("a 1 1\na 2 2\nb 0 1\n")
    search = 'kind = "xmatch"\nfile = "targets.txt"\nevery = "1h"\n'
    first, second = mistakes(tmp_path, search)
    assert first.startswith(f"search[0].file: {tmp_path / 'targets.txt'}:2: a is already")
    assert second.startswith(f"search[0].file: {tmp_path / 'targets.txt'}:3: the server drops")
    (tmp_path / "targets.txt").unlink()
    (missing,) = mistakes(tmp_path, search)
    assert "No such file" in missing


def test_one_search_s_mistakes_do_not_hide_another_s(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path, CONE + 'every = "1m"\nlimit = 0\nfrob = 1\n', 'kind = "ftsquery"\n'
    )
    assert [one.split(":")[0] for one in found] == [
        "search[0].every",
        "search[0].limit",
        "search[0].frob",
        "search[1].text",
        "search[1].every",
    ]
