"""The genuine server's answer about objects, where no checkplot server is behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lccmirror.errors import NotFound
from lccmirror.sync.connect import connect
from tests.real.conftest import ServerMaker
from tests.real.mirroring import RealMirror
from tests.real.relay import Relay
from tests.real.searches import everything_in
from tests.real.seed import Seeder, wait_until_complete


def test_an_object_without_a_checkplot_is_a_state_and_not_asked_for_again(
    make_server: ServerMaker, tmp_path: Path
) -> None:
    server = make_server()
    made = Seeder(server.url).make(everything_in("synth_beta", ("sdssr",)))
    wait_until_complete(server.basedir, [made])
    with Relay(server.port) as relay:
        mirror = RealMirror(tmp_path, relay.url, objects='mirror = "all"\nper_cycle = 20')
        report = mirror.sync()
        asked = [one for one in relay.passed if "/object" in one.path]
        assert (report.exit_code, report.failed, report.mirrored) == (0, {}, 1)
        # Its API says so itself: the other path of the documentation is not tried.
        assert [one.status for one in asked] == [404] * 20
        assert mirror.sql("SELECT state, count(*), min(attempts) FROM object_info") == [
            ("missing", 20, 1)
        ]
        for (why,) in mirror.sql("SELECT last_error FROM object_info"):
            assert "could not find information for object SYB-" in why
        again = mirror.sync()
        asked = [one for one in relay.passed if "/object" in one.path]
        # The next twenty, none of the first.
        assert (again.exit_code, len(asked)) == (0, 40)
        assert len({one.target for one in asked}) == 40
    mirror.check_sound()


def test_an_object_of_no_collection_is_not_found(
    make_server: ServerMaker, tmp_path: Path
) -> None:
    server = make_server()
    mirror = RealMirror(tmp_path, server.url)
    with connect(mirror.config) as client, pytest.raises(NotFound) as caught:
        client.object_info("nobody", "synth_beta")
    assert caught.value.by_api
