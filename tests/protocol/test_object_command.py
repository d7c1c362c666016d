"""`lccmirror object`: everything that is known of an object, on a terminal and as JSON."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lccmirror.cli.app import cli
from lccmirror.query import open_readonly, run_query
from tests.support.misbehaving import altered_result
from tests.support.site import Site

SETTINGS = '[objects]\nmirror = "all"\n'
FIXED = {"collection": "U20", "db_oid": "U20", "db_ra": "f8", "db_decl": "f8"}
GAIA = "2104882476121867776"
ODD = "red \x1b[31m alert\u202e"


@dataclass(frozen=True)
class Made:
    """A mirror, and what is in it."""

    site: Site
    objectid: str
    twin: str
    setid: str


def make(folder: Path) -> Made:
    """Make a mirror of two collections with an object that is in both."""
    with Site(folder, SETTINGS, objects=6) as site:
        first, second = site.server.surveys
        variable = next(o for o in first.objects if o.star.kind != "none")
        twin = first.objects[0].objectid
        if twin == variable.objectid:
            twin = first.objects[1].objectid
        setid = site.server.make_dataset(
            collections=[first.collection], columns=("sdssr", "objtype", "ndet", "starname")
        )
        for minute in range(12):
            site.server.make_table(
                {**FIXED, "remarks": "U9"},
                [
                    [first.collection, variable.objectid, variable.ra, variable.decl, "first"],
                    [
                        first.collection,
                        "beside",
                        variable.ra,
                        variable.decl + 0.002,
                        str(minute),
                    ],
                    [second.collection, twin, 1.0, 2.0, "south"],
                    [second.collection, "nowhere", None, None, "lost"],
                ],
                lczip=False,
            )
            site.clock.forward(60)

        def odd(result: dict[str, Any]) -> None:
            result.update(objectcomments=ODD, xmatch={"tic": {"id": 7}})
            result["objectinfo"]["gaia_ids"] = [GAIA]

        site.server.add(f"objectid={variable.objectid}&", altered_result(odd), times=None)
        site.sync()
        return Made(site, variable.objectid, twin, setid)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("objects"))


@pytest.fixture
def mirror(kept: Made, monkeypatch: pytest.MonkeyPatch) -> Made:
    monkeypatch.setenv("LCCMIRROR_CONFIG", str(kept.site.config.path))
    return kept


Run = Callable[..., Result]


@pytest.fixture
def run(mirror: Made) -> Run:
    def invoke(*args: str) -> Result:
        return CliRunner().invoke(cli, ("object", *args))

    return invoke


def known(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_everything_is_in_the_json(run: Run, mirror: Made) -> None:
    (one,) = known(run(mirror.objectid, "--json", "--radius", "10arcsec"))
    objectid, collection = mirror.objectid, "demo_field_a"
    assert (one["collection"], one["collection_id"]) == (collection, "demo-field-a")
    truth = next(o for o in mirror.site.server.surveys[0].objects if o.objectid == objectid)
    assert (one["ra"], one["decl"]) == (pytest.approx(truth.ra), pytest.approx(truth.decl))
    values = {each["name"]: each for each in one["catalog"]}
    assert values["sdssr"]["value"] == dict(truth.values)["sdssr"]
    assert (values["sdssr"]["unit"], values["sdssr"]["title"]) == ("mag", "r [mag]")
    assert one["ndatasets"] == 13
    assert len(one["datasets"]) == 10
    made = [each["created_on"] for each in one["datasets"]]
    assert made == sorted(made, reverse=True)
    assert one["nlightcurves"] == 1
    (curve,) = one["lightcurves"]
    assert (mirror.site.root / curve["path"]).is_file()
    assert objectid in curve["member"]
    assert curve["size"] > 100
    (beside,) = one["neighbours"]
    assert beside["objectid"] == "beside"
    assert beside["dist_arcsec"] == pytest.approx(7.2)
    assert beside["position_angle_deg"] == pytest.approx(0, abs=1e-6)
    told = one["told"]
    assert (told["state"], told["xmatch"], told["comments"]) == ("ok", {"tic": {"id": 7}}, ODD)
    assert [each["rank"] for each in told["periods"]] == [1, 2, 3]
    assert (mirror.site.root / told["finderchart"]).is_file()
    assert told["info"]["gls"]["periodogram"]["picture"] == "gls-periodogram"


def test_most_zero_shows_all(run: Run, mirror: Made) -> None:
    (one,) = known(run(mirror.objectid, "--json", "--most", "0", "--radius", "180deg"))
    assert len(one["datasets"]) == one["ndatasets"] == 13
    assert len(one["neighbours"]) == 7  # the other objects with a position, in both collections
    (one,) = known(run(mirror.objectid, "--json", "--most", "2", "--radius", "180deg"))
    assert (len(one["neighbours"]), one["more_neighbours"]) == (2, True)


@pytest.mark.parametrize("columns", ["80", "200"])
def test_it_fits_the_page_and_says_what_matters(
    run: Run, mirror: Made, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lccmirror.cli.object_show.is_terminal", lambda stream: True)
    monkeypatch.setenv("COLUMNS", columns)
    shown = run(mirror.objectid).stdout
    lines = shown.splitlines()
    # A path is never broken, so that it can be copied.
    paths = [line for line in lines if "objects/" in line or "datasets/" in line]
    chart = f"{mirror.site.root}/objects/demo_field_a/{mirror.objectid}-finderchart.png"
    assert max(len(line) for line in lines if line not in paths) <= int(columns)
    assert all(line == line.rstrip() for line in lines)
    assert lines[-1]
    for text in (
        f"{mirror.objectid} in demo_field_a (Demo field A)",
        "sdssr",
        "mag",
        "Datasets (13)",
        "… and 3 more (--most 0 shows all)",
        "Light curves (1)",
        "Neighbours within 30″",
        "7.2″",
        f"finder chart: {chart}",
        "variable",
        "gls",
    ):
        assert text in shown, text


def test_text_of_the_server_cannot_move_the_cursor(run: Run, mirror: Made) -> None:
    shown = run(mirror.objectid).stdout
    assert "red \\x1b[31m alert\\u202e" in " ".join(shown.split())
    asjson = run(mirror.objectid, "--json").stdout
    for text in (shown, asjson):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_an_object_of_two_collections_is_shown_once_for_each(run: Run, mirror: Made) -> None:
    one, two = known(run(mirror.twin, "--json"))
    assert (one["collection"], two["collection"]) == ("demo_field_a", "demo_field_b")
    assert (two["ra"], two["decl"]) == (1.0, 2.0)
    assert {each["name"] for each in two["catalog"] if each["value"] is not None} == {"remarks"}
    shown = run(mirror.twin).stdout
    assert f"{mirror.twin} in demo_field_a" in shown
    assert f"{mirror.twin} in demo_field_b" in shown
    for name in ("demo_field_b", "demo-field-b"):
        (only,) = known(run(mirror.twin, "--collection", name, "--json"))
        assert only == two


def test_an_object_without_a_position_has_no_neighbours(run: Run) -> None:
    shown = run("nowhere").stdout
    assert "no position is known" in shown
    assert "Neighbours" not in shown
    (one,) = known(run("nowhere", "--json"))
    assert (one["ra"], one["neighbours"], one["nlightcurves"]) == (None, [], 0)
    # The server knows no such object of its own.
    assert one["told"]["state"] == "missing"
    assert "the server has nothing of it" in shown
    assert "the mirror has none" in shown


def test_an_unknown_object_is_answered_with_the_nearest_names(run: Run, mirror: Made) -> None:
    for name in (mirror.objectid[:-1] + "z", mirror.objectid.lower()):
        result = run(name)
        assert result.exit_code == 2
        assert f"the mirror has no object {name}" in result.stderr
        assert mirror.objectid in result.stderr
    assert "`lccmirror cone` finds objects by position" in run("????????").stderr


def test_the_wrong_collection_is_told(run: Run, mirror: Made) -> None:
    result = run(mirror.objectid, "--collection", "demo_field_b")
    assert result.exit_code == 2
    assert "it is in demo_field_a" in result.stderr
    result = run(mirror.objectid, "--collection", "demo_field_x")
    assert "no such collection" in result.stderr
    assert "did you mean" in result.stderr


@pytest.mark.parametrize("radius", ["x", "-1", "0", "181deg", "5parsec"])
def test_a_radius_that_is_none_is_a_wrong_command_line(
    run: Run, mirror: Made, radius: str
) -> None:
    assert run(mirror.objectid, f"--radius={radius}").exit_code == 2


def test_all_pictures_are_written_on_request(run: Run, mirror: Made, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    result = run(mirror.objectid, "--png", str(folder))
    assert result.exit_code == 0
    assert f"6 pictures are in {folder}" in result.stderr
    names = {path.name for path in folder.iterdir()}
    assert names == {
        f"{mirror.objectid}-{name}.png"
        for name in (
            "finderchart",
            "magseries",
            "gls-periodogram",
            "gls-phasedlc0-plot",
            "gls-phasedlc1-plot",
            "gls-phasedlc2-plot",
        )
    }
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.iterdir())
    result = run("nowhere", "--png", str(folder))
    assert result.exit_code == 0
    assert "has no pictures of it" in result.stderr


def test_the_sql_of_the_documentation_answers(mirror: Made) -> None:
    text = (Path(__file__).parents[2] / "docs" / "objects.md").read_text("utf-8")
    (block,) = re.findall(r"^```sql\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    statements = [one for one in block.split(";") if one.strip()]
    assert len(statements) == 4
    with open_readonly(mirror.site.root) as catalog:
        variables, _, others, states = (
            list(run_query(catalog, statement).rows) for statement in statements
        )
    assert mirror.objectid in [row[1] for row in variables]
    assert (mirror.objectid, GAIA) in others
    assert "ok" in [row[0] for row in states]


def test_pictures_are_not_written_into_the_mirrors_own_folders(
    run: Run, mirror: Made, tmp_path: Path
) -> None:
    own = mirror.site.root / "objects" / "demo_field_a"
    before = {path.name: path.stat().st_ino for path in own.iterdir()}
    link = tmp_path / "link"
    link.symlink_to(own)
    for folder in (own, link, own / "new"):
        result = run(mirror.objectid, "--png", str(folder))
        assert result.exit_code == 2
        assert "in the mirror's own folder objects" in result.stderr
    assert {path.name: path.stat().st_ino for path in own.iterdir()} == before


def test_a_picture_replaces_a_file_whole_and_is_not_written_into_it(
    run: Run, mirror: Made, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / f"{mirror.objectid}-magseries.png").hardlink_to(elsewhere)
    assert run(mirror.objectid, "--png", str(folder)).exit_code == 0
    assert elsewhere.read_text() == "mine"
    assert len(list(folder.iterdir())) == 6


def test_pictures_of_damaged_information_are_an_error(tmp_path: Path, mirror: Made) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(mirror.site.root, copy)
    config = tmp_path / "lccmirror.toml"
    config.write_text(
        f'[server]\nurl = "https://data.example.org"\n[mirror]\nroot = "{copy}"\n'
    )
    path = copy / f"objects/demo_field_a/{mirror.objectid}.json.gz"
    args = ("-c", str(config), "object", mirror.objectid, "--png", str(tmp_path / "out"))
    path.write_bytes(path.read_bytes()[:-9])
    for _ in range(2):
        result = CliRunner().invoke(cli, args)
        assert result.exit_code == 65
        assert "verify --repair" in result.stderr
        path.unlink(missing_ok=True)


def test_searches_that_have_it_or_had_it_are_named(run: Run, mirror: Made) -> None:
    with mirror.site.writing() as conn:
        for name in ("has_it", "had_it", "never"):
            conn.execute(
                "INSERT INTO searches (name, kind, params, schedule, enabled, first_seen) "
                "VALUES (?, 'xmatch', '{}', '', 1, '')",
                (name,),
            )
        key = ("demo_field_a", mirror.objectid)
        runs = [("has_it", "added"), ("had_it", "added"), ("had_it", "removed")]
        for number, (search, change) in enumerate(runs, start=1):
            conn.execute(
                "INSERT INTO search_runs (id, search, started, finished, state, params, data, "
                "deadline_s) VALUES (?, ?, '', ?, 'ok', '{}', '{}', 1)",
                (number, search, f"2026-01-0{number}T00:00:00.000000Z"),
            )
            conn.execute(
                "INSERT INTO search_changes VALUES (?, ?, ?, ?, ?)",
                (number, search, change, *key),
            )
        conn.execute("INSERT INTO search_members VALUES ('has_it', ?, ?)", key)
    (one,) = known(run(mirror.objectid, "--json"))
    assert [
        (s["name"], s["found"], s["change"], s["changed_at"][:10]) for s in one["searches"]
    ] == [
        ("had_it", False, "removed", "2026-01-03"),
        ("has_it", True, "added", "2026-01-01"),
    ]
    shown = run(mirror.objectid).stdout
    assert "Saved searches (2)" in shown
    assert "removed 2026-01-03" in shown


def test_light_curves_that_are_not_here_are_told_with_the_reason(
    run: Run, mirror: Made
) -> None:
    with mirror.site.writing() as conn:
        conn.execute(
            "INSERT INTO missing_lightcurves VALUES ('demo_field_a', 'beside', ?, "
            "'the server has none of it', '2026-01-01T00:00:00Z')",
            (mirror.setid,),
        )
        conn.execute(
            "INSERT INTO lightcurve_attempts VALUES ('demo_field_a', 'beside', 2, "
            "'2026-02-01T00:00:00.000000Z', 'cut off')"
        )
    shown = " ".join(run("beside").stdout.split())
    assert (
        f"not here: dataset {mirror.setid}: the server has none of it (since 2026-01-01)"
        in shown
    )
    assert "not here: cut off; next try 2026-02-01T00:00:00Z" in shown


def test_a_mirror_that_does_not_ask_says_nothing_of_the_server(
    tmp_path: Path, mirror: Made
) -> None:
    config = tmp_path / "lccmirror.toml"
    lines = f'[server]\nurl = "https://data.example.org"\n[mirror]\nroot = "{tmp_path / "m"}"\n'
    config.write_text(lines)
    shutil.copytree(mirror.site.root, tmp_path / "m")
    args = ("-c", str(config), "object", mirror.objectid)
    assert "From the server" in CliRunner().invoke(cli, args).stdout
    conn = sqlite3.connect(tmp_path / "m" / "catalog.sqlite")
    with conn:
        conn.execute("DELETE FROM object_info")
    conn.close()
    assert "From the server" not in CliRunner().invoke(cli, args).stdout
    config.write_text(lines + SETTINGS)
    assert "not asked about this object yet" in CliRunner().invoke(cli, args).stdout
