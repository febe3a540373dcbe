"""A small, safe language to choose rows: ``vrp>1.2 and score>=50 or name~nv``.

One expression is a condition or several joined by ``and``, ``or``, ``not`` and parentheses (``and`` binds closer).
A condition is ``FIELD OP VALUE`` with ``=  !=  <  <=  >  >=`` or ``~`` (contains). A bare word that is no field looks
for itself in the row's name, so that ``nv`` alone finds NVDA. ``?`` stands for a missing value: ``score=?``.
A missing value satisfies no other comparison. Where rows can be named, ``FIELD(ROW) OP VALUE`` asks one of them:
``spot(NVDA)>200``.
"""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from cockpit.errors import UsageError

R = TypeVar("R")
Value = float | str | date
Predicate = Callable[[R], bool]
Verdict = Callable[[R], bool | None]
"""True, False, or None where a missing value leaves it open."""

_TOKEN = re.compile(
    r"\s*(?:(?P<op><=|>=|!=|==|=|<|>|~)|(?P<paren>[()])|(?P<quoted>\"[^\"]*\"|'[^']*')|(?P<word>[^\s()<>=!~\"']+)|(?P<bad>.))",
    re.DOTALL,
)
_NUMBER = re.compile(r"^([+-]?(?:\d+(?:\.\d*)?|\.\d+))([%kmb]?)\Z", re.IGNORECASE)
_SCALE = {"": 1.0, "%": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}
_WORDS = frozenset({"and", "or", "not"})
_LONGEST = 500
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Field(Generic[R]):
    """Something that rows can be chosen and sorted by.

    Attributes:
        name: the word in an expression.
        kind: ``float``, ``str`` or ``date``; decides what may stand on the right.
        get: the value in the unit the screen shows (percent, not fractions); None where it is missing.
        label: what it is, for the help and for error messages.
        by_default: True where a bare word is looked for here.
    """

    name: str
    kind: type[float] | type[str] | type[date]
    get: Callable[[R], Value | None]
    label: str
    by_default: bool = False


@dataclass(frozen=True, slots=True)
class Condition(Generic[R]):
    """An expression that was read.

    Attributes:
        fields: of the row that it looks at.
        named: fields of rows that it names itself, each with the name.
    """

    verdict: Verdict[R]
    fields: frozenset[str]
    named: frozenset[tuple[str, str]]


class FilterError(UsageError):
    """The expression cannot be read; ``position`` is the offset of the trouble, from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} (at character {position + 1})")
        self.position = position


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def parse_filter(text: str, fields: Mapping[str, Field[R]]) -> Predicate[R]:
    """Read an expression into a predicate; an empty one lets every row through.

    Raises:
        FilterError: names what is wrong and where.
    """
    if len(text) > _LONGEST:
        raise FilterError(f"the filter is longer than {_LONGEST} characters", _LONGEST)
    tokens = _tokens(text)
    if len(tokens) == 1:
        return lambda row: True
    found = _Parser(tokens, fields).parse()
    return lambda row: found(row) is True


def parse_condition(text: str, fields: Mapping[str, Field[R]], named: Mapping[str, Field[str]]) -> Condition[R]:
    """Read an expression whose answer may be open: what is missing makes nothing true and nothing false.

    Args:
        text: must not be empty.
        fields: of the rows that the condition is about.
        named: by name, fields that look at one row, whose name they are given: ``spot(NVDA)``.

    Raises:
        FilterError: names what is wrong and where.
    """
    if len(text) > _LONGEST:
        raise FilterError(f"the condition is longer than {_LONGEST} characters", _LONGEST)
    parser = _Parser(_tokens(text), fields, named, three_valued=True)
    return Condition(parser.parse(), frozenset(parser.used), frozenset(parser.named_used))


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    text = text.rstrip()
    end = 0
    while (match := _TOKEN.match(text, end)) is not None:
        kind = match.lastgroup or ""
        if kind == "bad":
            raise FilterError(f"{match['bad']} has no meaning in a filter", match.start("bad"))
        tokens.append(_Token(kind, match[kind], match.start(kind)))
        end = match.end()
    tokens.append(_Token("end", "", len(text)))
    return tokens


class _Parser(Generic[R]):
    def __init__(
        self,
        tokens: list[_Token],
        fields: Mapping[str, Field[R]],
        named: Mapping[str, Field[str]] | None = None,
        *,
        three_valued: bool = False,
    ) -> None:
        self.used: set[str] = set()
        self.named_used: set[tuple[str, str]] = set()
        self._tokens = tokens
        self._fields = fields
        self._named = named
        self._three_valued = three_valued
        self._at = 0
        self._depth = 0

    def parse(self) -> Verdict[R]:
        found = self._any()
        token = self._peek()
        if token.kind != "end":
            raise FilterError(f'expected "and" or "or" before {token.text}', token.position)
        return found

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        return token

    def _is_word(self, word: str) -> bool:
        token = self._peek()
        return token.kind == "word" and token.text.lower() == word

    def _any(self) -> Verdict[R]:
        parts = [self._all()]
        while self._is_word("or"):
            self._next()
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else _joined(parts, decisive=True)

    def _all(self) -> Verdict[R]:
        parts = [self._one()]
        while self._is_word("and"):
            self._next()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else _joined(parts, decisive=False)

    def _one(self) -> Verdict[R]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise FilterError("the filter is nested too deeply", self._peek().position)
        try:
            if self._is_word("not"):
                self._next()
                return self._inverted(self._one())
            if self._peek().text == "(" and self._peek().kind == "paren":
                opened = self._next()
                found = self._any()
                if self._next().text != ")":
                    raise FilterError("this parenthesis is not closed", opened.position)
                return found
            return self._condition()
        finally:
            self._depth -= 1

    def _inverted(self, inner: Verdict[R]) -> Verdict[R]:
        """A filter's ``not`` lets through whatever does not hold; a condition's leaves open what is open."""
        if self._three_valued:
            return lambda row: None if (verdict := inner(row)) is None else not verdict
        return lambda row: inner(row) is not True

    def _condition(self) -> Verdict[R]:
        name = self._next()
        if name.kind not in ("word", "quoted") or name.text.lower() in _WORDS:
            what = f'found "{name.text}"' if name.text else "the filter ends"
            raise FilterError(f"expected a field such as {_example(self._fields)}, {what}", name.position)
        if name.kind == "word" and self._peek().text == "(" and self._peek().kind == "paren":
            return self._comparison(self._of_one_row(name))
        if self._peek().kind != "op":
            return self._bare(name)
        field = self._fields.get(name.text.lower())
        if field is None:
            raise FilterError(_unknown(name.text, self._fields), name.position)
        self.used.add(field.name)
        return self._comparison(field)

    def _of_one_row(self, name: _Token) -> Field[R]:
        """``spot(NVDA)``: a field that does not depend on the row under test."""
        opened = self._next()
        if self._named is None:
            word = f"a filter looks at each row by itself: write name=NVDA and {name.text}>1, not {name.text}(NVDA)>1"
            raise FilterError(word, opened.position)
        field = self._named.get(name.text.lower())
        if field is None:
            raise FilterError(_unknown(name.text, self._named), name.position)
        row = self._next()
        if row.kind not in ("word", "quoted"):
            raise FilterError(f"expected a name inside {name.text}( ), such as {name.text}(NVDA)", row.position)
        if self._next().text != ")":
            raise FilterError("this parenthesis is not closed", opened.position)
        get, wanted = field.get, row.text.strip("\"'").upper()
        self.named_used.add((field.name, wanted))
        return Field(field.name, field.kind, lambda _: get(wanted), field.label)

    def _comparison(self, field: Field[R]) -> Verdict[R]:
        operator = self._next()
        if operator.kind != "op":
            raise FilterError(f"expected a comparison after {field.name}, such as {field.name}>1", operator.position)
        value = self._next()
        if value.kind not in ("word", "quoted") or (value.kind == "word" and value.text.lower() in _WORDS):
            raise FilterError(f"expected a value after {field.name}{operator.text}", value.position)
        return _comparison(field, operator, value)

    def _bare(self, token: _Token) -> Verdict[R]:
        wanted = token.text.strip("\"'").lower()
        if token.kind == "word" and wanted in self._fields:
            raise FilterError(f"expected a comparison after {wanted}, such as {wanted}>1", token.position + len(wanted))
        if self._three_valued:
            raise FilterError(f"expected a comparison after {token.text}", token.position + len(token.text))
        gets = [field.get for field in self._fields.values() if field.by_default]
        return lambda row: any(wanted in str(get(row) or "").lower() for get in gets)


def _joined(parts: Sequence[Verdict[R]], *, decisive: bool) -> Verdict[R]:
    """``or`` (one True decides) and ``and`` (one False decides); without a decision, one open part leaves it open."""

    def verdict(row: R) -> bool | None:
        result: bool | None = not decisive
        for part in parts:
            one = part(row)
            if one is decisive:
                return decisive
            if one is None:
                result = None
        return result

    return verdict


def _comparison(field: Field[R], operator: _Token, token: _Token) -> Verdict[R]:
    get = field.get
    op = "=" if operator.text == "==" else operator.text
    if token.text == "?":
        if op == "=":
            return lambda row: get(row) is None
        if op == "!=":
            return lambda row: get(row) is not None
        raise FilterError(f"? stands for a missing value and goes with = or != only, not {op}", operator.position)
    text = token.text.strip("\"'").lower() if token.kind == "quoted" else token.text.lower()
    if op == "~" or field.kind is str:
        test = _text_test(op, text)
        return lambda row: None if (value := get(row)) is None else test(str(value).lower())
    wanted = _number(field, token, text) if field.kind is float else _day(field, token, text)
    order = _ORDERED[op]
    return lambda row: None if (value := get(row)) is None else order(value, wanted)


def _text_test(op: str, wanted: str) -> Callable[[str], bool]:
    if op == "~":
        return lambda value: wanted in value
    order = _ORDERED[op]
    return lambda value: order(value, wanted)


_ORDERED: dict[str, Callable[[Value, Value], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,  # type: ignore[operator]  # both sides were brought to the field's kind
    "<=": lambda a, b: a <= b,  # type: ignore[operator]  # as above
    ">": lambda a, b: a > b,  # type: ignore[operator]  # as above
    ">=": lambda a, b: a >= b,  # type: ignore[operator]  # as above
}


def _number(field: Field[R], token: _Token, text: str) -> float:
    match = _NUMBER.match(text.replace(",", ""))
    if match is None:
        raise FilterError(f"{field.name} is a number ({field.label}), {token.text} is not", token.position)
    return float(match[1]) * _SCALE[match[2].lower()]


def _day(field: Field[R], token: _Token, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FilterError(
            f"{field.name} is a day ({field.label}) and reads 2026-11-26, not {token.text}", token.position
        ) from None


def _example(fields: Mapping[str, Field[R]]) -> str:
    return next(iter(fields), "name")


def _unknown(name: str, fields: Mapping[str, Field[R]]) -> str:
    near = difflib.get_close_matches(name.lower(), fields, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(fields)}"
    return f"there is no field {name}; {hint}"
