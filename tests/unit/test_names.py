"""Names from a server: none becomes a path, an identifier or a terminal's command."""

from __future__ import annotations

import sqlite3
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.errors import FormatError
from lccmirror.names import checked_component, checked_setid, printable, quote_identifier

HOSTILE = ["", ".", "..", "a/b", "../x", "a\0b", "n" * 300, "a b", "a\nb", "a~b", "ä", "C:x"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_refused(text: str) -> None:
    for check in (checked_setid, checked_component):
        with pytest.raises(FormatError) as caught:
            check(text)
        assert caught.value.message.isprintable()
        assert len(caught.value.message) < 400


@pytest.mark.parametrize("value", [None, 5, b"abc", ["abc"], 1.5])
def test_what_is_no_text_is_refused(value: object) -> None:
    for check in (checked_setid, checked_component):
        with pytest.raises(FormatError):
            check(value)


def test_of_what_is_no_text_little_is_told() -> None:
    class Long(list[str]):
        def __str__(self) -> str:
            raise AssertionError("a text of all of it")

    with pytest.raises(FormatError):
        checked_setid(Long(["x" * 1000] * 1000))


@given(st.text(alphabet=st.characters() | st.sampled_from("./\\~\0-_ aZ9")))
def test_what_passes_is_one_component_below_any_folder(text: str) -> None:
    for check in (checked_setid, checked_component):
        try:
            name = check(text)
        except FormatError:
            continue
        assert name == text
        assert PurePosixPath("/root", name).parts == ("/", "root", name)
        assert name not in (".", "..")
        assert name.isascii()


@given(st.from_regex(r"[A-Za-z0-9_-]{11}", fullmatch=True))
def test_every_setid_that_the_server_makes_passes(setid: str) -> None:
    assert checked_setid(setid) == setid


@given(st.text(min_size=1))
def test_a_quoted_identifier_is_that_name_and_nothing_else(name: str) -> None:
    try:
        quoted = quote_identifier(name)
        name.encode()
    except (FormatError, UnicodeEncodeError):
        assert "\0" in name or not name.isprintable()
        return
    conn = sqlite3.connect(":memory:")
    try:
        conn.execute(f"CREATE TABLE t ({quoted} INTEGER)")
        assert [row[1] for row in conn.execute("PRAGMA table_info(t)")] == [name]
    finally:
        conn.close()


@given(st.text(), st.none() | st.integers(1, 20))
def test_printable_text_moves_no_cursor(text: str, limit: int | None) -> None:
    shown = printable(text, limit)
    assert shown.isprintable()
    if text.isprintable() and (limit is None or len(text) <= limit):
        assert shown == text


def test_control_characters_stay_visible() -> None:
    assert printable("a\x1b[31mb\u202ec\nd") == "a\\x1b[31mb\\u202ec\\nd"
