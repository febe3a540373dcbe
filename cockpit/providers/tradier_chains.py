"""Tradier's option chains as values: one set of rules for a row, and two readers that feed it.

A chain is most of what a scan reads, so a body whose rows all have the documented types is decoded and type-checked in
one pass. Any other goes through the tolerant reader, where a field or a row of the wrong type costs itself alone. The
rules complete the rows in place, and all usable ones become options in one conversion: a fifth of what calls cost.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache
from math import nan
from typing import Any

from msgspec import Struct, convert
from msgspec.json import Decoder

from cockpit.options.contract import OptionQuote, Right
from cockpit.providers.decoding import Count, count, finite, fitted, instant, rows

_HIGHEST_IV = 10.0
_HIGHEST_STRIKE = 100_000.0
_NO_RIGHT = (None, "")
_RIGHTS = {"call": Right.CALL, "put": Right.PUT, "C": Right.CALL, "P": Right.PUT}


def option_quotes(body: Any, underlying: str, expiry: date) -> tuple[list[OptionQuote], int] | None:
    """The chain's usable rows and the number of unusable ones; None where the body is of a foreign shape.

    Rows of adjusted roots (a digit after the root, or a contract of other than 100 shares) are neither: they are
    other contracts than those asked for.
    """
    found = rows(body.get("options"), "option") if isinstance(body, dict) and "options" in body else None
    if found is None:
        return None
    return _Series(underlying, expiry).quotes(_tolerated(row) if type(row) is dict else None for row in found)


def option_quotes_at_once(body: bytes, underlying: str, expiry: date) -> tuple[list[OptionQuote], int] | None:
    """What :func:`option_quotes` makes of the body, where every field of every row has its documented type; else None,
    which says nothing of the body.
    """
    read = fitted(_decoder(), body)
    return None if read is None else _Series(underlying, expiry).quotes(read.options.option)


class _GreeksRow(Struct, gc=False):
    """What the vendor's own model says.

    Attributes:
        bid_iv: 0 where nobody bids, and ``mid_iv`` then the ask's.
        updated_at: when it was computed, a text in UTC without a zone.
    """

    delta: float | None = None
    gamma: float | None = None
    theta: float | None = None
    vega: float | None = None
    smv_vol: float | None = None
    bid_iv: float | None = None
    mid_iv: float | None = None
    updated_at: str | None = None


class _OptionRow(Struct, gc=False, rename={"bid_size": "bidsize", "ask_size": "asksize"}):
    """A row whose fields have their types, and nothing more. A bid or ask that was sent and is no number is NaN.

    From ``underlying`` on stands what the rules make of it: with that its attributes are those of
    :class:`~cockpit.options.contract.OptionQuote`, and whatever a body should have there is written over.

    Attributes:
        bid_date: milliseconds since 1970, or a text.
    """

    symbol: str
    strike: float
    bid: float | None = None
    ask: float | None = None
    option_type: str | None = None
    expiration_date: str | None = None
    contract_size: int | None = None
    bid_size: Count | None = None
    ask_size: Count | None = None
    last: float | None = None
    volume: Count | None = None
    open_interest: Count | None = None
    greeks: _GreeksRow | None = None
    bid_date: int | float | str | None = None
    ask_date: int | float | str | None = None
    underlying: Any = None
    expiry: Any = None
    right: Any = None
    iv: Any = None
    quoted_at: Any = None
    greeks_at: Any = None
    multiplier: Any = None


class _Rows(Struct, gc=False):
    option: list[_OptionRow]


class _Body(Struct, gc=False):
    options: _Rows


@cache
def _decoder() -> Decoder[_Body]:
    return Decoder(_Body)


def _tolerated(row: dict[str, Any]) -> _OptionRow:
    """A row of any content with what is usable of it."""
    get = row.get
    strike, greeks = finite(get("strike")), get("greeks")
    return _OptionRow(
        _text(get("symbol")) or "",
        strike if strike is not None else nan,
        _price(get("bid")),
        _price(get("ask")),
        _text(get("option_type")),
        _text(get("expiration_date")),
        get("contract_size"),
        count(get("bidsize")),
        count(get("asksize")),
        finite(get("last")),
        count(get("volume")),
        count(get("open_interest")),
        _tolerated_greeks(greeks) if type(greeks) is dict else None,
        _stamp(get("bid_date")),
        _stamp(get("ask_date")),
    )


def _tolerated_greeks(row: dict[str, Any]) -> _GreeksRow:
    numbers = {name: finite(row.get(name)) for name in _GreeksRow.__struct_fields__ if name != "updated_at"}
    return _GreeksRow(**numbers, updated_at=_text(row.get("updated_at")))


def _text(value: Any) -> str | None:
    """A text; an empty one, which nothing is equal to, for any other value that was sent."""
    return value if value is None or type(value) is str else ""


def _price(value: Any) -> float | None:
    number = finite(value)
    return nan if number is None and value is not None else number


def _stamp(value: Any) -> int | float | str | None:
    return value if type(value) in (int, float, str) else None


class _Series:
    """The rules for the rows of one underlying and expiry; what is the same in all of them is worked out once."""

    __slots__ = (
        "_asked",
        "_computed",
        "_digits",
        "_expiry",
        "_marks",
        "_moments",
        "_root",
        "_root_length",
        "_underlying",
    )

    def __init__(self, underlying: str, expiry: date) -> None:
        self._underlying = underlying
        self._expiry = expiry
        self._asked = expiry.isoformat()
        self._marks = {kind: (right, f"{expiry:%y%m%d}{right.value}") for kind, right in _RIGHTS.items()}
        self._digits: dict[float, str] = {}
        self._root = "".join(letter for letter in underlying if letter.isalnum())
        self._root_length = len(self._root) + 1 + 15
        self._moments: dict[int | float | str | None, datetime | None] = {}
        self._computed: dict[str | None, datetime | None] = {}

    def quotes(self, found: Iterable[_OptionRow | None]) -> tuple[list[OptionQuote], int]:
        """The usable rows and the number of unusable ones; the first of two rows of one contract counts."""
        usable: list[_OptionRow] = []
        seen: set[str] = set()
        dropped = 0
        for row in found:
            if row is None:
                dropped += 1
                continue
            if self._is_adjusted(row):
                continue
            contract = row.symbol[-15:]
            if contract in seen or not self._complete(row, contract):
                dropped += 1
                continue
            seen.add(contract)
            usable.append(row)
        return convert(usable, list[OptionQuote], from_attributes=True), dropped

    def _is_adjusted(self, row: _OptionRow) -> bool:
        """True for a contract of an adjusted root, which is another one than those asked for."""
        if row.contract_size not in (100, None):
            return True
        symbol = row.symbol
        return len(symbol) == self._root_length and symbol[-16].isdigit() and symbol.startswith(self._root)

    def _complete(self, row: _OptionRow, contract: str) -> bool:
        """Make the row that of an option; False where a price is none, or the row is not of this chain."""
        strike, kind, on = row.strike, row.option_type, row.expiration_date
        right, mark = self._marks.get(contract[6:7] if kind is None else kind, _NO_RIGHT)
        if right is None or not 0.0 < strike < _HIGHEST_STRIKE or (on is not None and on != self._asked):
            return False
        digits = self._digits.get(strike)
        if digits is None:
            digits = self._digits[strike] = f"{round(strike * 1000):08d}"
        if contract != mark + digits:
            return False  # the fields and the contract's own name disagree: which one is wrong cannot be known
        bid, ask, last, greeks = row.bid, row.ask, row.last, row.greeks
        if (bid is not None and not bid >= 0.0) or (ask is not None and not ask >= 0.0):
            return False
        row.underlying, row.expiry, row.right, row.multiplier = self._underlying, self._expiry, right, 100
        if last is not None and not last > 0.0:
            row.last = None
        row.quoted_at = self._newer(row.bid_date, row.ask_date)
        if greeks is not None:
            row.iv, row.greeks_at = _volatility(greeks), self._computed_at(greeks.updated_at)
            row.greeks = _greeks(greeks)
        else:
            row.iv = row.greeks_at = None
        return True

    def _newer(self, bid_date: int | float | str | None, ask_date: int | float | str | None) -> datetime | None:
        """The newer side's time."""
        bid = self._moment(bid_date)
        ask = bid if ask_date == bid_date else self._moment(ask_date)
        return max(bid, ask) if bid is not None and ask is not None else bid or ask

    def _moment(self, stamp: int | float | str | None) -> datetime | None:
        """A stamp's time; few different ones occur in a chain, and making one is dear."""
        if stamp not in self._moments:
            self._moments[stamp] = instant(stamp)
        return self._moments[stamp]

    def _computed_at(self, stamp: str | None) -> datetime | None:
        if stamp not in self._computed:
            self._computed[stamp] = _utc(stamp) if stamp is not None else None
        return self._computed[stamp]


def _utc(stamp: str) -> datetime | None:
    try:
        return datetime.fromisoformat(stamp).replace(tzinfo=UTC)
    except ValueError:
        return None


def _greeks(row: _GreeksRow) -> _GreeksRow | None:
    """The row without a delta that cannot be one; None where nothing is left."""
    delta = row.delta
    if delta is not None and not -1.0 <= delta <= 1.0:
        row.delta = delta = None
    return None if delta is row.gamma is row.theta is row.vega is None else row


def _volatility(row: _GreeksRow) -> float | None:
    """The smoothed volatility, else the mid one; the mid one is the ask's where nobody bids, and then unusable."""
    smoothed, mid, bid = row.smv_vol, row.mid_iv, row.bid_iv
    if smoothed is not None and 0.0 < smoothed < _HIGHEST_IV:
        return smoothed
    if mid is not None and 0.0 < mid < _HIGHEST_IV and bid is not None and bid > 0.0:
        return mid
    return None
