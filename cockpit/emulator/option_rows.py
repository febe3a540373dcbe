"""Tradier's JSON rows of options, written straight as text: a chain of a hundred costs less than a millisecond."""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from cockpit.emulator.chains import Quote, StrikeGreeks
from cockpit.emulator.intraday import day_share
from cockpit.emulator.market import Name
from cockpit.emulator.noise import mix
from cockpit.emulator.sessions import Moment, closing_moment
from cockpit.emulator.universe import NO_GREEKS
from cockpit.options.calendar import is_monthly_expiry, previous_session

_EXCHANGES = "ZCMNQITXPBHJEWUDAS"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class _Label(NamedTuple):
    """The parts of a row that do not change within a session.

    Attributes:
        flip: the put stands before the call.
        last_at: where between bid and ask the last trade was, 0 to 1.
        opened_at: where between the previous close and the last trade the first one was.
        swing: high over the higher of both, and the lower of both over low.
        age: milliseconds since the last trade.
        day_volume: contracts by tonight.
    """

    symbol: str
    head: str
    identity: str
    tail: str
    flip: bool
    last_at: float
    opened_at: float
    swing: float
    age: int
    day_volume: int
    average_volume: int
    bid_size: int
    bid_exchange: str
    ask_size: int
    ask_exchange: str


class OptionRows:
    """Rows of one market, by name."""

    def __init__(self) -> None:
        self.chain = lru_cache(maxsize=64)(self._chain)
        self._labels = lru_cache(maxsize=256)(_labels)
        self._greeks = lru_cache(maxsize=256)(_greeks_texts)
        self._previous = lru_cache(maxsize=256)(_previous_closes)

    def rows(self, name: Name, expiry: date, moment: Moment, greeks: bool) -> list[str]:
        """A row for every option of an expiry; calls and puts of a strike stand in no fixed order."""
        day = moment.day
        labels = self._labels(name, expiry, day)
        previous = self._previous(name, expiry, day)
        quotes = name.quotes(expiry, moment, day)
        share = day_share(moment.second / moment.length)
        stamp = int(moment.instant.timestamp() * 1000)
        texts = self._greeks(name, expiry, name.greeks_moment(moment), day) if greeks else [("", "")] * len(labels)
        rows: list[str] = []
        for (call, put), (call_quote, put_quote), (call_was, put_was), (call_greeks, put_greeks) in zip(
            labels, quotes, previous, texts, strict=True
        ):
            call_row = _row(call, call_quote, share, call_was, call_greeks, stamp, moment.closed)
            put_row = _row(put, put_quote, share, put_was, put_greeks, stamp, moment.closed)
            rows += (put_row, call_row) if call.flip else (call_row, put_row)
        return rows

    def row(self, name: Name, expiry: date, moment: Moment, greeks: bool, symbol: str) -> str | None:
        """The row of one option; None where it is not listed."""
        start = f'{{"symbol":"{symbol}"'
        return next((row for row in self.rows(name, expiry, moment, greeks) if row.startswith(start)), None)

    def symbols(self, name: Name, expiry: date, day: date) -> list[str]:
        """The option symbols of an expiry."""
        return [label.symbol for pair in self._labels(name, expiry, day) for label in pair]

    def _chain(self, name: Name, expiry: date, moment: Moment, greeks: bool) -> str:
        """The whole body of a chain; one option alone is an object, none at all is null."""
        rows = self.rows(name, expiry, moment, greeks)
        if not rows:
            return '{"options":null}'
        joined = rows[0] if len(rows) == 1 else f"[{','.join(rows)}]"
        return f'{{"options":{{"option":{joined}}}}}'


def option_symbol(root: str, expiry: date, side: str, strike: float) -> str:
    """The OCC symbol without padding."""
    return f"{root}{expiry:%y%m%d}{side}{round(strike * 1000):08d}"


def _labels(name: Name, expiry: date, day: date) -> list[tuple[_Label, _Label]]:
    root, salt, number = name.equity.symbol, name.profile.salt, expiry.toordinal()
    series = f"{root}{expiry:%y%m%d}"
    title = f"{root} {_MONTHS[expiry.month - 1]} {expiry.day} {expiry.year}"
    kind = "standard" if is_monthly_expiry(expiry) else "weeklys"
    end = f',"contract_size":100,"expiration_date":"{expiry}","expiration_type":"{kind}","option_type":"'
    labels = []
    for strike, (calls, puts) in zip(name.listing.strikes(expiry, day), name.interest(expiry, day), strict=True):
        bits = mix(salt, number, round(strike * 100))
        digits, identity = f"{round(strike * 1000):08d}", f',"underlying":"{root}","strike":{strike!r}'
        pair = []
        for side, word, (held, traded) in (("C", "Call", calls), ("P", "Put", puts)):
            bits = bits * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
            symbol = f"{series}{side}{digits}"
            pair.append(
                _Label(
                    symbol,
                    f'{{"symbol":"{symbol}","description":"{title} ${strike:.2f} {word}",'
                    f'"exch":"{_EXCHANGES[bits % 18]}","type":"option","last":',
                    identity,
                    f',"open_interest":{held}{end}{word.lower()}","root_symbol":"{root}"}}',
                    (bits >> 20) % 3 == 0,
                    (bits >> 24) % 5 / 4.0,
                    (bits >> 28) % 8 / 8.0,
                    1.0 + (bits >> 32) % 16 / 100.0,
                    1000 * (1 + (bits >> 36) % (1 + 7200 // (1 + traded))),
                    traded,
                    traded * 2 // 3 + held // 50,
                    1 + (bits >> 40) % 90,
                    _EXCHANGES[(bits >> 44) % 18],
                    1 + (bits >> 48) % 90,
                    _EXCHANGES[(bits >> 52) % 18],
                )
            )
        labels.append((pair[0], pair[1]))
    return labels


def _previous_closes(name: Name, expiry: date, day: date) -> list[tuple[float, float]]:
    """Values at the last close, to the cent, of the calls and puts listed on a day."""
    values = name.values(expiry, closing_moment(previous_session(day)), day)
    return [(max(0.01, round(value.call, 2)), max(0.01, round(value.put, 2))) for value in values]


def _greeks_texts(name: Name, expiry: date, moment: Moment, day: date) -> list[tuple[str, str]]:
    if name.equity.symbol == NO_GREEKS:
        return [(',"greeks":null', ',"greeks":null')] * len(name.listing.strikes(expiry, day))
    updated = f"{moment.instant:%Y-%m-%d %H:%M:%S}"
    return [_greek_pair(row, updated) for row in name.greeks(expiry, moment, day)]


def _greek_pair(row: StrikeGreeks, updated: str) -> tuple[str, str]:
    shared = (
        f',"gamma":{row.gamma:.6},"theta":{row.theta:.6},"vega":{row.vega:.6},"rho":{row.rho:.6},"phi":{row.phi:.6}'
    )
    end = f',"smv_vol":{row.smv:.3f},"updated_at":"{updated}"}}'
    (call_bid, call_mid, call_ask), (put_bid, put_mid, put_ask) = row.ivs
    call = f',"greeks":{{"delta":{row.call_delta:.6}{shared},"bid_iv":{call_bid:.6f},"mid_iv":{call_mid:.6f}'
    put = f',"greeks":{{"delta":{row.call_delta - 1.0:.6}{shared},"bid_iv":{put_bid:.6f},"mid_iv":{put_mid:.6f}'
    return f'{call},"ask_iv":{call_ask:.6f}{end}', f'{put},"ask_iv":{put_ask:.6f}{end}'


def _row(label: _Label, quote: Quote, share: float, previous: float, greeks: str, stamp: int, closed: bool) -> str:
    bid, ask = quote
    volume = int(label.day_volume * share)
    if volume:
        last = round(bid + (ask - bid) * label.last_at, 2) or 0.01
        opening = round(previous + (last - previous) * label.opened_at, 2)
        low, high = (last, opening) if last < opening else (opening, last)
        high, low = round(high * label.swing, 2), round(low / label.swing, 2) or 0.01
        change = round(last - previous, 2)
        trade = (
            f'{last!r},"change":{change!r},"volume":{volume},"open":{opening!r},"high":{high!r},"low":{low!r},'
            f'"close":{last if closed else "null"}'
        )
        history = (
            f',"change_percentage":{100.0 * change / previous:.2f},"average_volume":{label.average_volume},'
            f'"last_volume":{1 + label.bid_size % (volume if volume < 20 else 20)},"trade_date":{stamp - label.age},'
            f'"prevclose":{previous!r}'
        )
    else:
        trade = 'null,"change":null,"volume":0,"open":null,"high":null,"low":null,"close":null'
        history = (
            f',"change_percentage":null,"average_volume":{label.average_volume},"last_volume":0,'
            '"trade_date":0,"prevclose":null'
        )
    return (
        f'{label.head}{trade},"bid":{bid!r},"ask":{ask!r}{label.identity}{greeks}{history}'
        f',"week_52_high":0.0,"week_52_low":0.0,"bidsize":{label.bid_size if bid else 0},'
        f'"bidexch":"{label.bid_exchange}","bid_date":{stamp},"asksize":{label.ask_size if ask else 0},'
        f'"askexch":"{label.ask_exchange}","ask_date":{stamp}{label.tail}'
    )
