"""What alert rules look at: rows of every board and single figures of the cockpit, in the units of the screen."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.boards import Boards
from cockpit.clock import Clock, session_now
from cockpit.fields import CANDIDATE_FIELDS, POSITION_FIELDS, SPREAD_FIELDS, TICK_FIELDS
from cockpit.filtering import Field
from cockpit.health.status import FeedStatus, ProcessStatus, ProviderStatus, StorageStatus
from cockpit.portfolio.position import Account, Position
from cockpit.strategies.standing import Standing

_MEGABYTE = 2**20
_ACCOUNT = "account"
_LONG_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class AlertTable:
    """One kind of row.

    Attributes:
        name: its word in error messages.
        fields: what a rule can ask of such a row.
        rows: those that there are now, each with the name that an alert calls it by.
        named: one row by the name that a rule gives it; None where there is none now.
    """

    name: str
    fields: Mapping[str, Field[Any]]
    rows: Callable[[], Iterable[tuple[str, Any]]]
    named: Callable[[str], Any] | None = None


class AlertRows:
    """All tables of a session, read from its boards whenever a rule looks.

    Attributes:
        tables: in the order in which a rule's fields are looked for.
        single: figures that there is one of, which may stand in any rule: ``feed_age``, ``memory``, ``equity``.
        prices: last known prices of equities that rules name, dollars, kept up by whoever asks for quotes.
    """

    def __init__(self, boards: Boards, clock: Clock) -> None:
        self.prices: dict[str, float] = {}
        self.tables: Sequence[AlertTable] = _tables(boards, clock)
        self.single: Mapping[str, Field[Any]] = {field.name: field for field in _single(boards, clock)}

    def named(self) -> dict[str, Field[str]]:
        """Fields of one row, by name: ``spot(NVDA)``, ``last(BTCUSDT)``, ``quota(tradier)``."""
        found: dict[str, Field[str]] = {}
        for table in self.tables:
            if table.named is None:
                continue
            for field in table.fields.values():
                found.setdefault(field.name, Field(field.name, field.kind, _of(field, table.named), field.label))
        spot = found["spot"]
        found["spot"] = Field("spot", float, lambda name: self.prices.get(name, spot.get(name)), spot.label)
        return found


def _of(field: Field[Any], named: Callable[[str], Any]) -> Callable[[str], Any]:
    def get(name: str) -> Any:
        row = named(name)
        return None if row is None else field.get(row)

    return get


def _tables(boards: Boards, clock: Clock) -> Sequence[AlertTable]:
    def providers() -> Iterator[tuple[str, ProviderStatus]]:
        return ((row.provider, row) for row in boards.health.values() if isinstance(row, ProviderStatus))

    def spreads() -> Iterator[tuple[str, Any]]:
        return ((spread.spread_id, spread) for group in boards.spreads.values() for spread in group)

    def positions() -> Iterator[tuple[str, Position]]:
        return ((f"{position.symbol} {position.position_id}", position) for position in boards.positions.values())

    def strategy(name: str) -> Standing | None:
        return next((one for label, one in boards.strategies.items() if label.upper() == name), None)

    return (
        AlertTable("candidates", CANDIDATE_FIELDS, boards.candidates.items, boards.candidates.get),
        AlertTable("positions", {**POSITION_FIELDS, **_by_name(_position_fields(clock))}, positions),
        AlertTable("spreads", SPREAD_FIELDS, spreads),
        AlertTable("ticks", {**TICK_FIELDS, **_by_name(_tick_fields(clock))}, boards.ticks.items, boards.ticks.get),
        AlertTable(
            "providers",
            _by_name(_provider_fields()),
            providers,
            lambda name: boards.health.get(f"provider:{name.lower()}"),
        ),
        AlertTable("strategies", _by_name(_strategy_fields()), boards.strategies.items, strategy),
    )


def _by_name(fields: Iterable[Field[Any]]) -> dict[str, Field[Any]]:
    return {field.name: field for field in fields}


def _position_fields(clock: Clock) -> Iterator[Field[Any]]:
    def days(position: Position) -> float:
        return float((position.expiry - session_now(clock).day).days)

    yield Field("dte", float, days, "days to expiry")


def _tick_fields(clock: Clock) -> Iterator[Field[Any]]:
    def age(ticker: Any) -> float | None:
        return None if ticker.received_at is None else clock.monotonic() - ticker.received_at

    yield Field("age", float, age, "seconds since the last message")


def _strategy_fields() -> Iterator[Field[Standing]]:
    def pnl(one: Standing) -> float | None:
        return None if one.pnl is None else float(one.pnl)

    yield Field("strategy", str, lambda one: one.label, "strategy, symbol and timeframe", by_default=True)
    yield Field("strategy_pnl", float, pnl, "its profit after fees, in the quote currency")
    yield Field("strategy_side", str, lambda one: one.side, "long, short or flat")
    yield Field("strategy_state", str, lambda one: one.state.value, "starting, up, degraded, down or off")


def _provider_fields() -> Iterator[Field[Any]]:
    yield Field("provider", str, lambda row: row.provider, "vendor", by_default=True)
    yield Field("quota", float, lambda row: _left(row, _LONG_SECONDS), "rest of its limits of an hour and longer, %")
    yield Field("limit", float, lambda row: _left(row, 0.0), "rest of its tightest limit, %")
    yield Field("hits", float, lambda row: _percent(row.hit_ratio), "look-ups answered by the cache, %")
    yield Field("breaker", str, lambda row: row.breaker, "closed, open or half-open")
    yield Field("p95", float, lambda row: row.p95_ms, "95th percentile of its latency, ms")
    yield Field("errors", float, lambda row: float(row.errors), "failed requests")
    yield Field("waiting", float, lambda row: float(row.waiting), "callers waiting for its limits")


def _left(row: ProviderStatus, seconds: float) -> float | None:
    windows = (window for window in row.windows if window.seconds >= seconds)
    return min((100.0 * (1.0 - window.used / window.limit) for window in windows), default=None)


def _single(boards: Boards, clock: Clock) -> Iterator[Field[Any]]:
    feed, storage, process = (_part(boards, kind) for kind in (FeedStatus, StorageStatus, ProcessStatus))

    def account(get: Callable[[Account], Any]) -> Callable[[Any], float | None]:
        def read(_: Any) -> float | None:
            row = boards.account.get(_ACCOUNT)
            value = None if row is None else get(row)
            return None if value is None else float(value)

        return read

    yield Field(
        "feed_age", float, feed(lambda row: _since(clock, row.last_message_at)), "seconds since the feed's last message"
    )
    yield Field("feed_rate", float, feed(lambda row: row.rate), "trades a second of the whole feed")
    yield Field("feed_state", str, feed(lambda row: row.state.value), "up, degraded, down or off")
    yield Field("feed_lag", float, feed(lambda row: row.lag_ms), "median lag of the feed, ms")
    yield Field("missing", float, feed(lambda row: float(row.gaps)), "trades missing on the whole feed")
    yield Field("ring", float, feed(lambda row: _percent(row.ring_fill)), "ring waiting for the database, %")
    yield Field("memory", float, process(lambda row: _megabytes(row.rss_bytes)), "resident memory, MB")
    yield Field("cpu", float, process(lambda row: _percent(row.cpu)), "processor, % of one core")
    yield Field("loop_lag", float, process(lambda row: row.loop_lag_ms), "99th percentile of the loop's lag, ms")
    yield Field("disk", float, storage(lambda row: _percent(row.disk_used)), "disk in use, %")
    yield Field("wal", float, storage(lambda row: _megabytes(row.wal_bytes)), "write-ahead log, MB")
    yield Field("equity", float, account(lambda row: row.equity), "equity of the paper book, $")
    yield Field("cash", float, account(lambda row: row.cash), "cash of the paper book, $")
    yield Field("book_pnl", float, account(lambda row: row.unrealised), "unrealised, all positions, $")
    yield Field("day_pnl", float, account(lambda row: row.day), "profit since the session's start, $")
    yield Field("at_risk", float, account(lambda row: row.at_risk), "sum of the open positions' maximum losses, $")
    yield Field("positions", float, account(lambda row: row.open_positions), "open positions")


def _part(boards: Boards, kind: type[Any]) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """A reader of the health row of one kind, whatever row the rule is about."""
    key = {FeedStatus: "feed", StorageStatus: "storage", ProcessStatus: "process"}[kind]

    def field(get: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def read(_: Any) -> Any:
            row = boards.health.get(key)
            return get(row) if isinstance(row, kind) else None

        return read

    return field


def _since(clock: Clock, at: float | None) -> float | None:
    return None if at is None else clock.monotonic() - at


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100.0 * share, 10)


def _megabytes(count: int | None) -> float | None:
    return None if count is None else count / _MEGABYTE
