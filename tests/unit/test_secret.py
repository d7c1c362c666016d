"""A Secret is shown by nothing but `reveal`."""

from __future__ import annotations

import copy
import dataclasses
import logging
import pickle

import pytest

from lccmirror.server import ApiKey, Secret

TEXT = "s3cr3t-s3cr3t"


@pytest.mark.parametrize(
    "shown",
    [
        str(Secret(TEXT)),
        repr(Secret(TEXT)),
        f"{Secret(TEXT)}",
        f"{Secret(TEXT):>40}",
        f"{Secret(TEXT)!r}",
        "%s" % Secret(TEXT),  # noqa: UP031  # the way logging writes it
        str([Secret(TEXT)]),
        str(vars(ValueError(Secret(TEXT)))),
        str(ValueError(Secret(TEXT))),
        repr(ApiKey(Secret(TEXT), None, "account", "https://host")),
        str(dataclasses.asdict(ApiKey(Secret(TEXT), None, "account", "https://host"))),
    ],
)
def test_no_way_of_writing_shows_it(shown: str) -> None:
    assert TEXT not in shown


def test_a_log_line_does_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").debug("key %s %r", Secret(TEXT), Secret(TEXT))
    assert "(secret)" in caplog.text
    assert TEXT not in caplog.text


def test_it_cannot_be_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(TEXT))


def test_reveal_gives_the_text_also_of_a_copy() -> None:
    assert copy.deepcopy(Secret(TEXT)).reveal() == TEXT
    assert copy.copy(Secret(TEXT)).reveal() == TEXT


def test_secrets_are_compared_by_their_text() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert Secret(TEXT) != Secret("other")
    assert Secret(TEXT) != TEXT
    assert len({Secret(TEXT), Secret(TEXT)}) == 1
