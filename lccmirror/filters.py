"""Filters on catalog columns: what people write, and what the server reads.

People write ``sdssr < 13.0 and propermotion > 50``; the server wants ``(sdssr lt 13.0)
and (propermotion gt 50)``. `parse_filter` reads the one (and the other), `to_server`
writes the other.

The server answers every filter that it cannot or will not use with "no matching objects",
the same words as for a search that truly matched nothing. So what it would refuse is an
error here (lccserver 0.2.7, ``validate_sqlite_filters`` and ``parse_conditions``):

- it splits the text at blanks, so a quoted text with a blank in it never matches;
- it HTML-escapes the text first, so ``& < > "`` in a quoted text never match;
- it refuses some words anywhere, even inside a column's name or a quoted text;
- it cuts the text after 1,000 characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import UsageError
from .filter_tree import Comparison, Filter, Joined, Not, NullTest, Operator, joined, to_server

__all__ = ["Comparison", "Filter", "Joined", "Not", "NullTest", "parse_filter", "to_server"]

MAX_SERVER_LENGTH = 1000
_DEEPEST = 50

_OPERATORS: dict[str, Operator] = {
    "<": "lt",
    ">": "gt",
    "<=": "le",
    ">=": "ge",
    "≤": "le",
    "≥": "ge",
    "=": "eq",
    "==": "eq",
    "!=": "ne",
    "<>": "ne",
    "≠": "ne",
    "contains": "ct",
    "lt": "lt",
    "gt": "gt",
    "le": "le",
    "ge": "ge",
    "eq": "eq",
    "ne": "ne",
    "ct": "ct",
}
_RESERVED = {*_OPERATORS, "and", "or", "not", "is", "null", "like", "in", "between"}

# Substrings, by case, of the whole filter. The comma missing in its list makes `;--` of two.
_REFUSED = (
    *(";--", "||", "drop", "delete", "update", "insert", "alter", "create", "pragma"),
    *("attach", "analyze", "cascade", "commit", "conflict", "autoincrement", "database"),
    *("detach", "index", "glob", "exclusive", "into", "recursive", "rename", "begin"),
    *("rollback", "savepoint", "trigger", "vacuum", "view", "virtual"),
    *("object_is_public", "collection_visibility", "object_visibility", "dataset_visibility"),
    *("collection_owner", "object_owner", "dataset_owner", "collection_sharedwith"),
    *("object_sharedwith", "dataset_sharedwith"),
)

_TOKEN = re.compile(
    r"""
      (?P<blank> \s+ )
    | (?P<number> [+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]) )
    | (?P<text> '(?:[^']|'')*' | "(?:[^"]|"")*" )
    | (?P<symbol> <=|>=|<>|!=|==|[<>=≤≥≠] )
    | (?P<punctuation> [(),] )
    | (?P<word> [^\W\d]\w* )
    """,
    re.VERBOSE,
)


def parse_filter(text: str) -> Filter:
    """Parse a filter.

    Parameters
    ----------
    text
        Conditions joined by ``and``, ``or``, ``not`` and parentheses. A condition is a
        column, one of ``< > <= >= = == != <> lt gt le ge eq ne contains ct``, and a number
        or a quoted text; or ``column between 1 and 2``; or ``column is [not] null``. As in
        the server's SQL, ``%`` and ``_`` after ``contains`` stand for any characters and
        any one character, and ``contains`` does not mind upper and lower case.

    Raises
    ------
    UsageError
        If it cannot be understood or the server would refuse it; the message has the
        column (from 1) and, on lines of their own, the text and a caret.

    Examples
    --------
    >>> to_server(parse_filter("sdssr < 13.0 and propermotion > 50"))
    '(sdssr lt 13.0) and (propermotion gt 50)'
    """
    parser = _Parser(text)
    result = parser.alternatives(0)
    parser.expect_end()
    if len(to_server(result)) > MAX_SERVER_LENGTH:
        raise UsageError(
            f"a filter of more than {MAX_SERVER_LENGTH} characters is cut short by the server "
            f"(this one has {len(to_server(result))} when written for it)"
        )
    return result


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        """The token as a keyword or a sign; '' for what can be neither."""
        return "" if self.kind in ("text", "number", "end") else self.text.lower()


class _Parser:
    """Recursive descent; `or` binds loosest, then `and`, then `not`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self._tokenize())
        self.next = 0

    def alternatives(self, depth: int) -> Filter:
        parts = [self._conjunction(depth)]
        while self._take("or"):
            parts.append(self._conjunction(depth))
        return joined("or", tuple(parts))

    def expect_end(self) -> None:
        token = self._peek()
        if token.kind != "end":
            what = "no ( for this )" if token.text == ")" else "expected and, or, or the end"
            raise self._error(token, what)

    def _conjunction(self, depth: int) -> Filter:
        parts = [self._negation(depth)]
        while self._take("and"):
            parts.append(self._negation(depth))
        return joined("and", tuple(parts))

    def _negation(self, depth: int) -> Filter:
        token = self._peek()
        if depth > _DEEPEST:
            raise self._error(token, f"nested more than {_DEEPEST} deep")
        if self._take("not"):
            return Not(self._negation(depth + 1))
        if self._take("("):
            inner = self.alternatives(depth + 1)
            if not self._take(")"):
                raise self._error(
                    self._peek(), f"expected ) for the ( at column {token.at + 1}"
                )
            return inner
        return self._condition()

    def _condition(self) -> Filter:
        column = self._peek()
        if column.kind != "word" or column.word in _RESERVED:
            raise self._error(column, "expected a column's name")
        if not column.text.isascii():
            raise self._error(column, "a column's name has only letters, digits and _")
        self._refuse_words(column, column.text)
        self.next += 1
        negated_operator = self._take("not")
        sign = self._peek()
        self.next += 1
        if sign.word == "is" and not negated_operator:
            return self._null_test(column.text)
        if sign.word == "between":
            low = self._operand("ge", column.text)
            if not self._take("and"):
                raise self._error(self._peek(), "expected and: column between 1 and 2")
            both = joined("and", (low, self._operand("le", column.text)))
            return Not(both) if negated_operator else both
        if sign.word == "like":
            raise self._error(
                sign, "the server puts % around what follows like; write contains 'text'"
            )
        if sign.word == "in":
            raise self._error(sign, "in (…) is not known; write column = 1 or column = 2")
        if sign.word not in _OPERATORS or (negated_operator and _OPERATORS[sign.word] != "ct"):
            raise self._error(
                sign,
                "expected one of < > <= >= = != contains, between, is null",
            )
        comparison = self._operand(_OPERATORS[sign.word], column.text)
        return Not(comparison) if negated_operator else comparison

    def _null_test(self, column: str) -> NullTest:
        negated = self._take("not")
        if not self._take("null"):
            raise self._error(self._peek(), "expected null (is null, is not null)")
        return NullTest(column, negated)

    def _operand(self, operator: Operator, column: str) -> Comparison:
        token = self._peek()
        self.next += 1
        if token.kind == "text":
            quote = token.text[0]
            value = token.text[1:-1].replace(quote * 2, quote)
            self._check_text(token, value, operator)
            return Comparison(column, operator, value, is_text=True)
        if operator == "ct":
            raise self._error(token, "contains needs a text in quotes: contains 'RR'")
        if token.kind == "number":
            return Comparison(column, operator, token.text, is_text=False)
        if token.word == "null":
            raise self._error(token, "nothing is equal to null; write is null or is not null")
        if token.kind == "word":
            raise self._error(token, f"expected a number or a text in quotes: '{token.text}'")
        raise self._error(token, "expected a number or a text in quotes")

    def _check_text(self, token: _Token, value: str, operator: Operator) -> None:
        if not value and operator != "ct":
            raise self._error(token, "the server has no empty texts; write is null")
        if re.search(r"[\x00-\x20]", value):
            raise self._error(token, "the server can never match a text with a blank in it")
        if bad := re.search(r'[&<>"]', value):
            raise self._error(token, f"the server can never match a text with {bad[0]} in it")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise self._error(token, "this text is not valid Unicode") from None
        hint = "; contains does not mind upper case" if operator == "ct" else ""
        self._refuse_words(token, value, hint)

    def _refuse_words(self, token: _Token, text: str, hint: str = "") -> None:
        # The server looks a second time after taking these away.
        plain = text.translate(dict.fromkeys(map(ord, "(),")))
        for word in _REFUSED:
            if word in text or word in plain:
                raise self._error(
                    token, f"the server refuses every filter with {word!r} in it{hint}"
                )

    def _peek(self) -> _Token:
        return self.tokens[self.next]

    def _take(self, word: str) -> bool:
        if self._peek().word != word:
            return False
        self.next += 1
        return True

    def _tokenize(self) -> Iterator[_Token]:
        at = 0
        while at < len(self.text):
            match = _TOKEN.match(self.text, at)
            if match is None:
                here = _Token("unknown", self.text[at], at)
                if here.text in "'\"":
                    raise self._error(here, "this quote is not closed")
                if here.text in "&|":
                    raise self._error(here, "write and, or")
                raise self._error(here, "this cannot be understood")
            if match.lastgroup != "blank":
                yield _Token(str(match.lastgroup), match[0], at)
            at = match.end()
        yield _Token("end", "", at)

    def _error(self, token: _Token, what: str) -> UsageError:
        where = "at the end" if token.kind == "end" else f"column {token.at + 1}"
        shown = "".join(c if c.isprintable() else " " for c in self.text)
        return UsageError(f"{where}: {what}\n    {shown}\n    {' ' * token.at}^")
