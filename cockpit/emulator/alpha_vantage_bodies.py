"""The bodies of Alpha Vantage's answers: CSV with CRLF, and JSON in which every value is a string."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from msgspec import json

from cockpit.emulator.clock import EmulatorClock
from cockpit.emulator.history import Day
from cockpit.emulator.market import Market, Name
from cockpit.emulator.news import news_body
from cockpit.emulator.reports import Report
from cockpit.emulator.rng import draws
from cockpit.emulator.universe import NO_TIMING
from cockpit.options.calendar import NEW_YORK
from cockpit.scan.earnings import Timing

Answer = tuple[str, str]
"""Content type and text."""
Row = tuple[str, ...]

_HORIZONS = {"3month": 91, "6month": 182, "12month": 365}
_NEAR_DAYS = 15
"""The calendar says at what time of the day only for reports as near as this."""
_COMPACT = 100
_TIMES = {Timing.BMO: "pre-market", Timing.AMC: "post-market"}
_COLUMNS = ("symbol", "name", "reportDate", "fiscalDateEnding", "estimate", "currency", "timeOfTheDay")
_OFF_EXCHANGE = (
    ("OZFRY", "OZFRY", "USD"),
    ("ADERY", "ADERY", "USD"),
    ("BKHYY", "BANK HAPOALIM BM", "ILS"),
    ("CHEOY", "COCHLEAR LIMITED", "AUD"),
    ("FRCOY", "FAST RETAILING CO., LTD", "JPY"),
    ("HKHHY", "HEINEKEN HOLDING NV", "EUR"),
    ("KNYJY", "KONE OYJ", "EUR"),
    ("NTDOY", "NINTENDO CO., LTD", "JPY"),
    ("PDRDY", "PERNOD RICARD SA", "EUR"),
    ("SGSOY", "SGS SA", "CHF"),
    ("TCEHY", "TENCENT HOLDINGS LIMITED", "CNY"),
    ("ZURVY", "ZURICH INSURANCE GROUP AG", "CHF"),
)
"""Foreign and over-the-counter names of the calendar that have neither quotes nor options here."""


class AlphaVantageBodies:
    """What each function answers, at the clock's time."""

    def __init__(self, market: Market, clock: EmulatorClock) -> None:
        self._market = market
        self._clock = clock

    def body(self, function: str) -> Callable[[Mapping[str, str]], Answer] | None:
        """The writer of a function's answers; None where there is no such function."""
        return {
            "EARNINGS_CALENDAR": self._calendar,
            "EARNINGS": self._earnings,
            "OVERVIEW": self._overview,
            "TIME_SERIES_DAILY": self._daily,
            "NEWS_SENTIMENT": lambda params: ("application/json", news_body(self._market, self._clock, params)),
        }.get(function)

    def _calendar(self, params: Mapping[str, str]) -> Answer:
        """Coming reports by date, always CSV; foreign names stand among them."""
        days = _HORIZONS.get(params.get("horizon", "3month"))
        if days is None:
            return _invalid("EARNINGS_CALENDAR")
        today = self._today()
        wanted = params.get("symbol", "").upper()
        rows = [
            self._calendar_row(name, report, today)
            for name in self._market.names()
            for report in name.profile.reports.near(today, 1, 5)
            if today <= report.day <= today + timedelta(days=days) and wanted in ("", name.equity.symbol)
        ]
        rows += [row for row in self._off_exchange_rows(today, days) if not wanted or row[0] == wanted]
        rows.sort(key=lambda row: (row[2], row[0]))
        return "application/x-download", _csv(_COLUMNS, rows)

    def _calendar_row(self, name: Name, report: Report, today: date) -> Row:
        _, estimated = _eps(self._market.seed, name, report)
        near = (report.day - today).days < _NEAR_DAYS and name.equity.symbol != NO_TIMING
        return (
            name.equity.symbol,
            name.equity.name.upper(),
            str(report.day),
            str(_fiscal_end(report.day)),
            "" if estimated is None else _number(estimated),
            "USD",
            _TIMES.get(report.timing, "") if near else "",
        )

    def _off_exchange_rows(self, today: date, days: int) -> list[Row]:
        rows: list[Row] = []
        for symbol, name, currency in _OFF_EXCHANGE:
            rng = draws(self._market.seed, symbol, "calendar")
            first = today.toordinal() - (today.toordinal() + rng.randrange(91)) % 91
            day = date.fromordinal(first + 91)
            if (day - today).days <= days:
                rows.append(
                    (symbol, name, str(day), str(_fiscal_end(day)), rng.choice(("", "0", "1.27")), currency, "")
                )
        return rows

    def _earnings(self, params: Mapping[str, str]) -> Answer:
        """Past quarters, newest first; the vendor's word for a missing value is the text None."""
        name = self._market.name(params.get("symbol", "").upper())
        if name is None:
            return "application/json", "{}"
        reports = name.profile.reports.released(self._clock.now(), name.past_reports_listed())
        quarters = [_quarter(self._market.seed, name, report) for report in reports]
        years: dict[str, float] = {}
        for quarter in quarters:
            year = quarter["fiscalDateEnding"][:4]
            years[year] = years.get(year, 0.0) + float(quarter["reportedEPS"])
        body = {
            "symbol": name.equity.symbol,
            "annualEarnings": [
                {"fiscalDateEnding": f"{year}-12-31", "reportedEPS": _number(total)} for year, total in years.items()
            ],
            "quarterlyEarnings": quarters,
        }
        return "application/json", _indented(body)

    def _overview(self, params: Mapping[str, str]) -> Answer:
        """The company; an unknown one is an empty object."""
        name = self._market.name(params.get("symbol", "").upper())
        if name is None:
            return "application/json", "{}"
        equity, quote = name.equity, name.stock(name.moment(self._clock.now()))
        shares = equity.shares * 1e6
        latest = name.profile.reports.released(self._clock.now(), 4)
        eps = sum(_eps(self._market.seed, name, report)[0] for report in latest)
        body = {
            "Symbol": equity.symbol,
            "AssetType": "Common Stock",
            "Name": equity.name,
            "Description": f"{equity.name} is a company of the simulated market.",
            "CIK": str(name.profile.salt % 10**7),
            "Exchange": "NASDAQ" if equity.exchange == "Q" else "NYSE",
            "Currency": "USD",
            "Country": "USA",
            "Sector": equity.sector,
            "Industry": equity.sector,
            "Address": "None",
            "FiscalYearEnd": "December",
            "LatestQuarter": str(_fiscal_end(latest[0].day)),
            "MarketCapitalization": str(int(shares * quote.last)),
            "EBITDA": "None",
            "PERatio": f"{quote.last / eps:.2f}" if eps > 0 else "None",
            "PEGRatio": "None",
            "BookValue": "None",
            "DividendPerShare": _number(round(name.profile.dividend * quote.last, 2)),
            "DividendYield": _number(name.profile.dividend),
            "EPS": _number(eps),
            "Beta": f"{name.profile.ambient / 0.2:.3f}",
            "52WeekHigh": _number(quote.year_high),
            "52WeekLow": _number(quote.year_low),
            "SharesOutstanding": str(int(shares)),
            "DividendDate": "None",
            "ExDividendDate": "None",
        }
        return "application/json", _indented(body)

    def _daily(self, params: Mapping[str, str]) -> Answer:
        """Complete sessions, newest first: the last hundred, or all."""
        name = self._market.name(params.get("symbol", "").upper())
        if name is None:
            return _invalid("TIME_SERIES_DAILY")
        moment = name.moment(self._clock.now())
        bars = name.bars(date(moment.day.year - 4, 1, 1), moment.day, moment)
        if not moment.closed:
            bars.pop()
        size = params.get("outputsize", "compact")
        bars = bars[::-1][: _COMPACT if size == "compact" else None]
        if params.get("datatype") == "csv":
            columns = ("timestamp", "open", "high", "low", "close", "volume")
            rows = [(str(bar.day), *_four(bar), str(bar.volume)) for bar in bars]
            return "application/x-download", _csv(columns, rows)
        body = {
            "Meta Data": {
                "1. Information": "Daily Prices (open, high, low, close) and Volumes",
                "2. Symbol": name.equity.symbol,
                "3. Last Refreshed": str(bars[0].day),
                "4. Output Size": "Compact" if size == "compact" else "Full size",
                "5. Time Zone": "US/Eastern",
            },
            "Time Series (Daily)": {
                str(bar.day): dict(
                    zip(
                        ("1. open", "2. high", "3. low", "4. close", "5. volume"),
                        (*_four(bar), str(bar.volume)),
                        strict=True,
                    )
                )
                for bar in bars
            },
        }
        return "application/json", _indented(body)

    def _today(self) -> date:
        return self._clock.now().astimezone(NEW_YORK).date()


def _quarter(seed: int, name: Name, report: Report) -> dict[str, str]:
    reported, estimated = _eps(seed, name, report)
    row = {
        "fiscalDateEnding": str(_fiscal_end(report.day)),
        "reportedDate": str(report.day),
        "reportedEPS": _number(reported),
        "estimatedEPS": "None",
        "surprise": "None",
        "surprisePercentage": "None",
    }
    if estimated is not None:
        surprise = reported - estimated
        row["estimatedEPS"] = _number(estimated)
        row["surprise"] = _number(surprise)
        row["surprisePercentage"] = f"{100.0 * surprise / abs(estimated):.4f}"
    if name.equity.symbol != NO_TIMING and report.timing in _TIMES:
        row["reportTime"] = _TIMES[report.timing]
    return row


def _eps(seed: int, name: Name, report: Report) -> tuple[float, float | None]:
    """Earnings per share as reported and as estimated; about a tenth of the quarters have no estimate."""
    rng = draws(seed, name.equity.symbol, report.quarter, "eps")
    level = name.profile.price / (70.0 + name.profile.salt % 60) * (1.0 + 0.02 * report.quarter)
    estimated = round(max(0.01, level * (1.0 + 0.08 * rng.gauss(0.0, 1.0))), 2)
    reported = round(estimated * (1.0 + 0.05 * rng.gauss(0.5, 1.0)), 2)
    return reported, None if rng.random() < 0.1 else estimated


def _fiscal_end(day: date) -> date:
    """The last quarter's end before a report."""
    month = (day.month - 1) // 3 * 3
    return date(day.year if month else day.year - 1, month or 12, {3: 31, 6: 30, 9: 30}.get(month, 31))


def _four(bar: Day) -> tuple[str, str, str, str]:
    return f"{bar.open:.4f}", f"{bar.high:.4f}", f"{bar.low:.4f}", f"{bar.close:.4f}"


def _number(value: float) -> str:
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _csv(columns: tuple[str, ...], rows: Sequence[Row]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def _indented(body: Mapping[str, object]) -> str:
    """JSON as this vendor lays it out."""
    return json.format(json.encode(body).decode(), indent=4)


def _invalid(function: str) -> Answer:
    text = (
        "Invalid API call. Please retry or visit the documentation "
        f"(https://www.alphavantage.co/documentation/) for {function}."
    )
    return "application/json", _indented({"Error Message": text})
