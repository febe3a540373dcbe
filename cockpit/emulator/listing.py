"""Which options of a name are listed, and how many of each are held and traded."""

from bisect import bisect_left
from datetime import date, timedelta
from functools import lru_cache
from math import exp, sqrt

from cockpit.emulator.history import History
from cockpit.emulator.noise import mix, normal, stir
from cockpit.emulator.profile import Profile
from cockpit.emulator.sessions import closing_moment, session_number
from cockpit.emulator.universe import NO_OPTIONS, ONE_EXPIRY
from cockpit.emulator.volatility import Volatility
from cockpit.options.calendar import (
    is_monthly_expiry,
    monthly_expiry,
    previous_session,
    session_on_or_after,
    session_on_or_before,
)

_WEEKLIES = 6
_MONTHLIES = 3
_RANGE_DEVIATIONS = 1.6
"""Strikes reach so many standard deviations beyond every close since the listing."""
_OPEN_INTEREST = {"A": 9000.0, "B": 1200.0, "C": 250.0, "D": 120.0}


Interest = tuple[int, int]
"""Contracts of one option: held since last night, and traded by tonight."""


class Listing:
    """The listed options of one name."""

    def __init__(self, profile: Profile, history: History, volatility: Volatility) -> None:
        self._profile = profile
        self._history = history
        self._volatility = volatility
        self.expiries = lru_cache(maxsize=8)(self._expiries)
        self.strikes = lru_cache(maxsize=64)(self._strikes)

    def _expiries(self, today: date) -> tuple[date, ...]:
        """Listed expiries from today on, rising: weeklies, months, and Januaries far out."""
        symbol = self._profile.equity.symbol
        if symbol == NO_OPTIONS:
            return ()
        months = [
            (today.year + (today.month - 1 + ahead) // 12, (today.month - 1 + ahead) % 12 + 1) for ahead in range(13)
        ]
        monthlies = [monthly_expiry(year, month) for year, month in months]
        monthlies = [day for day in monthlies if day >= today]
        if symbol == ONE_EXPIRY:
            return (monthlies[0],)
        listed = set(monthlies[:_MONTHLIES])
        listed.update(day for day in monthlies if day.month % 3 == 0)
        listed.update(monthly_expiry(today.year + ahead, 1) for ahead in (1, 2))
        if self._profile.liquidity != "D":
            friday = today + timedelta(days=(4 - today.weekday()) % 7)
            weeklies = [session_on_or_before(friday + timedelta(days=7 * week)) for week in range(_WEEKLIES)]
            listed.update(day for day in weeklies if day >= today)
        return tuple(sorted(listed))

    def _strikes(self, expiry: date, today: date) -> tuple[float, ...]:
        """Listed strikes, rising. What has been listed once stays: positions in it keep a quote."""
        monthly = is_monthly_expiry(expiry)
        first, sessions = (91, 50) if monthly else (43, 30)
        listed_on = session_on_or_after(min(expiry - timedelta(days=first), previous_session(today)))
        closes = [bar.close for bar in self._history.between(previous_session(listed_on), previous_session(today))]
        profile = self._profile
        deviation = sqrt(profile.ambient**2 * sessions / 252.0 + profile.priced_event_sd(0.0) ** 2)
        reach = exp(_RANGE_DEVIATIONS * deviation)
        return _strike_grid(min(closes) / reach, max(closes) * reach)

    def interest(self, expiry: date, today: date) -> tuple[tuple[Interest, Interest], ...]:
        """Calls and puts by strike: most at round strikes a little out of the money, less in weeklies."""
        profile, yesterday = self._profile, closing_moment(previous_session(today))
        spot = self._history.day(yesterday.day).close
        deviation = self._volatility.term(expiry, yesterday).deviation
        scale = _OPEN_INTEREST[profile.liquidity] * (1.0 if is_monthly_expiry(expiry) else 0.25)
        series, day_number = mix(profile.salt, expiry.toordinal()), session_number(today)
        rows = []
        for strike in self.strikes(expiry, today):
            cents = round(strike * 100)
            held = scale * (3.0 if cents % 1000 == 0 else 1.6 if cents % 500 == 0 else 1.0)
            distance = (strike / spot - 1.0) / deviation
            own = stir(series, cents)
            rows.append(
                (
                    _interest(stir(own, 1), held, distance, day_number),
                    _interest(stir(own, -1), held * 0.8, -distance, day_number),
                )
            )
        return tuple(rows)


def _interest(bits: int, held: float, distance: float, day_number: int) -> Interest:
    """Held and traded contracts at a distance out of the money in standard deviations."""
    contracts = int(held * exp(-0.5 * ((distance - 0.9) / 1.1) ** 2 + 0.8 * normal(bits)))
    return contracts, int(contracts * exp(0.9 * normal(stir(bits, day_number)) - 1.4))


def _step(strike: float) -> float:
    return 0.5 if strike < 25.0 else 1.0 if strike < 100.0 else 2.5 if strike < 200.0 else 5.0


@lru_cache(maxsize=1)
def _all_strikes() -> tuple[float, ...]:
    """Every strike that the exchange's intervals allow, up to $20,000."""
    strikes = [0.5]
    while strikes[-1] < 20_000.0:
        strikes.append(strikes[-1] + _step(strikes[-1]))
    return tuple(strikes)


def _strike_grid(low: float, high: float) -> tuple[float, ...]:
    strikes = _all_strikes()
    return strikes[max(0, bisect_left(strikes, low) - 1) : bisect_left(strikes, high) + 1]
