"""Tradier's JSON rows of options, written straight as text: a chain of a hundred costs less than a millisecond."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from cockpit.emulator.chains import Quote, StrikeGreeks
from cockpit.emulator.listing import Interest
from cockpit.emulator.market import Name
from cockpit.emulator.noise import mix
from cockpit.emulator.sessions import Moment, closing_moment
from cockpit.emulator.universe import NO_GREEKS
from cockpit.options.calendar import is_monthly_expiry, previous_session

_EXCHANGES = "ZCMNQITXPBHJEWUDAS"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class _Label:
    """The parts of a row that do not change within a session."""

    symbol: str
    head: str
    identity: str
    tail: str
    bits: int
    average_volume: int


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
        interest = name.interest_so_far(expiry, moment)
        stamp = int(moment.instant.timestamp() * 1000)
        texts = self._greeks(name, expiry, name.greeks_moment(moment), day) if greeks else None
        rows = []
        for index, pair in enumerate(labels):
            for side in (0, 1) if pair[0].bits % 3 else (1, 0):
                text = "" if texts is None else texts[index][side]
                rows.append(
                    _row(
                        pair[side],
                        quotes[index][side],
                        interest[index][side],
                        previous[index][side],
                        text,
                        stamp,
                        moment.closed,
                    )
                )
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
    root, salt = name.equity.symbol, name.profile.salt
    when = f"{_MONTHS[expiry.month - 1]} {expiry.day} {expiry.year}"
    kind = "standard" if is_monthly_expiry(expiry) else "weeklys"
    number = expiry.toordinal()
    labels = []
    interest = name.interest(expiry, day)
    for strike, held in zip(name.listing.strikes(expiry, day), interest, strict=True):
        pair = []
        for side, word, contracts in (("C", "Call", held[0]), ("P", "Put", held[1])):
            bits = mix(salt, number, round(strike * 100), ord(side))
            symbol = option_symbol(root, expiry, side, strike)
            head = (
                f'{{"symbol":"{symbol}","description":"{root} {when} ${strike:.2f} {word}",'
                f'"exch":"{_letter(bits)}","type":"option","last":'
            )
            identity = f',"underlying":"{root}","strike":{strike!r}'
            tail = (
                f',"open_interest":{contracts.open_interest},"contract_size":100,"expiration_date":"{expiry}",'
                f'"expiration_type":"{kind}","option_type":"{word.lower()}","root_symbol":"{root}"}}'
            )
            average = contracts.day_volume * 2 // 3 + contracts.open_interest // 50
            pair.append(_Label(symbol, head, identity, tail, bits, average))
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
    return [(_greek_text(row, 0, updated), _greek_text(row, 1, updated)) for row in name.greeks(expiry, moment, day)]


def _greek_text(row: StrikeGreeks, side: int, updated: str) -> str:
    delta = row.call_delta - side
    bid, mid, ask = row.ivs[side]
    return (
        f',"greeks":{{"delta":{delta!r},"gamma":{row.gamma!r},"theta":{row.theta!r},"vega":{row.vega!r},'
        f'"rho":{row.rho!r},"phi":{row.phi!r},"bid_iv":{bid:.6f},"mid_iv":{mid:.6f},"ask_iv":{ask:.6f},'
        f'"smv_vol":{row.smv:.3f},"updated_at":"{updated}"}}'
    )


def _row(
    label: _Label, quote: Quote, interest: Interest, previous: float, greeks: str, stamp: int, closed: bool
) -> str:
    bid, ask = quote
    bits, volume = label.bits, interest.day_volume
    if volume:
        last = round(max(0.01, bid + (ask - bid) * ((bits >> 8) % 5) / 4.0), 2)
        swing = 1.0 + ((bits >> 12) % 16) / 100.0
        opening = max(0.01, round(previous + (last - previous) * ((bits >> 16) % 8) / 8.0, 2))
        high, low = round(max(last, opening) * swing, 2), max(0.01, round(min(last, opening) / swing, 2))
        change = round(last - previous, 2)
        trade = (
            f'{last!r},"change":{change!r},"volume":{volume},"open":{opening!r},"high":{high!r},"low":{low!r},'
            f'"close":{last if closed else "null"},"bid":{bid!r},"ask":{ask!r}'
        )
        age = 1000 * ((bits >> 20) % (7200 // (1 + volume)) + 1) if volume < 7200 else 1000
        history = (
            f',"change_percentage":{100.0 * change / previous:.2f},"average_volume":{label.average_volume},'
            f'"last_volume":{1 + (bits >> 24) % min(volume, 20)},"trade_date":{stamp - age},"prevclose":{previous!r},'
        )
    else:
        trade = (
            f'null,"change":null,"volume":0,"open":null,"high":null,"low":null,"close":null,"bid":{bid!r},"ask":{ask!r}'
        )
        history = (
            f',"change_percentage":null,"average_volume":{label.average_volume},"last_volume":0,'
            '"trade_date":0,"prevclose":null,'
        )
    bid_size = 1 + (bits >> 32) % 90 if bid > 0.0 else 0
    ask_size = 1 + (bits >> 40) % 90 if ask > 0.0 else 0
    return (
        f"{label.head}{trade}{label.identity}{greeks}{history}"
        f'"week_52_high":0.0,"week_52_low":0.0,"bidsize":{bid_size},"bidexch":"{_letter(bits >> 4)}",'
        f'"bid_date":{stamp},'
        f'"asksize":{ask_size},"askexch":"{_letter(bits >> 5)}","ask_date":{stamp}{label.tail}'
    )


def _letter(bits: int) -> str:
    return _EXCHANGES[bits % len(_EXCHANGES)]
