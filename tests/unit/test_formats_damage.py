"""The server's two damages to a text, and what undoes them."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lccmirror.formats.damage import damage_csv, damage_json, least_damaged, reconstruct

# heavy on everything that either damage, JSON's escapes or the CSV's separator touch
NASTY = st.text(
    st.one_of(
        st.sampled_from('naNul;| \n\\"é星\t/u'),
        st.characters(codec="utf-8"),
    ),
    max_size=40,
)


def published_json(text: str) -> str:
    """What a client reads from the server's JSON, made as the server makes it."""
    return str(
        json.loads(json.dumps({"x": text}).replace("nan", "null").replace("NaN", "null"))["x"]
    )


@settings(max_examples=1500)
@given(NASTY)
@example("one\nand")
@example("naNaN")
@example("nanan|; nan")
@example("\\nan")
@example("\\\nan|;|; ")
@example("||; ;  |;")
@example("null; null|nan")
def test_every_text_comes_back_from_its_two_damages(text: str) -> None:
    assert reconstruct(text.replace("|", "; "), published_json(text)) == text


@given(NASTY)
def test_the_damages_are_the_servers(text: str) -> None:
    assert damage_json(text) == published_json(text)
    assert damage_csv(text) == text.replace("|", "; ")


@settings(max_examples=500)
@given(NASTY, NASTY)
def test_only_a_text_that_gives_both_damages_is_accepted(one: str, other: str) -> None:
    csv, damaged = damage_csv(one), damage_json(other)
    text = reconstruct(csv, damaged)
    if text is not None and text != damaged:
        assert damage_csv(text) == csv
        assert damage_json(text) == damaged


def test_a_server_that_does_not_damage_its_json_is_believed() -> None:
    assert reconstruct("banana; split", "banana|split") == "banana|split"


@pytest.mark.parametrize(
    ("csv", "damaged", "best"),
    [
        ("a; b", "a|b|", "a|b|"),  # the JSON shows no damage
        ("banana; ", "banulla", "banana; "),  # it does: the CSV's `;` is the smaller one
        ("one\nand;", "one\nulld|", None),
        ("something", "else", None),
    ],
)
def test_of_two_that_do_not_fit_the_less_damaged_is_taken(
    csv: str, damaged: str, best: str | None
) -> None:
    assert reconstruct(csv, damaged) is None
    assert least_damaged(csv, damaged) == best
