"""Tradier's rows of options, typed and encoded all at once: a chain of a hundred costs half a millisecond."""

from datetime import date
from functools import lru_cache

from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.json import encode

from cockpit.emulator.chains import Quote, StrikeGreeks
from cockpit.emulator.intraday import day_share
from cockpit.emulator.listing import Interest
from cockpit.emulator.market import Name
from cockpit.emulator.noise import mix, stir
from cockpit.emulator.sessions import Moment, closing_moment
from cockpit.emulator.universe import NO_GREEKS
from cockpit.options.calendar import is_monthly_expiry, previous_session

_EXCHANGES = "ZCMNQITXPBHJEWUDAS"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Greeks = Raw | UnsetType
"""Greeks as they are written; unset where they are not asked for."""


class _OptionRow(Struct, gc=False, kw_only=True):
    """A row with the vendor's fields in the vendor's order; without more an option that has never traded."""

    symbol: str
    description: str
    exch: str
    type: str = "option"
    last: float | None = None
    change: float | None = None
    volume: int = 0
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    bid: float = 0.0
    ask: float = 0.0
    underlying: str
    strike: float
    greeks: Greeks = UNSET
    change_percentage: float | None = None
    average_volume: int
    last_volume: int = 0
    trade_date: int = 0
    prevclose: float | None = None
    week_52_high: float = 0.0
    week_52_low: float = 0.0
    bidsize: int = 0
    bidexch: str
    bid_date: int = 0
    asksize: int = 0
    askexch: str
    ask_date: int = 0
    open_interest: int
    contract_size: int = 100
    expiration_date: str
    expiration_type: str
    option_type: str
    root_symbol: str


class _Option(Struct, gc=False):
    """One option within a session.

    Attributes:
        row: its row as untraded and without a quote; every moment is written over the one before.
        flip: the put stands before the call.
        last_at: where between bid and ask the last trade was, 0 to 1.
        opened_at: where between the previous close and the last trade the first one was.
        swing: high over the higher of both, and the lower of both over low.
        age: milliseconds since the last trade.
        day_volume: contracts by tonight.
    """

    row: _OptionRow
    flip: bool
    last_at: float
    opened_at: float
    swing: float
    age: int
    day_volume: int
    bid_size: int
    ask_size: int


class OptionRows:
    """Rows of one market, by name, as JSON."""

    def __init__(self) -> None:
        self.chain = lru_cache(maxsize=64)(self._chain)
        self._options = lru_cache(maxsize=256)(_options)
        self._greeks = lru_cache(maxsize=256)(_greeks_texts)
        self._previous = lru_cache(maxsize=256)(_previous_closes)

    def row(self, name: Name, expiry: date, moment: Moment, greeks: bool, symbol: str) -> str | None:
        """The row of one option; None where it is not listed."""
        rows = self._rows(name, expiry, moment, greeks)
        return next((str(encode(row), "ascii") for row in rows if row.symbol == symbol), None)

    def prepare(self, name: Name, expiry: date, moment: Moment) -> None:
        """Work out ahead what the rows of a session have in common."""
        day = moment.day
        self._options(name, expiry, day)
        self._previous(name, expiry, day)
        self._greeks(name, expiry, name.greeks_moment(moment), day)

    def _chain(self, name: Name, expiry: date, moment: Moment, greeks: bool) -> str:
        """The whole body of a chain; one option alone is an object, none at all is null."""
        rows = self._rows(name, expiry, moment, greeks)
        if not rows:
            return '{"options":null}'
        return str(encode({"options": {"option": rows[0] if len(rows) == 1 else rows}}), "ascii")

    def _rows(self, name: Name, expiry: date, moment: Moment, greeks: bool) -> list[_OptionRow]:
        """A row for every option of an expiry, good until the next moment is asked for; calls and puts of a strike
        stand in no fixed order.
        """
        day = moment.day
        options = self._options(name, expiry, day)
        previous = self._previous(name, expiry, day)
        quotes = name.quotes(expiry, moment, day)
        share = day_share(moment.second / moment.length)
        closed, stamp = moment.closed, int(moment.instant.timestamp() * 1000)
        texts: list[tuple[Greeks, Greeks]] = (
            self._greeks(name, expiry, name.greeks_moment(moment), day) if greeks else [(UNSET, UNSET)] * len(options)
        )
        rows: list[_OptionRow] = []
        for (call, put), (call_quote, put_quote), (call_was, put_was), (call_greeks, put_greeks) in zip(
            options, quotes, previous, texts, strict=True
        ):
            call_row = _written(call, call_quote, share, call_was, call_greeks, stamp, closed)
            put_row = _written(put, put_quote, share, put_was, put_greeks, stamp, closed)
            rows += (put_row, call_row) if call.flip else (call_row, put_row)
        return rows


def option_symbol(root: str, expiry: date, side: str, strike: float) -> str:
    """The OCC symbol without padding."""
    return f"{root}{expiry:%y%m%d}{side}{round(strike * 1000):08d}"


def _options(name: Name, expiry: date, day: date) -> list[tuple[_Option, _Option]]:
    series = _Series(name.equity.symbol, expiry)
    series_bits = mix(name.profile.salt, expiry.toordinal())
    options = []
    for strike, (calls, puts) in zip(
        name.listing.strikes(expiry, day), name.listing.interest(expiry, day), strict=True
    ):
        bits = stir(series_bits, round(strike * 100)) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
        call = series.option(strike, "C", "Call", "call", bits, calls)
        bits = bits * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
        options.append((call, series.option(strike, "P", "Put", "put", bits, puts)))
    return options


class _Series:
    """The options of one name and expiry; what is the same in all of them is worked out once."""

    def __init__(self, root: str, expiry: date) -> None:
        self._root = root
        self._start = f"{root}{expiry:%y%m%d}"
        self._title = f"{root} {_MONTHS[expiry.month - 1]} {expiry.day} {expiry.year} $"
        self._expiry = str(expiry)
        self._kind = "standard" if is_monthly_expiry(expiry) else "weeklys"

    def option(self, strike: float, side: str, word: str, kind: str, bits: int, interest: Interest) -> _Option:
        """One of them with what sixty-four bits decide of it."""
        held, traded = interest
        row = _OptionRow(
            symbol=f"{self._start}{side}{round(strike * 1000):08d}",
            description=f"{self._title}{strike:.2f} {word}",
            exch=_EXCHANGES[bits % 18],
            underlying=self._root,
            strike=strike,
            average_volume=traded * 2 // 3 + held // 50,
            bidexch=_EXCHANGES[(bits >> 44) % 18],
            askexch=_EXCHANGES[(bits >> 52) % 18],
            open_interest=held,
            expiration_date=self._expiry,
            expiration_type=self._kind,
            option_type=kind,
            root_symbol=self._root,
        )
        return _Option(
            row,
            (bits >> 20) % 3 == 0,
            (bits >> 24) % 5 / 4.0,
            (bits >> 28) % 8 / 8.0,
            1.0 + (bits >> 32) % 16 / 100.0,
            1000 * (1 + (bits >> 36) % (1 + 7200 // (1 + traded))),
            traded,
            1 + (bits >> 40) % 90,
            1 + (bits >> 48) % 90,
        )


def _previous_closes(name: Name, expiry: date, day: date) -> list[tuple[float, float]]:
    """Values at the last close, to the cent, of the calls and puts listed on a day."""
    values = name.values(expiry, closing_moment(previous_session(day)), day)
    return [(_cents(value.call) or 0.01, _cents(value.put) or 0.01) for value in values]


def _greeks_texts(name: Name, expiry: date, moment: Moment, day: date) -> list[tuple[Greeks, Greeks]]:
    if name.equity.symbol == NO_GREEKS:
        return [(Raw(b"null"), Raw(b"null"))] * len(name.listing.strikes(expiry, day))
    updated = f"{moment.instant:%Y-%m-%d %H:%M:%S}"
    return [_greek_pair(row, updated) for row in name.greeks(expiry, moment, day)]


def _greek_pair(row: StrikeGreeks, updated: str) -> tuple[Greeks, Greeks]:
    shared = (
        f',"gamma":{row.gamma:.6},"theta":{row.theta:.6},"vega":{row.vega:.6},"rho":{row.rho:.6},"phi":{row.phi:.6}'
    )
    end = f',"smv_vol":{row.smv:.3f},"updated_at":"{updated}"}}'
    (call_bid, call_mid, call_ask), (put_bid, put_mid, put_ask) = row.call_ivs, row.put_ivs
    call = f'{{"delta":{row.call_delta:.6}{shared},"bid_iv":{call_bid:.6f},"mid_iv":{call_mid:.6f}'
    put = f'{{"delta":{row.call_delta - 1.0:.6}{shared},"bid_iv":{put_bid:.6f},"mid_iv":{put_mid:.6f}'
    return Raw(f'{call},"ask_iv":{call_ask:.6f}{end}'.encode()), Raw(f'{put},"ask_iv":{put_ask:.6f}{end}'.encode())


def _written(
    option: _Option, quote: Quote, share: float, previous: float, greeks: Greeks, stamp: int, closed: bool
) -> _OptionRow:
    """The option's row with a moment written into it: its quote, and what has been traded since the open."""
    row = option.row
    bid, ask = row.bid, row.ask = quote
    row.greeks = greeks
    row.bidsize, row.asksize = option.bid_size if bid else 0, option.ask_size if ask else 0
    row.bid_date = row.ask_date = stamp
    volume = int(option.day_volume * share)
    if volume:
        last = _cents(bid + (ask - bid) * option.last_at) or 0.01
        opening = _cents(previous + (last - previous) * option.opened_at)
        low, high = (last, opening) if last < opening else (opening, last)
        change = _cents(last - previous)
        row.last, row.change, row.volume, row.open = last, change, volume, opening
        row.high, row.low = _cents(high * option.swing), _cents(low / option.swing) or 0.01
        row.close = last if closed else None
        row.change_percentage = _cents(100.0 * change / previous)
        row.last_volume = 1 + option.bid_size % (volume if volume < 20 else 20)
        row.trade_date = stamp - option.age
        row.prevclose = previous
    elif row.volume:
        row.last = row.change = row.open = row.high = row.low = row.close = row.change_percentage = row.prevclose = None
        row.volume = row.last_volume = row.trade_date = 0
    return row


def _cents(value: float) -> float:
    """A value rounded to cents as round() does it, at a third of its price wherever no tie has to be looked at."""
    shifted = value * 100.0 + 0.5
    whole = shifted // 1.0
    return whole / 100.0 if 1e-6 < shifted - whole < 0.999999 else round(value, 2)
