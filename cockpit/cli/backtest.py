"""``cockpit backtest``: a strategy on stored bars."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cockpit.cli.formats import (
    UNKNOWN,
    Column,
    Sheet,
    clock_time,
    fixed,
    format_option,
    print_csv,
    print_json,
    print_table,
)
from cockpit.cli.interruption import complete
from cockpit.cli.invocation import Instant, Invocation, pass_invocation, program_options
from cockpit.cli.spans import instant_of, span_of
from cockpit.cli.stored import stored_symbol
from cockpit.cli.streams import CLEAR_LINE, rewrites_lines
from cockpit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cockpit.settings import Settings
    from cockpit.strategies.backtest import BacktestResult, PastBar
    from cockpit.strategies.decider import Decider
    from cockpit.strategies.round_trip import RoundTrip
    from cockpit.strategies.terms import Terms

_FINEST = Decimal("1e-8")
_TELL_SECONDS = 0.2
_BASIS_POINTS = click.FloatRange(0, 1000)


@dataclass(frozen=True, slots=True)
class _Run:
    """What was asked for, and what came of it."""

    strategy: str
    parameters: Mapping[str, object]
    symbol: str
    timeframe: str
    terms: "Terms"
    result: "BacktestResult"


@click.command()
@click.argument("strategy")
@click.option("--symbol", required=True, help="Such as BTCUSDT.")
@click.option("--timeframe", default="1m", show_default=True, help="1s, 1m, 5m, 15m, 1h, 4h or 1d.")
@click.option("--from", "start", type=Instant(), help="From this time on; bars before it warm the strategy up.")
@click.option("--to", "end", type=Instant(), help="Up to, and without, this time.")
@click.option(
    "--stake", type=click.FloatRange(0, 1e9, min_open=True), help="What a target is a share of, in the quote currency."
)
@click.option("--fee", type=_BASIS_POINTS, help="Basis points of each fill.")
@click.option("--slippage", type=_BASIS_POINTS, help="Basis points that each fill is worse than its price.")
@click.option("--trades", is_flag=True, help="List the trades, too; json and csv always do.")
@format_option
@program_options()
@pass_invocation
def backtest(
    invocation: Invocation,
    strategy: str,
    symbol: str,
    timeframe: str,
    start: datetime | None,
    end: datetime | None,
    stake: float | None,
    fee: float | None,
    slippage: float | None,
    trades: bool,
    form: str,
) -> None:
    """Run a strategy on stored bars.

    STRATEGY is sma_cross, rsi, or NAME for your own NAME.py in the folder of strategies.

    --set NAME=VALUE sets a parameter of the strategy, --set SECTION.KEY=VALUE a setting.

    The strategy hears of a bar when it has closed, and what it wants is filled at the open of the next bar, worse by
    the slippage. A bar without a trade, or with trades known to be missing, fills nothing. A position that is open at
    the end is marked at the last close. Drawdown is that of the closes; Sharpe is the mean over the standard deviation
    of the results of whole UTC days on the stake, times the root of 365.
    """
    given = {key: value for key, value in invocation.overrides if _is_parameter(key)}
    invocation.overrides = [pair for pair in invocation.overrides if not _is_parameter(pair[0])]
    costs = {"stake": stake, "fee_bp": fee, "slippage_bp": slippage}
    invocation.overrides += [(f"strategies.{key}", repr(value)) for key, value in costs.items() if value is not None]
    settings = invocation.settings
    parameters = {**settings.strategies.parameters.get(strategy, {}), **given}

    async def work() -> _Run:
        from cockpit.strategies.backtest import Backtest, run
        from cockpit.strategies.history import read_past
        from cockpit.strategies.terms import Terms
        from cockpit.ticks.bars import parse_timeframe

        parse_timeframe(timeframe)
        own = settings.strategies
        terms = Terms(*(Decimal(repr(value)) for value in (own.stake, own.fee_bp, own.slippage_bp)))
        span = span_of(start, end)
        async with _decider(settings, strategy, parameters) as decider, invocation.database() as database:
            name = await stored_symbol(settings, database, symbol)
            past = read_past(database, name, timeframe, *span, warm_up=decider.warm_up)
            result = await run(decider, _followed(past), Backtest(name, terms), span[0])
        if result is None:
            raise UsageError(_nothing(name, timeframe, start, end))
        if result.deaf >= result.bars:
            needs = f"{strategy} is heard from bar {decider.warm_up} on, and there are {result.bars}"
            click.echo(f"{needs}: take a shorter timeframe or a longer time", err=True)
        return _Run(strategy, decider.parameters, name, timeframe, terms, result)

    _print(complete(work()), form, trades)


def _is_parameter(key: str) -> bool:
    """Settings have a section before their name, but for the profile."""
    return "." not in key and key != "profile"


@asynccontextmanager
async def _decider(settings: "Settings", name: str, parameters: Mapping[str, object]) -> "AsyncIterator[Decider]":
    """The strategy of that name, ready for its first bar; a user's own in a process of its own."""
    from cockpit.paths import user_strategies
    from cockpit.strategies.deciding import deciding, rules_of
    from cockpit.strategies.loading import find_strategy

    file = find_strategy(name, user_strategies(settings.strategies.folder))
    async with deciding(name, file, parameters, rules_of(settings.strategies)) as strategy:
        yield strategy


async def _followed(pages: "AsyncIterator[list[PastBar]]") -> "AsyncIterator[list[PastBar]]":
    """The same pages; a terminal is told how far they are, on one line of stderr that goes at the end."""
    told, bars, terminal = monotonic(), 0, rewrites_lines()
    try:
        async for page in pages:
            yield page
            bars += len(page)
            if terminal and monotonic() > told + _TELL_SECONDS:
                told = monotonic()
                until = clock_time(instant_of(page[-1].bar.close_ms + 1))
                sys.stderr.write(f"{CLEAR_LINE}{bars:,} bars, up to {until}")
                sys.stderr.flush()
    finally:
        if terminal:
            sys.stderr.write(CLEAR_LINE)


def _nothing(symbol: str, timeframe: str, start: datetime | None, end: datetime | None) -> str:
    span = f"{f' from {clock_time(start)}' if start else ''}{f' to {clock_time(end)}' if end else ''}"
    shown = f"cockpit ticks bars {symbol} --timeframe 1d"
    return f"no bar of {timeframe} of {symbol} is stored{span}; what is stored of it is told by: {shown}"


def _print(run: _Run, form: str, trades: bool) -> None:
    sheet = Sheet("backtest", "trades", _trade_columns(_decimals(run.result)), _all_trades(run.result))
    if form == "csv":
        print_csv(sheet)
    elif form == "json":
        print_json("backtest", **_document(run), trades=sheet.records())
    else:
        print_table(Sheet("backtest", "figures", _LINE, list(_lines(run))))
        if trades and sheet.rows:
            print()
            print_table(sheet)


def _all_trades(result: "BacktestResult") -> "list[RoundTrip]":
    return [*result.trips, *([result.open_trip] if result.open_trip is not None else [])]


def _document(run: _Run) -> dict[str, Any]:
    """Everything but the trades, for JSON: money as strings, shares as fractions."""
    result, drawdown = run.result, run.result.drawdown
    unfilled = result.unfilled
    return {
        "strategy": run.strategy,
        "parameters": dict(run.parameters),
        "symbol": run.symbol,
        "timeframe": run.timeframe,
        "start": instant_of(result.start_ms),
        "end": instant_of(result.end_ms + 1),
        "bars": result.bars,
        "bars_without_trade": result.quiet,
        "bars_with_missing_trades": result.missing,
        "bars_from_klines": result.klines,
        "warm_up_bars": result.deaf,
        "stake": result.stake,
        "fee_bp": run.terms.fee_bp,
        "slippage_bp": run.terms.slippage_bp,
        "closed_trades": len(result.trips),
        "wins": len(result.wins),
        "win_rate": result.win_rate,
        "pnl": _amount(result.pnl),
        "fees": _amount(result.fees),
        "return": result.total_return,
        "buy_and_hold_return": result.hold_return,
        "max_drawdown": drawdown.depth,
        "max_drawdown_peak": instant_of(drawdown.peak_ms) if drawdown.depth else None,
        "max_drawdown_trough": instant_of(drawdown.trough_ms) if drawdown.depth else None,
        "exposure": result.exposure,
        "average_win": _amount(result.average_win),
        "average_loss": _amount(result.average_loss),
        "profit_factor": result.profit_factor,
        "sharpe": result.sharpe,
        "sharpe_days": result.days,
        "open_at_end": result.open_trip is not None,
        "unfilled_at_end": None if unfilled is None else {"target": unfilled.target, "reason": unfilled.reason},
    }


def _amount(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(_FINEST)


class _Line(NamedTuple):
    label: str
    value: str
    note: str = ""


def _lines(run: _Run) -> Iterator[_Line]:
    result, drawdown = run.result, run.result.drawdown
    money, signed = fixed(_decimals(result)), fixed(_decimals(result), sign=True)

    def figure(value: Any, shown: Any) -> str:
        return UNKNOWN if value is None else str(shown(value))

    def share(value: float) -> str:
        return f"{value * 100:+.2f} %"

    yield _Line("strategy", run.strategy, ", ".join(f"{name} {value}" for name, value in run.parameters.items()))
    yield _Line("bars", f"{result.bars:,}", f"{run.symbol} {run.timeframe}{_of_bars(result)}")
    lasted = instant_of(result.end_ms + 1) - instant_of(result.start_ms)
    yield _Line("period", str(lasted), _from_to(result.start_ms, result.end_ms + 1))
    yield _Line("trades", f"{len(result.trips):,}", _also_open(result))
    yield _Line("win rate", figure(result.win_rate, lambda rate: f"{rate * 100:.1f} %"), f"{len(result.wins):,} won")
    costs = f"fee {run.terms.fee_bp:f} bp, slippage {run.terms.slippage_bp:f} bp"
    yield _Line("net P&L", signed(result.pnl), f"after fees of {money(result.fees)} ({costs})")
    yield _Line("return", share(result.total_return), f"of a stake of {money(result.stake)}")
    yield _Line("buy and hold", figure(result.hold_return, share), "of the same stake, at the same costs")
    fall = _from_to(drawdown.peak_ms, drawdown.trough_ms) if drawdown.depth else ""
    yield _Line("max drawdown", f"{drawdown.depth * 100:.2f} %", fall)
    yield _Line("exposure", f"{result.exposure * 100:.1f} %", "of the bars with a position")
    yield _Line("average win", figure(result.average_win, signed))
    yield _Line("average loss", figure(result.average_loss, signed))
    yield _Line("profit factor", figure(result.profit_factor, "{:.2f}".format))
    yield _Line(
        "Sharpe", figure(result.sharpe, "{:.2f}".format), f"{result.days:,} whole UTC days on the stake, times √365"
    )
    if (trip := result.open_trip) is not None:
        marked = f"{trip.side} {trip.quantity.normalize():f} from {trip.entry:,.10g}, marked at {trip.exit:,.10g}"
        yield _Line("open at the end", signed(trip.pnl), f"{marked}, without the fee of closing")
    if result.unfilled is not None:
        yield _Line(
            "not filled", f"{result.unfilled.target:+g}", f"wanted when the bars ended: {result.unfilled.reason}"
        )


def _from_to(start_ms: int, end_ms: int) -> str:
    return f"{clock_time(instant_of(start_ms))} to {clock_time(instant_of(end_ms))}"


def _closed_at(trip: "RoundTrip") -> datetime | None:
    return None if trip.closed_ms is None else instant_of(trip.closed_ms)


def _of_bars(result: "BacktestResult") -> str:
    parts = (
        (result.quiet, "without a trade (no fill)"),
        (result.missing, "with trades missing (no fill)"),
        (result.klines, "imported as bars"),
        (result.deaf, "to warm up"),
    )
    return "".join(f", {count:,} {what}" for count, what in parts if count)


def _also_open(result: "BacktestResult") -> str:
    return "closed" if result.open_trip is None else "closed, one is open"


_LINE: list[Column[_Line]] = [
    Column("label", "", lambda line: line.label),
    Column("value", "", lambda line: line.value, right=True),
    Column("note", "", lambda line: line.note),
]


def _decimals(result: "BacktestResult") -> int:
    """Of money in a table: cents, and all of them where the quote currency is worth much itself."""
    return 2 if result.stake >= 100 else 8


def _trade_columns(decimals: int) -> "list[Column[RoundTrip]]":
    price = "{:,.10g}".format
    return [
        Column("side", "side", lambda trip: trip.side.value),
        Column("opened", "opened", lambda trip: instant_of(trip.opened_ms), clock_time),
        Column("closed", "closed", _closed_at, clock_time, missing="open"),
        Column("quantity", "quantity", lambda trip: trip.quantity.normalize(), "{:f}".format, right=True),
        Column("entry", "entry", lambda trip: _amount(trip.entry), price, right=True),
        Column("exit", "exit", lambda trip: _amount(trip.exit), price, right=True),
        Column("pnl", "net P&L", lambda trip: _amount(trip.pnl), fixed(decimals, sign=True), right=True),
        Column("fees", "fees", lambda trip: _amount(trip.fees), fixed(decimals), right=True),
        Column("bars", "bars", lambda trip: trip.bars, right=True),
        Column("entry_reason", "entered because", lambda trip: trip.entry_reason),
        Column("exit_reason", "left because", lambda trip: trip.exit_reason),
    ]
