"""Parts of Tradier's bodies: one share's quote, one day's bar, one calendar day."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import groupby

from msgspec.json import encode

from cockpit.emulator import chains
from cockpit.emulator.history import Day
from cockpit.emulator.market import Name
from cockpit.emulator.noise import mix
from cockpit.emulator.sessions import Moment, closing_moment, moment_at, session_seconds, year_sessions
from cockpit.emulator.universe import DATES_DIFFER
from cockpit.options.calendar import (
    NEW_YORK,
    Phase,
    close_time,
    is_early_close,
    is_session,
    next_session,
    session_on_or_before,
    session_state,
)

_OPTION_HISTORY_SESSIONS = 40
_STATES = {
    Phase.PRE: ("premarket", "open", "Market is in premarket."),
    Phase.OPEN: ("open", "postmarket", "Market is open."),
    Phase.POST: ("postmarket", "closed", "Market is in postmarket."),
    Phase.CLOSED: ("closed", "premarket", "Market is closed."),
}
_QUARTERS = ("First", "Second", "Third", "Fourth")
_EARNINGS_EVENT = 7


def one_or_list(texts: list[str]) -> str:
    """A JSON list, or the only member alone as the vendor has it."""
    return texts[0] if len(texts) == 1 else f"[{','.join(texts)}]"


def stock_text(name: Name, moment: Moment) -> str:
    """A share's quote."""
    quote, equity, bits = name.stock(moment), name.equity, mix(name.profile.salt, moment.day.toordinal(), moment.second)
    stamp = int(moment.instant.timestamp() * 1000)
    change = round(quote.last - quote.previous_close, 2)
    close = "null" if quote.close is None else repr(quote.close)
    return (
        f'{{"symbol":"{equity.symbol}","description":{json.dumps(equity.name)},"exch":"{equity.exchange}",'
        f'"type":"stock","last":{quote.last!r},"change":{change!r},"volume":{quote.volume},"open":{quote.open!r},'
        f'"high":{quote.high!r},"low":{quote.low!r},"close":{close},"bid":{quote.bid!r},"ask":{quote.ask!r},'
        f'"change_percentage":{100.0 * change / quote.previous_close:.2f},"average_volume":{quote.average_volume},'
        f'"last_volume":{100 if bits % 3 else 1 + bits % 400},"trade_date":{stamp - bits % 900},'
        f'"prevclose":{quote.previous_close!r},"week_52_high":{quote.year_high!r},"week_52_low":{quote.year_low!r},'
        f'"bidsize":{1 + (bits >> 8) % 12},"bidexch":"{"QNZPK"[(bits >> 16) % 5]}","bid_date":{stamp},'
        f'"asksize":{1 + (bits >> 24) % 12},"askexch":"{"QNZPK"[(bits >> 32) % 5]}","ask_date":{stamp},'
        f'"root_symbols":"{equity.symbol}"}}'
    )


def history_body(rows: list[str]) -> str:
    """Bars as an answer: none is null."""
    return f'{{"history":{{"day":{one_or_list(rows)}}}}}' if rows else '{"history":null}'


def day_texts(name: Name, start: date, end: date) -> tuple[str, ...]:
    """Complete daily bars within two days: the first and all others, as one text with commas between, since several
    thousand short ones cost memory.
    """
    bars = name.history.between(start, end)
    return (_bar_texts(bars[:1]), _bar_texts(bars[1:])) if len(bars) > 1 else tuple(_bar_texts([bar]) for bar in bars)


def day_text(name: Name, moment: Moment) -> str:
    """The bar of the current session as it stands."""
    return _bar_texts([name.day_so_far(moment)])


def grouped_days(name: Name, start: date, end: date, moment: Moment, interval: str) -> list[str]:
    """Weekly or monthly bars, each under its first session."""

    def group(bar: Day) -> tuple[int, int]:
        return bar.day.isocalendar()[:2] if interval == "weekly" else (bar.day.year, bar.day.month)

    rows = []
    for _, members in groupby(name.bars(start, end, moment), group):
        bars = list(members)
        whole = Day(
            bars[0].day,
            bars[0].open,
            max(bar.high for bar in bars),
            min(bar.low for bar in bars),
            bars[-1].close,
            sum(bar.volume for bar in bars),
        )
        rows.append(_bar_texts([whole]))
    return rows


def option_days(
    name: Name, expiry: date, side: str, strike: float, moment: Moment, start: date, end: date
) -> list[str]:
    """Daily bars of an option from its model values at open and close, for its last forty sessions; days without a
    trade are left out.
    """
    last = min(session_on_or_before(expiry), moment.day)
    sessions = [day for year in (last.year - 1, last.year) for day in year_sessions(year) if day <= last]
    rows = []
    for day in sessions[-_OPTION_HISTORY_SESSIONS:]:
        volume = mix(name.profile.salt, expiry.toordinal(), round(strike * 100), ord(side), day.toordinal()) % 40
        if volume < 8 or not start <= day <= end:
            continue
        ends = moment if day == moment.day else closing_moment(day)
        opening, close = (_option_value(name, expiry, side, strike, point) for point in (moment_at(day, 0), ends))
        rows.append(
            f'{{"date":"{day}","open":{opening!r},"high":{max(opening, close)!r},"low":{min(opening, close)!r},'
            f'"close":{close!r},"volume":{volume}}}'
        )
    return rows


def time_sales_of(
    name: Name, seconds: int, moment: Moment, first: date, last: date
) -> Iterator[tuple[datetime, dict[str, object]]]:
    """Bars within the days up to a moment, each with its start in New York time."""
    day = max(first, moment.day - timedelta(days=40))
    while day <= min(last, moment.day):
        if is_session(day):
            until = moment.second if day == moment.day else session_seconds(day)
            yield from _session_bars(name, day, seconds, until)
        day += timedelta(days=1)


def clock_text(now: datetime) -> str:
    """The exchange's phase."""
    phase = session_state(now)
    state, following, description = _STATES[phase.phase]
    body = {
        "date": str(now.astimezone(NEW_YORK).date()),
        "description": description,
        "state": state,
        "timestamp": int(now.timestamp()),
        "next_change": f"{phase.changes_at.astimezone(NEW_YORK):%H:%M}",
        "next_state": following,
    }
    return json.dumps({"clock": body}, separators=(",", ":"))


def calendar_day(day: date) -> dict[str, object]:
    """One day of the exchange's calendar; closed ones have no session times."""
    if not is_session(day):
        return {"date": str(day), "status": "closed", "description": "Market is closed"}
    end = f"{close_time(day):%H:%M}"
    return {
        "date": str(day),
        "status": "open",
        "description": "Market closes early" if is_early_close(day) else "Market is open",
        "premarket": {"start": "07:00", "end": "09:24"},
        "open": {"start": "09:30", "end": end},
        "postmarket": {"start": end, "end": "19:55"},
    }


def corporate_events(name: Name, now: datetime) -> list[dict[str, object]]:
    """A name's earnings dates around now."""
    company = f"0C{name.profile.salt % 10**8:08d}"
    events: list[dict[str, object]] = []
    for report in name.profile.reports.near(now.astimezone(NEW_YORK).date(), 4, 1):
        quarter = (report.day.month - 1) // 3
        out = report.released_at <= now
        late = not out and name.equity.symbol in DATES_DIFFER
        day = str(next_session(report.day) if late else report.day)
        events.append(
            {
                "company_id": company,
                "begin_date_time": day,
                "end_date_time": day,
                "event_type": _EARNINGS_EVENT + quarter,
                "estimated_date_for_next_event": str(report.day + timedelta(days=91)),
                "event": f"{name.equity.name} {_QUARTERS[quarter]} Quarter Earnings Result",
                "event_fiscal_year": report.day.year,
                "event_status": "Confirmed" if out or (report.day - now.date()).days < 30 else "Unconfirmed",
                "time_zone": "America/New_York",
            }
        )
    return events


def _bar_texts(bars: list[Day]) -> str:
    """Bars with commas between. Eight hundred of them are a third of a name's scan if Python writes them one by one."""
    return str(encode(bars)[1:-1], "ascii")


def _option_value(name: Name, expiry: date, side: str, strike: float, moment: Moment) -> float:
    spot, years = name.spot(moment), chains.years_to(moment, expiry)
    value = chains.value_strikes(name.profile, spot, name.volatility.term(expiry, moment), years, (strike,))[0]
    return max(0.01, round(value.call if side == "C" else value.put, 2))


def _session_bars(name: Name, day: date, seconds: int, until: int) -> Iterator[tuple[datetime, dict[str, object]]]:
    path = name.path(day)
    for start in range(0, until, seconds):
        end = min(start + seconds, until)
        prices = [path.price(second) for second in range(start, end + 1, 5)]
        volume = path.volume(end) - path.volume(start)
        instant = moment_at(day, start).instant
        local = instant.astimezone(NEW_YORK).replace(tzinfo=None)
        middle = (max(prices) + min(prices)) / 2.0
        yield (
            local,
            {
                "time": f"{local:%Y-%m-%dT%H:%M:%S}",
                "timestamp": int(instant.timestamp()),
                "price": round(middle, 4),
                "open": prices[0],
                "high": max(prices),
                "low": min(prices),
                "close": prices[-1],
                "volume": volume,
                "vwap": round(middle, 5),
            },
        )
