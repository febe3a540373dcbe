"""The bodies of Tradier's market data answers, as JSON text."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache, partial

from cockpit.emulator.clock import EmulatorClock
from cockpit.emulator.market import Market, Name
from cockpit.emulator.option_rows import OptionRows, option_symbol
from cockpit.emulator.parameters import BadParameterError, day_of, flag, minute_of, required
from cockpit.emulator.tradier_texts import (
    calendar_day,
    clock_text,
    corporate_events,
    day_text,
    day_texts,
    grouped_days,
    history_body,
    one_or_list,
    option_days,
    stock_text,
    time_sales_of,
)
from cockpit.emulator.universe import Equity
from cockpit.options.calendar import NEW_YORK, is_monthly_expiry

_BARS = {"1min": 60, "5min": 300, "15min": 900}
_PREPARED_YEARS = 3
_LONGEST_HISTORY = timedelta(days=366 * 6)


class TradierBodies:
    """What each address answers, from the query's parameters, at the clock's time.

    Attributes:
        answered_at: monotonic seconds of the latest answer.
    """

    def __init__(self, market: Market, clock: EmulatorClock) -> None:
        self.answered_at = 0.0
        self._market = market
        self._clock = clock
        self._rows = OptionRows()
        self._day_texts = lru_cache(maxsize=256)(day_texts)

    def quotes(self, params: Mapping[str, str]) -> str:
        """Quotes of shares and options; symbols that do not exist stand under ``unmatched_symbols``."""
        now = self._clock.now()
        greeks = flag(params, "greeks")
        found, unmatched = [], []
        for symbol in dict.fromkeys(required(params, "symbols").upper().split(",")):
            symbol = symbol.strip()
            text = self._quote(symbol, now, greeks)
            if text is not None:
                found.append(text)
            elif symbol:
                unmatched.append(json.dumps(symbol))
        parts = []
        if found:
            parts.append(f'"quote":{one_or_list(found)}')
        if unmatched:
            parts.append(f'"unmatched_symbols":{{"symbol":{one_or_list(unmatched)}}}')
        return f'{{"quotes":{{{",".join(parts)}}}}}'

    def expirations(self, params: Mapping[str, str]) -> str:
        """Listed expiries: dates alone, or objects where more is asked for."""
        name = self._market.name(required(params, "symbol").upper())
        today = self._today()
        expiries = name.listing.expiries(today) if name is not None else ()
        if name is None or not expiries:
            return '{"expirations":null}'
        wants_strikes = flag(params, "strikes")
        wants_size, wants_type = flag(params, "contractSize"), flag(params, "expirationType")
        if not (wants_strikes or wants_size or wants_type):
            return f'{{"expirations":{{"date":{one_or_list([json.dumps(str(day)) for day in expiries])}}}}}'
        rows = []
        for day in expiries:
            row: dict[str, object] = {"date": str(day)}
            if wants_size:
                row["contract_size"] = 100
            if wants_type:
                row["expiration_type"] = "standard" if is_monthly_expiry(day) else "weeklys"
            if wants_strikes:
                row["strikes"] = {"strike": list(name.listing.strikes(day, name.moment(self._clock.now()).day))}
            rows.append(json.dumps(row, separators=(",", ":")))
        return f'{{"expirations":{{"expiration":{one_or_list(rows)}}}}}'

    def strikes(self, params: Mapping[str, str]) -> str:
        """Listed strikes of an expiry."""
        name, expiry = self._series(params)
        if name is None:
            return '{"strikes":null}'
        strikes = name.listing.strikes(expiry, name.moment(self._clock.now()).day)
        return f'{{"strikes":{{"strike":{one_or_list([repr(strike) for strike in strikes])}}}}}'

    def chains(self, params: Mapping[str, str]) -> str:
        """Every option of an expiry."""
        name, expiry = self._series(params)
        if name is None:
            return '{"options":null}'
        return self._rows.chain(name, expiry, name.moment(self._clock.now()), flag(params, "greeks"))

    def option_symbols(self, params: Mapping[str, str]) -> str:
        """All option symbols of an underlying."""
        name = self._market.name(required(params, "underlying").upper())
        if name is None or not name.listing.expiries(self._today()):
            return '{"symbols":null}'
        day = name.moment(self._clock.now()).day
        symbols = [
            option_symbol(name.equity.symbol, expiry, side, strike)
            for expiry in name.listing.expiries(self._today())
            for side in "CP"
            for strike in name.listing.strikes(expiry, day)
        ]
        body = {"symbols": [{"rootSymbol": name.equity.symbol, "options": symbols}]}
        return json.dumps(body, separators=(",", ":"))

    def history(self, params: Mapping[str, str]) -> str:
        """Daily, weekly or monthly bars of a share or an option, the current session's as it stands."""
        symbol = required(params, "symbol").upper()
        now = self._clock.now()
        today = now.astimezone(NEW_YORK).date()
        end = min(day_of(params, "end", today), today)
        interval = params.get("interval", "daily")
        if interval not in ("daily", "weekly", "monthly"):
            raise BadParameterError("interval: must be daily, weekly or monthly")
        name = self._market.name(symbol)
        if name is None:
            option = self._option(symbol)
            rows = [] if option is None else self._option_history(option, now, day_of(params, "start", date.min), end)
            return history_body(rows)
        start = day_of(params, "start", date(today.year, 1, 1))
        start = max(start, end - _LONGEST_HISTORY)
        moment = name.moment(now)
        if interval != "daily":
            return history_body(grouped_days(name, start, end, moment, interval))
        texts = self._day_texts(name, start, min(end, moment.day - timedelta(days=1)))
        if start <= moment.day <= end:
            texts = (*texts, day_text(name, moment))
        return history_body(list(texts))

    def time_sales(self, params: Mapping[str, str]) -> str:
        """Bars within the day."""
        name = self._market.name(required(params, "symbol").upper())
        seconds = _BARS.get(params.get("interval", "1min"))
        if seconds is None:
            raise BadParameterError("interval: must be 1min, 5min or 15min")
        if name is None:
            return '{"series":null}'
        moment = name.moment(self._clock.now())
        start = minute_of(params, "start", datetime.combine(moment.day, datetime.min.time()))
        end = minute_of(params, "end", moment.instant.astimezone(NEW_YORK).replace(tzinfo=None))
        rows = [
            json.dumps(row, separators=(",", ":"))
            for bar_start, row in time_sales_of(name, seconds, moment, start.date(), end.date())
            if start <= bar_start <= end
        ]
        return f'{{"series":{{"data":{one_or_list(rows)}}}}}' if rows else '{"series":null}'

    def market_clock(self, _: Mapping[str, str]) -> str:
        """The exchange's phase now."""
        return clock_text(self._clock.now())

    def calendar(self, params: Mapping[str, str]) -> str:
        """The days of a month: closed ones have no session times."""
        today = self._today()
        try:
            first = date(int(params.get("year", today.year)), int(params.get("month", today.month)), 1)
        except ValueError:
            raise BadParameterError("month: must be 1 to 12, with a four-digit year") from None
        days = [first + timedelta(days=offset) for offset in range(31)]
        rows = [calendar_day(day) for day in days if day.month == first.month]
        body = {"calendar": {"month": first.month, "year": first.year, "days": {"day": rows}}}
        return json.dumps(body, separators=(",", ":"))

    def search(self, params: Mapping[str, str]) -> str:
        """Shares whose symbol or name holds the text."""
        text = required(params, "q").upper()
        return self._securities(lambda equity: text in equity.symbol or text in equity.name.upper())

    def lookup(self, params: Mapping[str, str]) -> str:
        """Shares whose symbol begins with the text."""
        text = required(params, "q").upper()
        return self._securities(lambda equity: equity.symbol.startswith(text))

    def corporate_calendars(self, params: Mapping[str, str]) -> str:
        """Earnings dates, past and coming, as the fundamentals say."""
        answers = []
        for symbol in required(params, "symbols").upper().split(","):
            name = self._market.name(symbol.strip())
            events = [] if name is None else corporate_events(name, self._clock.now())
            results = (
                []
                if name is None
                else [
                    {
                        "type": "Company",
                        "id": f"0C{name.profile.salt % 10**8:08d}",
                        "tables": {"corporate_calendars": events},
                    }
                ]
            )
            answers.append({"request": symbol, "type": "Symbol", "results": results})
        return json.dumps(answers, separators=(",", ":"))

    def quote_preparations(self, name: Name) -> Iterator[Callable[[], object]]:
        """Steps that draw ahead of a scan what a name's quote shows; each takes a millisecond."""
        moment = name.moment(self._clock.now())
        for year in (moment.day.year, moment.day.year - 1):
            yield partial(name.history.year, year)
        yield partial(name.stock, moment)

    def series_preparations(self, name: Name) -> Iterator[Callable[[], object]]:
        """Steps that draw ahead of a scan what a name's chains and its older history show, a millisecond each."""
        moment = name.moment(self._clock.now())
        coming = next(
            report for report in name.profile.reports.near(moment.day, 1, 2) if report.moves_at > moment.instant
        )
        covering = [day for day in name.listing.expiries(moment.day) if day >= coming.reaction_day]
        for expiry in covering[:2]:
            yield partial(self._rows.prepare, name, expiry, moment)
        for year in range(moment.day.year - 2, moment.day.year - _PREPARED_YEARS - 1, -1):
            yield partial(name.history.year, year)

    def _today(self) -> date:
        return self._clock.now().astimezone(NEW_YORK).date()

    def _series(self, params: Mapping[str, str]) -> tuple[Name, date] | tuple[None, date]:
        name = self._market.name(required(params, "symbol").upper())
        expiry = day_of(params, "expiration", None)
        if name is None or expiry not in name.listing.expiries(self._today()):
            return None, expiry
        return name, expiry

    def _option(self, symbol: str) -> tuple[Name, date, str, float] | None:
        """Name, expiry, side and strike of a listed or expired option symbol."""
        root, digits, side, strike = symbol[:-15], symbol[-15:-9], symbol[-9:-8], symbol[-8:]
        name = self._market.name(root)
        if name is None or side not in ("C", "P") or not (digits.isdecimal() and strike.isdecimal()):
            return None
        try:
            return name, date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:])), side, int(strike) / 1000.0
        except ValueError:
            return None

    def _option_history(
        self, option: tuple[Name, date, str, float], now: datetime, start: date, end: date
    ) -> list[str]:
        name, expiry, side, strike = option
        return option_days(name, expiry, side, strike, name.moment(now), start, end)

    def _quote(self, symbol: str, now: datetime, greeks: bool) -> str | None:
        name = self._market.name(symbol)
        if name is not None:
            return stock_text(name, name.moment(now))
        option = self._option(symbol)
        if option is None or option[1] not in option[0].listing.expiries(self._today()):
            return None
        name, expiry, _, _ = option
        return self._rows.row(name, expiry, name.moment(now), greeks, symbol)

    def _securities(self, wanted: Callable[[Equity], bool]) -> str:
        rows = [
            json.dumps(
                {"symbol": equity.symbol, "exchange": equity.exchange, "type": "stock", "description": equity.name},
                separators=(",", ":"),
            )
            for equity in self._market.equities.values()
            if wanted(equity)
        ]
        return f'{{"securities":{{"security":{one_or_list(rows)}}}}}' if rows else '{"securities":null}'
