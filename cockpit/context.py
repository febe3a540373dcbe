"""The context: all that one session shares. ``async with open_context(settings)`` opens and closes it, in order.

Opened are folders, log, database, the market (clock, network, vendors; in ``sim`` the embedded one), services, and last
the background tasks. It closes in the reverse order, so that nothing is fed when nothing can be written any more.
"""

import gc
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from cockpit.boards import Boards
from cockpit.clock import Clock
from cockpit.desk import Desk
from cockpit.errors import UsageError
from cockpit.health.alert_rows import AlertRows
from cockpit.health.alerts import Alerts, read_rules
from cockpit.health.hook import AlertHook
from cockpit.health.sampler import HealthSampler
from cockpit.health.status import State, TaskStatus
from cockpit.health.usage_log import UsageLog
from cockpit.live_settings import LiveSettings
from cockpit.logs import logging_to
from cockpit.market import Market, live_market, replayed_market, simulated_market
from cockpit.paths import Paths
from cockpit.portfolio.broker import Broker
from cockpit.portfolio.marker import Marker
from cockpit.portfolio.outcomes import Outcomes
from cockpit.scan.kept_earnings import KeptEarnings
from cockpit.scan.opinions import Opinions
from cockpit.scan.scanner import Scanner
from cockpit.scan.schedule import ScanSchedule
from cockpit.scan.sectors import Sectors
from cockpit.settings import Settings
from cockpit.settings_watch import SettingsFiles, SettingsWatch
from cockpit.storage.daily_copy import copy_daily
from cockpit.storage.database import Database, open_database
from cockpit.storage.lock import owned_elsewhere
from cockpit.storage.scan import ScanRows, latest_scan
from cockpit.storage.sectors import SectorRows
from cockpit.strategies.roster import Entry, read_roster
from cockpit.strategies.runner import StrategyRunner
from cockpit.strategies.tap import Taps
from cockpit.supervisor import Supervisor
from cockpit.ticks.feed import Feed
from cockpit.ticks.recorder import Recorder
from cockpit.ticks.retention import Retention
from cockpit.ticks.session_file import SessionFile

log = logging.getLogger(__name__)

_COLLECTOR_PACE = (50_000, 20, 50)


@dataclass(frozen=True, slots=True)
class Context:
    """What a session shares. Screens read ``boards`` and call ``commands``; nothing else.

    Attributes:
        settings: those that the session began with.
        live: the settings in force.
        read_only: why nothing can be written, as a sentence; None where it can.
        session_file: what the stream is recorded to; None where it is not.
    """

    settings: Settings
    live: LiveSettings
    folders: Paths
    clock: Clock
    boards: Boards
    database: Database
    commands: Desk
    broker: Broker
    marker: Marker
    outcomes: Outcomes
    sampler: HealthSampler
    alerts: Alerts
    read_only: str | None
    session_file: SessionFile | None = None


@asynccontextmanager
async def open_context(
    settings: Settings,
    *,
    background: bool = False,
    as_of: datetime | None = None,
    recording: Path | None = None,
    speed: float = 1.0,
    record: Path | None = None,
    feed_only: bool = False,
    written: SettingsFiles | None = None,
) -> AsyncIterator[Context]:
    """Open a session and close it in order.

    Args:
        settings: of the profile to open.
        background: start the feed, the recorder, the marker, the scans and the sampler; one-shot commands need none.
        as_of: put the clock at this time. In the background it runs on from there; otherwise it stands still.
        recording: the file to play in the ``replay`` profile.
        speed: of that replay, in times its own pace.
        record: a new file to record the exchange's stream to.
        feed_only: start nothing that asks about options and earnings.
        written: where the settings come from; in the background they are followed when they change there.

    Raises:
        CockpitError: with one sentence, whatever could not be opened.
    """
    # A session holds chains and histories by the hundred thousand values, all acyclic: the collector's usual pace
    # spends a fifth of a scan on looking through them in vain.
    gc.set_threshold(*_COLLECTOR_PACE)
    if record is not None and settings.profile == "replay":
        raise UsageError("a replay is a recording already; nothing of it is recorded again")
    folders = settings.folders()
    folders.create()
    async with AsyncExitStack() as stack:
        stack.enter_context(logging_to(folders.log))
        database = await stack.enter_async_context(open_database(folders, recover=background))
        if settings.profile == "sim":
            opened = simulated_market(settings, database, folders, as_of, runs=background)
        elif settings.profile == "replay":
            opened = replayed_market(recording, speed)
        else:
            opened = live_market(settings, database, as_of, runs=background)
        market = await stack.enter_async_context(opened)
        if feed_only:
            market = replace(market, has_options=False)
        session_file = None
        if record is not None:
            session_file = SessionFile(record, clock=market.clock, limit_mb=settings.ticks.record_mb)
            stack.push_async_callback(session_file.close)
            market.exchange.tap(session_file.take)
            market = replace(market, tasks=(*market.tasks, ("recording", session_file.run)))
        context = await _open_services(
            stack, settings, folders, database, market, background, keep=as_of is None, written=written
        )
        if session_file is not None:
            session_file.watch = partial(_tell_of_recording, context.boards)
        yield replace(context, session_file=session_file)


async def _open_services(
    stack: AsyncExitStack,
    settings: Settings,
    folders: Paths,
    database: Database,
    market: Market,
    background: bool,
    *,
    keep: bool,
    written: SettingsFiles | None,
) -> Context:
    boards = Boards()
    live = LiveSettings(settings, boards.settings)
    broker = Broker(database=database, venue=market.venue, clock=market.clock, boards=boards, settings=settings)
    await broker.load()
    outcomes = Outcomes(database, market.venue, market.clock)
    marker = Marker(
        broker=broker, venue=market.venue, clock=market.clock, boards=boards, settings=settings, outcomes=outcomes
    )
    kept = KeptEarnings(market.earnings, database if keep else None, market.clock, market.statuses)
    scanner = Scanner(
        earnings=kept,
        kept=kept,
        venue=market.venue,
        clock=market.clock,
        boards=boards,
        settings=settings,
        book=broker.open_book,
        # What was read at another time must not come back later as the last scan.
        store=ScanRows(database) if keep and not database.read_only else None,
        dates=market.dates,
        sectors=None if market.companies is None else Sectors(market.companies, market.clock, SectorRows(database)),
    )
    recorder = Recorder(database, settings=settings.ticks, clock=market.clock)
    taps = Taps()
    feed = Feed(
        market.exchange,
        market.symbols,
        clock=market.clock,
        boards=boards,
        recorder=recorder,
        database=database,
        settings=settings.ticks,
        audience=taps,
    )

    def roster(now: Settings) -> tuple[Entry, ...]:
        if market.replay is None:
            return read_roster(now.strategies, market.symbols)
        return tuple(one for one in read_roster(now.strategies, None) if one.symbol in market.symbols)

    strategies = StrategyRunner(
        taps=taps,
        database=database,
        clock=market.clock,
        standings=boards.strategies,
        health=boards.health,
        ticks=boards.ticks,
        settings=settings.strategies,
        roster=roster(settings) if background else None,
        resumes=market.replay is None,
    )
    await strategies.load()
    usage = UsageLog(market.usage, database, market.clock, settings.health.usage_days)
    if keep:
        stack.push_async_callback(usage.write)
    sampler = HealthSampler(clock=market.clock, board=boards.health, database=database, providers=market.statuses)

    async def next_session() -> datetime:
        instant = await market.next_session()
        feed.rebase()
        await marker.mark()
        outcomes.soon()
        schedule.soon()
        return instant

    opinions = Opinions(market.opinions, boards, market.clock, settings.sentiment)
    desk = Desk(
        boards=boards,
        database=database,
        scanner=scanner if market.has_options else None,
        broker=broker,
        opinions=opinions,
        next_session=next_session if market.moves else None,
        replay=market.replay,
        jumped=feed.rebase,
        http=market.http,
        strategies=strategies if background else None,
    )
    if market.replay is not None:
        market.replay.watch = partial(boards.replay.put, "replay")
        boards.replay.put("replay", market.replay.playback)
    schedule = ScanSchedule(desk.scan, settings.scan.every_minutes)
    alerts, hook = _alerts(settings, market, boards)
    retention = Retention(database, clock=market.clock, settings=settings.ticks)

    def follow(before: Settings, now: Settings) -> None:
        market.reconfigure(now)
        broker.reconfigure(now)
        marker.reconfigure(now)
        scanner.reconfigure(now)
        opinions.reconfigure(now.sentiment)
        recorder.reconfigure(now.ticks)
        retention.reconfigure(now.ticks)
        alerts.reconfigure(read_rules(now.alerts.rules, alerts.rows), now.alerts.cooldown_seconds)
        alerts.bell = now.alerts.bell
        hook.command = now.alerts.command
        if now.strategies != before.strategies:
            strategies.reconfigure(now.strategies, roster(now))
        schedule.reconfigure(now.scan.every_minutes)
        if now.scan.every_minutes and _finds_otherwise(before, now):
            schedule.soon()

    live.require(lambda now: read_rules(now.alerts.rules, alerts.rows))
    live.require(roster)
    live.follow(follow)
    if background:
        await _show_last_scan(boards, database)
        supervisor = Supervisor(market.clock, boards.health)
        stack.push_async_callback(recorder.drain)
        stack.push_async_callback(supervisor.stop)
        supervisor.start("recorder", recorder.run)
        supervisor.start("feed", feed.run)
        supervisor.start("retention", retention.run)
        supervisor.start("strategies", strategies.run)
        supervisor.start("copies", lambda: copy_daily(database))
        supervisor.start("health", sampler.run)
        if keep:
            supervisor.start("usage", usage.run)
        stack.push_async_callback(hook.aclose)
        if settings.health.port:
            from cockpit.health.endpoint import health_endpoint
            from cockpit.health.exporters import ExportedRow, exported_rows

            def told() -> dict[str, ExportedRow]:
                return exported_rows(boards.health.items(), alerts.statuses(boards.alerts.values()))

            await stack.enter_async_context(health_endpoint(settings.health.port, told, market.usage))
        supervisor.start("alerts", alerts.run)
        for name, work in market.tasks:
            supervisor.start(name, work)
        if market.has_options:
            supervisor.start("marker", marker.run)
            supervisor.start("outcomes", outcomes.run)
            supervisor.start("scan", schedule.run)
            supervisor.start("sentiment", opinions.run)
        if written is not None:
            supervisor.start("settings", SettingsWatch(written, live).run)
    return Context(
        settings=settings,
        live=live,
        folders=folders,
        clock=market.clock,
        boards=boards,
        database=database,
        commands=desk,
        broker=broker,
        marker=marker,
        outcomes=outcomes,
        sampler=sampler,
        alerts=alerts,
        read_only=str(owned_elsewhere(folders)) if database.read_only else None,
    )


def _finds_otherwise(before: Settings, now: Settings) -> bool:
    """Whether a scan with these settings may find something else."""
    return any(getattr(before, name) != getattr(now, name) for name in ("scan", "spreads", "scoring", "sizing"))


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


def _tell_of_recording(boards: Boards, message: str) -> None:
    state = State.DEGRADED if message else State.UP
    boards.health.put("task:recording", TaskStatus("recording", state, message=message))


async def _show_last_scan(boards: Boards, database: Database) -> None:
    """What the last scan found is on screen at once, with its age, while the first new one runs."""
    last = await latest_scan(database)
    if last is None:
        return
    for candidate in last.candidates:
        boards.candidates.put(candidate.symbol, candidate)
    for symbol, spreads in last.spreads.items():
        boards.spreads.put(symbol, spreads)
