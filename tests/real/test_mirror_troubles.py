"""A cycle against the genuine server goes on when its key ends, its address moves, or 429."""

from __future__ import annotations

from pathlib import Path

from tests.real.basedir import revoke_keys, use_up_allowance
from tests.real.clones import add_hidden, add_public
from tests.real.conftest import ServerMaker
from tests.real.mirroring import Hurry, Once, RealMirror
from tests.real.relay import Relay
from tests.real.seed import Seeder, wait_until_complete
from tests.real.truth import Truth

# Each of two workers once; and once more where an answer has no body, so that nothing says
# whether it is the key, or the server that could not look it up.
MOST_REFUSED = 4
# 300 a minute, and 600 as the server's limit for an anonymous key.
LIMITED_RPM = 540


def check_mirrored(mirror: RealMirror, basedir: Path, setids: list[str]) -> None:
    """Compare datasets of CSVs with the server's own files."""
    mirror.check_sound()
    truth = Truth(basedir)
    assert {mirror.states()[setid] for setid in setids} == {"mirrored"}
    for setid in setids:
        ours = mirror.file(setid, "csv").read_bytes()
        assert ours == truth.products(setid).csv.read_bytes()


def test_a_key_that_ends_in_the_middle_of_a_cycle_is_renewed_once(
    make_server: ServerMaker, tmp_path: Path
) -> None:
    server = make_server()
    setids = add_public(server, 30)
    with Relay(server.port) as relay:
        mirror = RealMirror(tmp_path, relay.url)
        report = mirror.sync(Once(10, lambda: revoke_keys(server.basedir)))
    refused = [one for one in relay.passed if one.status == 401]
    keys = [one for one in relay.passed if one.path == "/api/key"]
    print(f"{report.summary()}; refused {len(refused)}, keys {len(keys)}")
    assert (report.exit_code, report.mirrored) == (0, 30)
    assert [event.kind for event in mirror.keys] == ["renewed", "renewed"]
    assert len(keys) == 2
    assert 1 <= len(refused) <= MOST_REFUSED
    check_mirrored(mirror, server.basedir, setids)


def test_a_move_to_another_address_costs_one_new_key(
    make_server: ServerMaker, tmp_path: Path
) -> None:
    server = make_server()
    setids = add_public(server, 30)
    with Relay(server.port) as relay:
        mirror = RealMirror(tmp_path, relay.url)

        def move() -> None:
            relay.source = "127.0.0.2"

        report = mirror.sync(Once(10, move))
    refused = [one for one in relay.passed if one.status == 401]
    keys = [one for one in relay.passed if one.path == "/api/key"]
    print(f"{report.summary()}; refused {len(refused)}, keys {len(keys)}")
    assert (report.exit_code, report.mirrored) == (0, 30)
    assert len(keys) == len(mirror.keys) == 2
    assert 1 <= len(refused) <= MOST_REFUSED
    check_mirrored(mirror, server.basedir, setids)


def test_a_storm_of_429_ends_in_a_complete_mirror_under_the_same_key(
    make_server: ServerMaker, tmp_path: Path
) -> None:
    server = make_server(rate_limit_active=True)
    setids = add_public(server, 40)
    hurry = Hurry(longest_s=4.0)
    with Relay(server.port) as relay:
        mirror = RealMirror(tmp_path, relay.url, mirror='products = ["csv"]')

        def burst() -> None:
            # However slow this machine is: somebody else uses up the key's allowance.
            use_up_allowance(server.basedir, for_s=6)

        report = mirror.sync(Once(10, burst), timing=hurry.timing())
    limited = [one for one in relay.passed if one.status == 429]
    asked_for = [seconds for seconds in hurry.waited if seconds > 60]
    print(f"{report.summary()}; 429: {len(limited)}, waits of over a minute {asked_for}")
    assert (report.exit_code, report.mirrored) == (0, 40)
    assert limited
    # as long as the server asks for, and never a new key to escape it
    assert asked_for
    assert max(asked_for) <= 120 + 60
    assert len([one for one in relay.passed if one.path == "/api/key"]) == 1
    # when one is refused nobody else goes on
    assert report.requests == len(relay.passed)
    check_mirrored(mirror, server.basedir, setids)


def test_a_public_dataset_behind_a_crowd_of_hidden_ones_is_not_missed(
    make_server: ServerMaker, tmp_path: Path
) -> None:
    server = make_server(rate_limit_active=True)
    public = add_public(server, 799)
    truth = Truth(server.basedir)
    created = {each.setid: each.created_on for each in truth.datasets()}
    wanted = public[-20:]
    with Relay(server.port) as relay:
        mirror = RealMirror(
            tmp_path,
            relay.url,
            requests_per_minute=LIMITED_RPM,
            mirror='products = ["csv"]',
            select=f'not_before = "{created[wanted[0]]}Z"',
        )
        first = mirror.sync()
        assert (first.exit_code, len(first.poll.new), first.mirrored) == (0, 799, 20)
        assert mirror.states().keys() == set(public)
        newest = Seeder(server.url).make_small(1)
        wait_until_complete(server.basedir, newest)
        hidden = add_hidden(server, 300)
        assert [each.setid for each in truth.datasets(visibilities=None)][300] == (
            newest[0].setid
        )
        assert len(truth.datasets(visibilities=None)) == 1100
        before = len(relay.passed)
        second = mirror.sync()
        asked = [one.target for one in relay.since(before)]
        idle = [mirror.sync() for _ in range(2)]
    print(first.summary(), second.summary(), idle[0].summary(), asked, sep="\n")
    assert second.poll.new == [newest[0].setid]
    assert (second.exit_code, second.mirrored, second.poll.gap) == (0, 1, None)
    assert mirror.states().keys() == {*public, newest[0].setid}
    assert not mirror.states().keys() & set(hidden)
    assert [(one.requests, one.received_bytes) for one in idle] == [(2, 0), (2, 0)]
    assert [one.status for one in relay.passed if one.status == 429] == []
    check_mirrored(mirror, server.basedir, [*wanted, newest[0].setid])
