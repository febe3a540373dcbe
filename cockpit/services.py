"""The services of one session, each made from the ones before it, and how they start, follow settings and stop."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from cockpit.boards import Boards
from cockpit.desk import Desk
from cockpit.health.alert_rows import AlertRows
from cockpit.health.alerts import Alerts, read_rules
from cockpit.health.hook import AlertHook
from cockpit.health.sampler import HealthSampler
from cockpit.health.usage_log import UsageLog
from cockpit.market import Market
from cockpit.portfolio.broker import Broker
from cockpit.portfolio.marker import Marker
from cockpit.portfolio.outcomes import Outcomes
from cockpit.scan.kept_earnings import KeptEarnings
from cockpit.scan.opinions import Opinions
from cockpit.scan.scanner import Scanner
from cockpit.scan.schedule import ScanSchedule
from cockpit.scan.sectors import Sectors
from cockpit.settings import Settings
from cockpit.storage.daily_copy import copy_daily
from cockpit.storage.database import Database
from cockpit.storage.scan import ScanRows
from cockpit.storage.sectors import SectorRows
from cockpit.strategies.roster import Entry, read_roster
from cockpit.strategies.runner import StrategyRunner
from cockpit.strategies.tap import Taps
from cockpit.supervisor import Supervisor
from cockpit.ticks.feed import Feed
from cockpit.ticks.history import History
from cockpit.ticks.recorder import Recorder
from cockpit.ticks.retention import Retention
from cockpit.ticks.touch import first_touch


@dataclass(frozen=True, slots=True)
class Services:
    """What works for a session. ``keeps`` is False where nothing that is read may come back later as of now."""

    market: Market
    boards: Boards
    database: Database
    keeps: bool
    broker: Broker
    outcomes: Outcomes
    marker: Marker
    scanner: Scanner
    opinions: Opinions
    recorder: Recorder
    feed: Feed
    history: History
    retention: Retention
    strategies: StrategyRunner
    usage: UsageLog
    sampler: HealthSampler
    alerts: Alerts
    hook: AlertHook
    desk: Desk
    schedule: ScanSchedule

    def check(self, now: Settings) -> None:
        """Refuse settings that a service could not follow.

        Raises:
            ConfigurationError: with the one that is at fault.
        """
        read_rules(now.alerts.rules, self.alerts.rows)
        roster(now, self.market)

    def follow(self, before: Settings, now: Settings) -> None:
        """Go by other settings from now on."""
        self.market.reconfigure(now)
        self.broker.reconfigure(now)
        self.marker.reconfigure(now)
        self.scanner.reconfigure(now)
        self.opinions.reconfigure(now.sentiment)
        self.recorder.reconfigure(now.ticks)
        self.retention.reconfigure(now.ticks)
        self.alerts.reconfigure(read_rules(now.alerts.rules, self.alerts.rows), now.alerts.cooldown_seconds)
        self.alerts.bell = now.alerts.bell
        self.hook.command = now.alerts.command
        if now.strategies != before.strategies:
            self.strategies.reconfigure(now.strategies, roster(now, self.market))
        self.schedule.reconfigure(now.scan.every_minutes)
        if now.scan.every_minutes and _finds_otherwise(before, now):
            self.schedule.soon()

    def start(self, stack: AsyncExitStack, supervisor: Supervisor) -> None:
        """Start all that works in the background; with the stack it stops in order, and what it holds is written."""
        stack.push_async_callback(self.hook.aclose)
        stack.push_async_callback(self.recorder.drain)
        stack.push_async_callback(supervisor.stop)
        stack.push_async_callback(self.history.aclose)
        supervisor.start("recorder", self.recorder.run)
        supervisor.start("feed", self.feed.run)
        supervisor.start("retention", self.retention.run)
        supervisor.start("strategies", self.strategies.run)
        supervisor.start("copies", lambda: copy_daily(self.database))
        supervisor.start("health", self.sampler.run)
        supervisor.start("alerts", self.alerts.run)
        if self.keeps:
            supervisor.start("usage", self.usage.run)
        for name, work in self.market.tasks:
            supervisor.start(name, work)
        if self.market.has_options:
            supervisor.start("marker", self.marker.run)
            supervisor.start("outcomes", self.outcomes.run)
            supervisor.start("scan", self.schedule.run)
            supervisor.start("sentiment", self.opinions.run)


async def make_services(
    settings: Settings, database: Database, market: Market, boards: Boards, *, background: bool, keeps: bool
) -> Services:
    """Make the services of a session and have them read what they left behind.

    Args:
        background: they will be started.
        keeps: what the market says is of now; otherwise nothing of it is written where a later session finds it.

    Raises:
        DamagedError: the paper portfolio does not add up.
        StorageError: the database cannot be read.
        ConfigurationError: the strategies to run cannot be read.
    """
    clock, venue = market.clock, market.venue
    broker = Broker(database=database, venue=venue, clock=clock, boards=boards, settings=settings)
    await broker.load()
    outcomes = Outcomes(database, venue, clock)
    marker = Marker(broker=broker, venue=venue, clock=clock, boards=boards, settings=settings, outcomes=outcomes)
    scanner = _scanner(settings, database, market, boards, broker, keeps=keeps)
    opinions = Opinions(market.opinions, boards, clock, settings.sentiment)
    recorder = Recorder(database, settings=settings.ticks, clock=clock)
    taps = Taps()
    feed = Feed(
        market.exchange,
        market.symbols,
        clock=clock,
        boards=boards,
        recorder=recorder,
        database=database,
        settings=settings.ticks,
        audience=taps,
    )
    strategies = StrategyRunner(
        taps=taps,
        database=database,
        clock=clock,
        standings=boards.strategies,
        health=boards.health,
        ticks=boards.ticks,
        settings=settings.strategies,
        roster=roster(settings, market) if background else None,
        resumes=market.replay is None,
        touch=None if background else partial(first_touch, market.exchange),
    )
    await strategies.load()

    async def next_session() -> datetime:
        instant = await market.next_session()
        feed.rebase()
        await marker.mark()
        outcomes.soon()
        schedule.soon()
        return instant

    history = History(market.exchange, database, clock)
    desk = Desk(
        boards=boards,
        database=database,
        scanner=scanner if market.has_options else None,
        broker=broker,
        history=history,
        opinions=opinions,
        next_session=next_session if market.moves else None,
        replay=market.replay,
        jumped=feed.rebase,
        http=market.http,
        strategies=strategies,
    )
    schedule = ScanSchedule(desk.scan, settings.scan.every_minutes)
    if market.replay is not None:
        market.replay.watch = partial(boards.replay.put, "replay")
        boards.replay.put("replay", market.replay.playback)
    alerts, hook = _alerts(settings, market, boards)
    return Services(
        market=market,
        boards=boards,
        database=database,
        keeps=keeps,
        broker=broker,
        outcomes=outcomes,
        marker=marker,
        scanner=scanner,
        opinions=opinions,
        recorder=recorder,
        feed=feed,
        history=history,
        retention=Retention(database, clock=clock, settings=settings.ticks),
        strategies=strategies,
        usage=UsageLog(market.usage, database, clock, settings.health.usage_days),
        sampler=HealthSampler(clock=clock, board=boards.health, database=database, providers=market.statuses),
        alerts=alerts,
        hook=hook,
        desk=desk,
        schedule=schedule,
    )


def roster(settings: Settings, market: Market) -> tuple[Entry, ...]:
    """The strategies that are to run; in a replay those whose symbols it holds.

    Raises:
        ConfigurationError: one of them cannot be read.
    """
    if market.replay is None:
        return read_roster(settings.strategies, market.symbols)
    return tuple(one for one in read_roster(settings.strategies, None) if one.symbol in market.symbols)


def _scanner(
    settings: Settings, database: Database, market: Market, boards: Boards, broker: Broker, *, keeps: bool
) -> Scanner:
    kept = KeptEarnings(market.earnings, database if keeps else None, market.clock, market.statuses)
    return Scanner(
        earnings=kept,
        kept=kept,
        venue=market.venue,
        clock=market.clock,
        boards=boards,
        settings=settings,
        book=broker.open_book,
        # What was read at another time must not come back later as the last scan.
        store=ScanRows(database) if keeps and not database.read_only else None,
        dates=market.dates,
        sectors=None if market.companies is None else Sectors(market.companies, market.clock, SectorRows(database)),
    )


def _alerts(settings: Settings, market: Market, boards: Boards) -> tuple[Alerts, AlertHook]:
    async def prices(symbols: Sequence[str]) -> dict[str, float]:
        quotes = await market.venue.quotes(symbols)
        return {symbol: quote.last for symbol, quote in quotes.items() if quote.last is not None}

    hook = AlertHook(settings.alerts.command)
    rows = AlertRows(boards, market.clock)
    return Alerts(
        clock=market.clock,
        rows=rows,
        rules=read_rules(settings.alerts.rules, rows),
        board=boards.alerts,
        cooldown_seconds=settings.alerts.cooldown_seconds,
        bell=settings.alerts.bell,
        tell=hook.start,
        quotes=prices if market.has_options else None,
    ), hook


def _finds_otherwise(before: Settings, now: Settings) -> bool:
    """Whether a scan with these settings may find something else."""
    return any(getattr(before, name) != getattr(now, name) for name in ("scan", "spreads", "scoring", "sizing"))
