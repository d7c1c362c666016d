"""What a hostile server put into every text reaches no terminal as it is, whatever is asked."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from lccmirror.cli.app import cli
from tests.faults.fault import NASTY
from tests.support import misbehaving as wrong
from tests.support.site import Site

SEARCH = (
    '\n[[search]]\nname = "mine"\nkind = "columnsearch"\nfilters = "ndet > 0"\nevery = "1h"\n'
)
STAR = "nasty-star"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("printed"), SEARCH, objects=2, points=(2, 3)) as site:
        server = site.server
        collection = server.surveys[0].collection
        kinds = {"collection": "U20", "db_oid": "U20", "db_ra": "f8", "db_decl": "f8"}
        text = NASTY.replace("\r\n", " ")
        server.make_table({**kinds, "remarks": "U99"}, [[collection, STAR, 10.0, 10.0, text]])
        broken = server.make_dataset()
        server.add("/api/datasets", wrong.altered_result(_items), times=None)
        server.add("/api/collections", wrong.altered_result(_lists), times=None)
        failed = json.dumps({"status": "failed", "message": NASTY, "result": None}).encode()
        server.add(f"/set/{broken}", wrong.body(failed), times=None)
        site.sync()
        yield site


def _items(items: Any) -> None:
    for one in items:
        one |= dict.fromkeys(("name", "description", "citation", "query_type"), NASTY)
        one["query_params"] = json.dumps({"text": NASTY})


def _lists(result: Any) -> None:
    lists = result["collections"]
    for name in ("name", "description", "citation", "project"):
        lists[name] = [NASTY for _ in lists["name"]]
    for columns in lists["columnjson"]:
        for one in columns.values():
            one |= {"title": NASTY, "description": NASTY}


# Whether what the server wrote is in what they say.
COMMANDS = {
    "status": True,
    "query -t 'select * from datasets'": True,
    "query -t 'select * from dataset_rows'": True,
    "query -t 'select * from objects'": True,
    "query -t 'select * from collections'": True,
    "query -t 'select * from columns'": True,
    "query -t 'select * from work'": True,
    "query -t 'select * from sync_log'": False,
    "cone 10 10 5 -t": False,
    "find -t owned": True,
    f"object {STAR}": True,
    f"lc {STAR}": False,
    "search list -t": False,
    "search changes mine -t": False,
    "sync --dry-run": True,
    "sync": True,
    "verify": False,
    "prune --dry-run": False,
    "key show": False,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_control_character_reaches_a_terminal(site: Site, command: str) -> None:
    words = ["--config", str(site.config.path), *shlex.split(command)]
    done = CliRunner().invoke(cli, words)
    # there is no light curve of that object
    assert done.exit_code in ((2,) if command == f"lc {STAR}" else (0, 1)), done.output
    assert ("owned" in done.output) == COMMANDS[command]
    odd = [line for line in done.output.split("\n") if not line.isprintable()]
    assert odd == []


def test_the_texts_are_there(site: Site) -> None:
    assert site.sql("SELECT count(*) FROM datasets WHERE name = ?", NASTY) == [(2,)]
    assert site.sql("SELECT count(*) FROM work WHERE last_error LIKE '%owned%'") == [(1,)]
    assert site.sql("SELECT count(*) FROM objects WHERE remarks LIKE ?", "%\x1b%") == [(1,)]
