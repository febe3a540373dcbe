"""The context: all that one session shares. ``async with open_context(settings)`` opens and closes it, in order.

Opened are folders, log, database, the market (clock, network, vendors; in ``sim`` the embedded one), services, and last
the background tasks. It closes in the reverse order, so that nothing is fed when nothing can be written any more.
"""

import gc
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from cockpit.boards import Boards
from cockpit.clock import Clock
from cockpit.desk import Desk
from cockpit.errors import UsageError
from cockpit.health.alerts import Alerts
from cockpit.health.sampler import HealthSampler
from cockpit.health.status import State, TaskStatus
from cockpit.live_settings import LiveSettings
from cockpit.logs import logging_to
from cockpit.market import Market, live_market, replayed_market, simulated_market
from cockpit.paths import Paths
from cockpit.portfolio.broker import Broker
from cockpit.portfolio.marker import Marker
from cockpit.portfolio.outcomes import Outcomes
from cockpit.services import Services, make_services
from cockpit.settings import Settings
from cockpit.settings_watch import SettingsFiles, SettingsWatch
from cockpit.storage.database import Database, open_database
from cockpit.storage.lock import owned_elsewhere
from cockpit.storage.scan import latest_scan
from cockpit.supervisor import Supervisor
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
    services = await make_services(settings, database, market, boards, background=background, keeps=keep)
    live.require(services.check)
    live.follow(services.follow)
    if keep:
        stack.push_async_callback(services.usage.write)
    if background:
        await _show_last_scan(boards, database)
        supervisor = Supervisor(market.clock, boards.health)
        services.start(stack, supervisor)
        if settings.health.port:
            await stack.enter_async_context(_endpoint(settings.health.port, services))
        if written is not None:
            supervisor.start("settings", SettingsWatch(written, live).run)
    return Context(
        settings=settings,
        live=live,
        folders=folders,
        clock=market.clock,
        boards=boards,
        database=database,
        commands=services.desk,
        broker=services.broker,
        marker=services.marker,
        outcomes=services.outcomes,
        sampler=services.sampler,
        alerts=services.alerts,
        read_only=str(owned_elsewhere(folders)) if database.read_only else None,
    )


def _endpoint(port: int, services: Services) -> AbstractAsyncContextManager[int]:
    from cockpit.health.endpoint import health_endpoint
    from cockpit.health.exporters import ExportedRow, exported_rows

    def told() -> dict[str, ExportedRow]:
        boards = services.boards
        return exported_rows(boards.health.items(), services.alerts.statuses(boards.alerts.values()))

    return health_endpoint(port, told, services.market.usage)


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
