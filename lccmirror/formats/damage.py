"""The two damages that the server does to a text, and how the two results undo each other.

The CSV has ``; `` for each ``|``. The JSON has ``null`` for each ``nan`` and ``NaN``,
replaced in the finished JSON document, so that the ``n`` of an escaped newline counts too:
a newline before ``and`` makes ``\\nand``, which becomes ``\\nulld``.

Why the two are enough: no letter of ``nan`` is in ``|`` or ``; ``, and no replacement
makes or breaks an occurrence of the other's. So the ``; `` in the CSV's text and the ``|``
or ``; `` in the JSON's stand for each other in order, and the CSV's text with the JSON's
separators is the only text that can have given both.
"""

from __future__ import annotations

import json
import re

_SEPARATORS = re.compile(r"\||; ")


def damage_csv(text: str) -> str:
    """Return `text` as it stands in the dataset's CSV."""
    return text.replace("|", "; ")


def damage_json(text: str) -> str:
    """Return `text` as it is read from the dataset's JSON.

    >>> damage_json("banana|split"), damage_json("one\\nand")
    ('banulla|split', 'one\\nulld')
    """
    damaged = json.dumps(text).replace("nan", "null").replace("NaN", "null")
    restored: str = json.loads(damaged)
    return restored


def reconstruct(csv: str, json: str) -> str | None:
    """Return the text that is `csv` in the CSV and `json` in the JSON.

    >>> reconstruct("banana; split; 2", "banulla|split; 2")
    'banana|split; 2'

    Returns
    -------
    str or None
        None if no text gives both, under the damages described above.
    """
    if damage_csv(json) == csv:
        # both agree: the JSON had nothing to lose, or its server does no such damage
        return json
    pieces = csv.split("; ")
    separators = _SEPARATORS.findall(json)
    if len(separators) != len(pieces) - 1:
        return None
    text = pieces[0] + "".join(a + b for a, b in zip(separators, pieces[1:], strict=True))
    return text if damage_json(text) == json else None


def least_damaged(csv: str, json: str) -> str | None:
    """Return the better of two texts that cannot both come from one, if they are alike.

    Returns
    -------
    str or None
        None if the two differ in more than the damages touch: then they are not the same
        value, and neither says anything about the other.
    """
    if _beyond_damage(csv) != _beyond_damage(json):
        return None
    if "null" not in json and "\null" not in json:
        return json
    return csv


def _beyond_damage(text: str) -> str:
    return re.sub(r"\||; |\nan|\null|nan|NaN|null|\s", "", text)
