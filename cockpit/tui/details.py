"""All that is known of one row, as an explanation: for what needs no look beyond the boards."""

from collections.abc import Callable, Iterable, Mapping

from cockpit.boards import Boards
from cockpit.health.alert import Alert
from cockpit.health.status import (
    FeedStatus,
    HealthRow,
    ProcessStatus,
    ProviderStatus,
    StorageStatus,
    StrategyStatus,
    TaskStatus,
)
from cockpit.health.wording import span_words
from cockpit.portfolio.position import Position
from cockpit.scan.explain import Explanation, Row, Section
from cockpit.spreads.sizing import cap_words
from cockpit.spreads.structure import Spread
from cockpit.strategies.standing import Standing
from cockpit.ticks.quote import Ticker
from cockpit.tui.actions import Pane
from cockpit.tui.format import age, compact, data_size, duration, fixed, percent, price, short_fraction, signed, since
from cockpit.tui.panes.alert_lines import figures
from cockpit.tui.panes.health_lines import limit_text
from cockpit.tui.panes.strategy_lines import of_symbol, strategy_section
from cockpit.tui.widgets.columns import Moment


def detail_of(
    boards: Boards, pane: Pane, key: str | None, moment: Callable[[], Moment]
) -> Callable[[], Explanation | None]:
    """What explains a pane's row as it is at each call; None once the row has gone. ``key`` says which row it is."""

    def known() -> Explanation | None:
        at, now = key or "", moment()
        match pane:
            case Pane.TICKS:
                tick = boards.ticks.get(at)
                return ticker(tick, now, of_symbol(boards.strategies.values(), at)) if tick else None
            case Pane.SPREADS:
                found = (one for spreads in boards.spreads.values() for one in spreads if one.spread_id == at)
                return spread(one, now) if (one := next(found, None)) else None
            case Pane.PORTFOLIO:
                return position(held, now) if (held := boards.positions.get(at)) else None
            case Pane.HEALTH:
                return health(dict(boards.health.items()), boards.alerts.values(), now)
            case Pane.CANDIDATES:
                return None

    return known


def ticker(row: Ticker, moment: Moment, strategies: Iterable[Standing] = ()) -> Explanation:
    """An exchange symbol, with the strategies at work on it."""
    received = None if row.received_at is None else moment.monotonic - row.received_at
    spread = None if row.bid is None or row.ask is None else row.ask - row.bid
    points = None if spread is None or not row.ask else float(spread / row.ask) * 10_000
    return Explanation(
        row.symbol,
        (
            Section(
                "Price",
                (
                    Row("last", price(row.last), f"heard {_ago(received)}"),
                    Row("change over 24 hours", "?" if row.change is None else f"{signed(row.change * 100.0)} %"),
                    Row("bid", price(row.bid)),
                    Row("ask", price(row.ask)),
                    Row("spread", price(spread), "" if points is None else f"{points:.2f} basis points of the ask"),
                ),
            ),
            Section(
                "Activity",
                (
                    Row("trades a second", fixed(row.trades_per_second, 1), "over the last ten seconds"),
                    Row("24 h volume, base", compact(row.volume)),
                    Row("24 h volume, quote", compact(row.quote_volume)),
                    Row("latency, ms", fixed(row.lag_ms, 1), "receipt minus the venue's own time"),
                    Row("trades known to be missing", str(row.gaps), "by the venue's own numbering, this session"),
                    Row("came later over REST", str(row.backfilled)),
                ),
            ),
            *(strategy_section(one, moment) for one in strategies),
        ),
    )


def spread(row: Spread, moment: Moment) -> Explanation:
    """A spread with its legs, figures, score and size."""
    legs = tuple(
        Row(
            leg.label,
            f"{fixed(leg.quote.bid)} / {fixed(leg.quote.ask)}",
            f"delta {short_fraction(leg.quote.greeks.delta if leg.quote.greeks else None)}, "
            f"iv {percent(leg.quote.iv, 0)} %, open interest {compact(leg.quote.open_interest)}, "
            f"volume {compact(leg.quote.volume)}",
        )
        for leg in row.legs
    )
    greeks = row.greeks
    score = tuple(
        Row(part.name, f"{part.points:.1f} of {part.weight:g}", f"value {fixed(part.value, 3)}")
        for part in row.score.parts
    )
    sections = [
        Section("Legs, bid and ask", legs),
        Section(
            "Figures",
            (
                Row("credit at mid", fixed(row.mid), "dollars a share"),
                Row("credit at the far sides", fixed(row.natural)),
                Row("credit as filled", fixed(row.fill), f"quotes {_ago(since(row.quoted_at, moment.now))}"),
                Row("maximum profit", fixed(row.max_profit), "dollars a contract, after commission"),
                Row("maximum loss", fixed(row.max_loss)),
                Row("breakevens", " / ".join(fixed(point) for point in row.breakevens)),
                Row("reward over risk", fixed(row.reward_risk)),
                Row("probability of profit", _percents(row.pop), "at the breakevens"),
                Row("the same by delta", _percents(row.pop_delta)),
                Row("the same by history", _percents(row.pop_hist), f"of {row.pop_hist_reports} past reactions"),
                Row("expected profit", signed(row.ev), "dollars a contract, after costs"),
                Row("the same next morning", signed(row.ev_exit), "bought back at model values, both commissions paid"),
                Row("probability then", _percents(row.pop_exit)),
                Row("commission", fixed(row.commission)),
            ),
        ),
        Section(
            "Greeks of one contract, dollars",
            (
                Row("delta", fixed(greeks.delta if greeks else None, 2)),
                Row("gamma", fixed(greeks.gamma if greeks else None, 3)),
                Row("theta", fixed(greeks.theta if greeks else None, 2), "a calendar day"),
                Row("vega", fixed(greeks.vega if greeks else None, 2), "a point of volatility"),
            ),
        ),
        Section(
            f"Score {row.score.total:.0f} by {row.score.scorer}",
            (*score, Row("in words", row.score.rationale), *(Row("flag", flag) for flag in row.score.flags)),
        ),
        Section(
            "Size",
            (
                Row("contracts", str(row.size.contracts), f"bound by {cap_words(row.size.bound_by)}"),
                Row("full Kelly", _percents(row.size.full_kelly), "of equity at risk"),
                Row("share of equity", _percents(row.size.fraction), "after halving and caps"),
                Row("liquidity", row.tier.letter, "the worst leg"),
                *((Row("rejected", row.rejected),) if row.rejected else ()),
            ),
        ),
    ]
    return Explanation(f"{row.symbol} {row.kind.label} {row.strikes_label}", tuple(sections))


def position(row: Position, moment: Moment) -> Explanation:
    """An open position with its legs."""
    legs = tuple(
        Row(
            f"{leg.quantity:+d} {leg.right.value}{leg.strike.normalize():f}",
            fixed(leg.entry_price),
            f"now {fixed(leg.mark)}, {leg.option}",
        )
        for leg in row.legs
    )
    return Explanation(
        f"{row.symbol} {row.kind.label}, position {row.position_id}",
        (
            Section("Legs, price at entry", legs),
            Section(
                "Position",
                (
                    Row("contracts", str(row.contracts)),
                    Row("expiry", f"{row.expiry:%a %d %b %Y}"),
                    Row("report", "?" if row.report_date is None else f"{row.report_date:%a %d %b %Y}"),
                    Row("opened", f"{duration(since(row.opened_at, moment.now) or 0)} ago"),
                    Row("credit at entry", fixed(row.credit), "dollars a share"),
                    Row("to buy it back", fixed(row.mark), f"at mid, marked {_ago(since(row.marked_at, moment.now))}"),
                    Row("unrealised", signed(row.unrealised), "dollars, after opening commission"),
                    Row("maximum loss", fixed(row.max_loss)),
                    Row("fees so far", fixed(row.fees)),
                    Row("delta", short_fraction(row.delta)),
                    Row("spread", row.spread_id),
                ),
            ),
        ),
    )


def health(rows: Mapping[str, HealthRow], alerts: Iterable[Alert], moment: Moment) -> Explanation:
    """Every alert whose condition holds, and every part of the cockpit in full."""
    firing = tuple(
        Row(
            f"{alert.rule}: {alert.subject}" if alert.subject else alert.rule,
            figures(alert),
            f"{_ago(since(alert.at, moment.now))}, {alert.count} time{'s' if alert.count > 1 else ''}",
        )
        for alert in sorted(alerts, key=lambda alert: alert.at, reverse=True)
    )
    # What can be wrong with the data comes first, tasks last: there are many, and they are mostly up.
    order = (FeedStatus, ProviderStatus, StorageStatus, ProcessStatus, StrategyStatus)
    parts = sorted(
        (row for row in rows.values() if not isinstance(row, TaskStatus)), key=lambda row: order.index(type(row))
    )
    tasks = tuple(
        Row(row.name, row.state.value, row.message or (f"{row.restarts} restarts" if row.restarts else ""))
        for row in rows.values()
        if isinstance(row, TaskStatus)
    )
    sections = [_health_section(row, moment) for row in parts]
    return Explanation(
        "Health",
        (*((Section("Alerts", firing),) if firing else ()), *sections, *((Section("Tasks", tasks),) if tasks else ())),
    )


def _health_section(
    row: FeedStatus | ProviderStatus | StorageStatus | ProcessStatus | StrategyStatus, moment: Moment
) -> Section:
    match row:
        case FeedStatus():
            heard = None if row.last_message_at is None else moment.monotonic - row.last_message_at
            return Section(
                f"Feed {row.venue}: {row.state.value}",
                (
                    *_said(row.message),
                    Row("trades a second", fixed(row.rate, 1)),
                    Row("lag, median ms", fixed(row.lag_ms, 1), "receipt minus exchange time"),
                    Row("last message", _ago(heard)),
                    Row("ring towards the database", f"{row.ring_fill:.1%}"),
                    Row("received / stored", f"{row.received:,} / {row.stored:,}"),
                    Row("gaps, reconnects, rejected", f"{row.gaps} / {row.reconnects} / {row.rejected}"),
                ),
            )
        case ProviderStatus():
            limits = tuple(
                Row(
                    f"limit {span_words(window.seconds)}",
                    limit_text(window),
                    f"frees up in {duration(window.resets_in)}",
                )
                for window in row.windows
            )
            return Section(
                f"{row.provider}: {row.state.value}, breaker {row.breaker}",
                limits
                + (
                    Row("requests, errors, waiting", f"{row.requests:,} / {row.errors:,} / {row.waiting}"),
                    Row("p95, ms", fixed(row.p95_ms, 0)),
                    Row("cache hits", _share(row.hit_ratio)),
                    Row("in memory", _share(row.memory_hit_ratio)),
                    Row("behind it, of the rest", _share(row.second_hit_ratio)),
                )
                + (
                    (Row("last error", row.last_error, f"{_ago(since(row.last_error_at, moment.now))}"),)
                    if row.last_error
                    else ()
                ),
            )
        case StorageStatus():
            return Section(
                f"Storage: {row.state.value}",
                (
                    *_said(row.message),
                    Row("waiting rows", f"{row.queued:,}"),
                    Row("commit p99, ms", fixed(row.commit_p99_ms, 1)),
                    Row("database, log", f"{data_size(row.database_bytes)}, {data_size(row.wal_bytes)}"),
                    Row("disk in use", "?" if row.disk_used is None else f"{row.disk_used:.0%}"),
                ),
            )
        case StrategyStatus():
            return Section(
                f"Strategy {row.name}: {row.state.value}",
                (
                    *_said(row.message),
                    Row("bars heard", f"{row.heard:,}", f"{row.warm_up} before it may speak"),
                    Row("a bar answered, p95 ms", fixed(row.p95_ms, 1)),
                    Row("restarts", str(row.restarts)),
                    *((Row("memory of its process", data_size(row.rss_bytes)),) if row.rss_bytes is not None else ()),
                    *((Row("held by", row.held),) if row.held else ()),
                    *((Row("last error", row.last_error),) if row.last_error and row.last_error != row.message else ()),
                ),
            )
        case ProcessStatus():
            return Section(
                "Process",
                (
                    Row("cpu of one core", "?" if row.cpu is None else f"{row.cpu:.1%}"),
                    Row("memory", "?" if row.rss_bytes is None else data_size(row.rss_bytes)),
                    Row("loop lag p99, ms", fixed(row.loop_lag_ms, 1)),
                    Row("tasks", str(row.tasks)),
                    Row("up", duration(row.uptime)),
                ),
            )


def _percents(fraction: float | None) -> str:
    return "?" if fraction is None else f"{percent(fraction)} %"


def _share(ratio: float | None) -> str:
    return "?" if ratio is None else f"{ratio:.0%}"


def _said(message: str) -> tuple[Row, ...]:
    return (Row("says", message),) if message else ()


def _ago(seconds: float | None) -> str:
    words = age(seconds)
    return words if words in ("now", "?") else f"{words} ago"
