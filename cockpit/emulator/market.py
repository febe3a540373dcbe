"""The embedded equity market: every name's price, options and reports at any moment, all from one seed.

Nothing here keeps a state that requests could change: the caches only save work, so the same seed gives the same
answers whatever is asked, in whatever order.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from cockpit.emulator import chains
from cockpit.emulator.history import Day, History
from cockpit.emulator.intraday import Path
from cockpit.emulator.listing import Listing
from cockpit.emulator.profile import Profile, draw_profile
from cockpit.emulator.sessions import Moment, closing_moment, moment_at, quote_moment
from cockpit.emulator.universe import THREE_QUARTERS, Equity, load_equities
from cockpit.emulator.volatility import Volatility
from cockpit.options.calendar import previous_session

_STOCK_SPREAD = {"A": 0.00006, "B": 0.0002, "C": 0.0006, "D": 0.0012}
_FIRST_GREEKS = 30 * 60
_GREEKS_EVERY = 60 * 60


@dataclass(frozen=True, slots=True)
class StockQuote:
    """A share's last word. Prices in dollars.

    Attributes:
        close: None while the session is open.
        average_volume: shares a day.
    """

    moment: Moment
    last: float
    bid: float
    ask: float
    open: float
    high: float
    low: float
    close: float | None
    previous_close: float
    volume: int
    average_volume: int
    year_high: float
    year_low: float


class Name:
    """One listed company with all that is known of it."""

    def __init__(self, seed: int, equity: Equity) -> None:
        self._seed = seed
        self.equity = equity
        self.profile: Profile = draw_profile(seed, equity)
        self.history = History(seed, self.profile)
        self.volatility = Volatility(self.profile)
        self.listing = Listing(self.profile, self.history, self.volatility)
        self.path = lru_cache(maxsize=4)(self._path)
        self.stock = lru_cache(maxsize=8)(self._stock)
        self.quotes = lru_cache(maxsize=48)(self._quotes)
        self._year_range = lru_cache(maxsize=4)(self._extremes)

    def moment(self, now: datetime) -> Moment:
        """The moment of the name's latest quote."""
        return quote_moment(now, self.profile.offset)

    def greeks_moment(self, moment: Moment) -> Moment:
        """When the vendor last computed greeks: once an hour, from half an hour after the open on."""
        first = _FIRST_GREEKS + self.profile.salt % 480
        if moment.second < first:
            day = previous_session(moment.day)
            return self.greeks_moment(closing_moment(day))
        return moment_at(moment.day, first + (moment.second - first) // _GREEKS_EVERY * _GREEKS_EVERY)

    def spot(self, moment: Moment) -> float:
        """The share's price."""
        if moment.closed:
            return self.history.day(moment.day).close
        return self.path(moment.day).price(moment.second)

    def day_so_far(self, moment: Moment) -> Day:
        """The bar of the session as it stands at a moment."""
        bar = self.history.day(moment.day)
        if moment.closed:
            return bar
        path = self.path(moment.day)
        second = moment.second
        return Day(bar.day, bar.open, path.high(second), path.low(second), path.price(second), path.volume(second))

    def bars(self, start: date, end: date, moment: Moment) -> list[Day]:
        """Daily bars within two days, the current session's as it stands."""
        bars = self.history.between(start, min(end, moment.day))
        if bars and bars[-1].day == moment.day:
            bars[-1] = self.day_so_far(moment)
        return bars

    def values(self, expiry: date, moment: Moment, day: date) -> list[chains.Valued]:
        """Model values at a moment of the strikes that are listed on ``day``."""
        term = self.volatility.term(expiry, moment)
        years = chains.years_to(moment, expiry)
        return chains.value_strikes(self.profile, self.spot(moment), term, years, self.listing.strikes(expiry, day))

    def greeks(self, expiry: date, moment: Moment, day: date) -> list[chains.StrikeGreeks]:
        """Greeks at a moment of the strikes that are listed on ``day``."""
        values = self.values(expiry, moment, day)
        quotes, years = self._quoted(expiry, moment, values), chains.years_to(moment, expiry)
        return chains.greeks_of(self.profile, self.spot(moment), values, quotes, years)

    def past_reports_listed(self) -> int:
        """How many past quarters the calendars know of: eight to twelve, three for a young company."""
        if self.equity.symbol == THREE_QUARTERS:
            return 3
        # Whole years of the trap: each of them holds its law.
        return 12 if self.equity.archetype == "trap" else 8 + self.profile.salt % 5

    def _path(self, day: date) -> Path:
        return Path(self._seed, self.equity.symbol, self.profile.salt, self.history.day(day), self.history.nature(day))

    def _stock(self, moment: Moment) -> StockQuote:
        bar = self.day_so_far(moment)
        half = max(0.01, bar.close * _STOCK_SPREAD[self.profile.liquidity]) * self.volatility.widening(moment)
        low, high = self._year_range(moment.day)
        return StockQuote(
            moment=moment,
            last=bar.close,
            bid=round(max(0.01, bar.close - half), 2),
            ask=round(bar.close + half, 2),
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close if moment.closed else None,
            previous_close=self.history.close_before(moment.day),
            volume=bar.volume,
            average_volume=self.profile.average_volume,
            year_high=max(high, bar.high),
            year_low=min(low, bar.low),
        )

    def _extremes(self, day: date) -> tuple[float, float]:
        bars = self.history.between(day - timedelta(days=364), previous_session(day))
        return min([bar.low for bar in bars]), max([bar.high for bar in bars])

    def _quotes(self, expiry: date, moment: Moment, day: date) -> list[tuple[chains.Quote, chains.Quote]]:
        return self._quoted(expiry, moment, self.values(expiry, moment, day))

    def _quoted(
        self, expiry: date, moment: Moment, values: list[chains.Valued]
    ) -> list[tuple[chains.Quote, chains.Quote]]:
        widening = self.volatility.widening(moment)
        return chains.quote_strikes(self.profile, self.spot(moment), values, widening, expiry)


class Market:
    """All names under one seed. Names come to life when they are first asked for."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.equities = load_equities()
        self._names: dict[str, Name] = {}

    def name(self, symbol: str) -> Name | None:
        """A name by its symbol; None where the market does not know it."""
        name = self._names.get(symbol)
        if name is None and symbol in self.equities:
            name = self._names[symbol] = Name(self.seed, self.equities[symbol])
        return name

    def names(self) -> list[Name]:
        """Every name, in the order of the listing."""
        return [name for symbol in self.equities if (name := self.name(symbol)) is not None]
