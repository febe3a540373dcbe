"""The market that a session looks at: its clock and its vendors, live, simulated or replayed."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from cockpit.clock import Anchor, Clock, SimulatedClock, SystemClock
from cockpit.emulator.process import EmulatorProcess, running_emulator
from cockpit.errors import CockpitError, ConfigurationError, ProviderError, Refusal, UsageError
from cockpit.health.status import ProviderStatus
from cockpit.health.usage import Usage
from cockpit.net.http import HttpClient
from cockpit.network import live_network, simulated_network
from cockpit.options.calendar import Phase, next_session, opens_at, session_state
from cockpit.options.chain import OptionChain
from cockpit.paths import Paths
from cockpit.providers.alpha_vantage import AlphaVantage
from cockpit.providers.binance import Binance
from cockpit.providers.fallback import FallbackExchange
from cockpit.providers.ports import EarningsSource, EquityQuote, Exchange, OpinionSource, OptionVenue, ReportDates
from cockpit.providers.reddit import Reddit
from cockpit.providers.stocktwits import StockTwits
from cockpit.providers.tradier import Tradier
from cockpit.scan.earnings import EarningsReport, PastReport
from cockpit.scan.moves import DailyBar
from cockpit.scan.sectors import CompanySource
from cockpit.setting_values import parse_limit
from cockpit.settings import Settings, VenueSettings
from cockpit.storage import meta
from cockpit.storage.database import Database
from cockpit.storage.ticks import stored_symbols
from cockpit.ticks.replay import ReplayExchange

log = logging.getLogger(__name__)

_INSTANT = "sim.instant"
_SPENT = "net.spent"
_VENUE = "ticks.venue"
_SAVE_SECONDS = 5.0


async def _stay() -> datetime:
    raise UsageError("only the simulated market can be moved to its next session")


def _keep_all(settings: Settings) -> None:
    """A recording asks nobody, and so has nothing to change."""


@dataclass(frozen=True, slots=True)
class Market:
    """A clock and the vendors that go with it.

    Attributes:
        symbols: exchange symbols that the feed carries.
        statuses: what the network layer says of each vendor.
        usage: what was asked since the start, by vendor and endpoint.
        tasks: named background work of the market itself.
        next_session: moves the clock to the next session's open; only where ``moves``.
        has_options: False in a replay, which holds trades only.
        replay: what is played, in a replay.
        dates: another calendar that report dates are held against.
        companies: who knows the sectors of names.
        opinions: sources of sentiment, in the order of the settings.
        http: the way to the vendors; None in a replay.
        reconfigure: other limits, timeouts and times to live for what is asked from now on.
    """

    clock: Clock
    exchange: Exchange
    venue: OptionVenue
    earnings: EarningsSource
    symbols: Sequence[str]
    statuses: Callable[[], Iterable[ProviderStatus]]
    usage: Callable[[], Iterable[tuple[tuple[str, str], Usage]]]
    tasks: tuple[tuple[str, Callable[[], Awaitable[None]]], ...] = ()
    next_session: Callable[[], Awaitable[datetime]] = _stay
    moves: bool = False
    has_options: bool = True
    replay: ReplayExchange | None = None
    dates: ReportDates | None = None
    companies: CompanySource | None = None
    opinions: tuple[OpinionSource, ...] = ()
    http: HttpClient | None = None
    reconfigure: Callable[[Settings], None] = _keep_all


@asynccontextmanager
async def live_market(
    settings: Settings, database: Database, as_of: datetime | None, *, runs: bool
) -> AsyncIterator[Market]:
    """Real venues, or whatever stands at the configured addresses.

    What the vendors' day allowances have already given is kept: a second start does not begin a second day.
    """
    if as_of is not None:
        # What a vendor says of another day is neither kept for this one nor counted with it.
        clock: Clock = _clock_at(as_of, runs)
        async with HttpClient(clock) as http:
            yield _vendors(http, clock, settings)
        return
    if runs:
        await _check_venue(settings, database)
    clock = SystemClock()
    paused = asyncio.Event()
    async with live_network(settings, settings.folders(), clock, paused.set) as network:
        http = network.http
        market = replace(_vendors(http, clock, settings), statuses=network.statuses)
        market = await _with_fallback(market, http, settings, database)
        exchange = market.exchange
        spent = await meta.get(database, _SPENT)
        if spent is not None:
            http.remember(spent)
        if database.read_only:
            yield market
            return

        async def keep() -> None:
            await meta.put(database, _SPENT, http.memory())
            if isinstance(exchange, Binance | FallbackExchange) and exchange.served:
                await meta.put(database, _VENUE, exchange.served)

        async with _kept_at_the_end(keep):
            allowances = ("allowances", lambda: _every(_SAVE_SECONDS, keep, paused))
            yield replace(market, tasks=(allowances, ("vendors", http.revive)))


@asynccontextmanager
async def simulated_market(
    settings: Settings, database: Database, folders: Paths, as_of: datetime | None, *, runs: bool
) -> AsyncIterator[Market]:
    """The embedded market, in a child process that speaks the vendors' own protocols on loopback.

    It goes on where it was left, so that a position opened yesterday is not older than its market.
    """
    start = as_of if as_of is not None else await _resume(database, settings)
    speed = settings.sim.speed if runs or as_of is None else 0.0
    async with running_emulator(
        seed=settings.sim.seed,
        start=start,
        speed=speed,
        port=settings.sim.port,
        quotas=_quotas(settings),
        log=folders.log,
    ) as emulator:
        clock = SimulatedClock(emulator.anchor)
        paused = asyncio.Event()
        async with simulated_network(settings, folders, clock, paused.set) as network:
            http = network.http
            vendors = _vendors(http, clock, _pointed_at(emulator, settings))
            spent = await meta.get(database, _SPENT)
            if spent is not None:
                http.remember(spent)

            async def keep() -> None:
                if as_of is None and not database.read_only:
                    await meta.put(database, _INSTANT, clock.now().isoformat())
                    await meta.put(database, _SPENT, http.memory())

            async def move() -> datetime:
                clock.anchor = await emulator.next_session()
                await keep()
                return clock.now()

            async def watch() -> None:
                await emulator.wait()
                raise ProviderError(
                    "sim", Refusal.UNAVAILABLE, "the simulated market has ended; start the cockpit again"
                )

            clocks = ("clock", lambda: _every(_SAVE_SECONDS, keep, paused))
            tasks = (("market", watch), clocks, ("vendors", http.revive))
            async with _kept_at_the_end(keep):
                yield replace(vendors, tasks=tasks, next_session=move, moves=True)


@asynccontextmanager
async def replayed_market(recording: Path | None, speed: float) -> AsyncIterator[Market]:
    """A recording of an exchange, on the recording's own clock. It holds no options, and waits at its end."""
    if recording is None:
        raise UsageError('the replay profile plays a recording; name one: "cockpit replay FILE"')
    exchange = ReplayExchange(recording, speed, hold=True)
    await exchange.open()
    none = _NoOptions()
    measuring = asyncio.create_task(exchange.measure(), name="replay-length")
    try:
        yield Market(
            clock=exchange.clock,
            exchange=exchange,
            venue=none,
            earnings=none,
            symbols=exchange.symbols,
            statuses=tuple,
            usage=tuple,
            has_options=False,
            replay=exchange,
        )
    finally:
        measuring.cancel()
        await asyncio.wait({measuring})


@asynccontextmanager
async def _kept_at_the_end(keep: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Keep once more on the way out, however that is; a disk that refuses must not hide why we leave."""
    try:
        yield
    finally:
        try:
            await keep()
        except CockpitError as error:
            log.warning("at the end: %s", error)


async def _every(seconds: float, work: Callable[[], Awaitable[None]], soon: asyncio.Event | None = None) -> None:
    """Work every so many seconds, and at once when ``soon`` is set."""
    soon = soon or asyncio.Event()
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(soon.wait(), seconds)
        soon.clear()
        await work()


def _vendors(http: HttpClient, clock: Clock, settings: Settings) -> Market:
    venue: VenueSettings = getattr(settings.venues, settings.ticks.venue)
    providers, keep = settings.providers, settings.sentiment.keep_seconds
    tradier = Tradier(http, providers.tradier, settings.cache, clock)
    alpha_vantage = AlphaVantage(http, providers.alpha_vantage, settings.cache, clock, news_seconds=keep)
    opinions: dict[str, Callable[[], AlphaVantage | StockTwits | Reddit]] = {
        "stocktwits": lambda: StockTwits(http, providers.stocktwits, keep),
        "reddit": lambda: Reddit(http, providers.reddit, keep, clock),
        "alpha_vantage": lambda: alpha_vantage,
    }
    sources = tuple(opinions[name]() for name in settings.sentiment.sources)
    exchange = Binance(http, settings.ticks.venue, venue, providers.binance, clock)

    def reconfigure(new: Settings) -> None:
        exchange.reconfigure(new.providers.binance)
        tradier.reconfigure(new.providers.tradier, new.cache)
        alpha_vantage.reconfigure(new.providers.alpha_vantage, new.cache, new.sentiment.keep_seconds)
        for source in sources:
            if isinstance(source, StockTwits):
                source.reconfigure(new.providers.stocktwits, new.sentiment.keep_seconds)
            elif isinstance(source, Reddit):
                source.reconfigure(new.providers.reddit, new.sentiment.keep_seconds)

    return Market(
        clock=clock,
        exchange=exchange,
        venue=tradier,
        dates=tradier,
        earnings=alpha_vantage,
        companies=alpha_vantage,
        opinions=sources,
        reconfigure=reconfigure,
        symbols=settings.ticks.symbols,
        statuses=http.statuses,
        usage=http.usage,
        http=http,
    )


async def _check_venue(settings: Settings, database: Database) -> None:
    """See to it that the trades of two venues, each of which numbers them in its own way, do not come together.

    Raises:
        ConfigurationError: the folder holds trades of another venue than the one that is to be streamed.
    """
    wanted, held = settings.ticks.venue, await meta.get(database, _VENUE)
    if held in (None, wanted) or (wanted == "binance" and settings.ticks.switch_venue):
        return
    if await stored_symbols(database):
        raise ConfigurationError(
            f'ticks.venue is "{wanted}", but {settings.folders().data} holds trades of {held}, which numbers them in '
            f'its own way; set ticks.venue = "{held}", or another paths.data_dir'
        )


async def _with_fallback(market: Market, http: HttpClient, settings: Settings, database: Database) -> Market:
    """Binance with Binance.US behind it, unless the settings forbid it or the folder holds trades of the former.

    Each venue numbers trades in its own way, so a folder only ever holds those of one.
    """
    first = market.exchange
    if first.name != "binance" or not settings.ticks.switch_venue:
        return market
    held = await meta.get(database, _VENUE)
    if held is None and await stored_symbols(database):
        held = first.name
    if held == first.name:
        return market
    second = Binance(http, "binance_us", settings.venues.binance_us, settings.providers.binance, market.clock)
    exchange = FallbackExchange(first, second)
    if held is not None:
        exchange.switch(f"this data folder holds trades of {second.name}")

    def reconfigure(new: Settings) -> None:
        market.reconfigure(new)
        second.reconfigure(new.providers.binance)

    return replace(market, exchange=exchange, reconfigure=reconfigure)


def _clock_at(instant: datetime, runs: bool) -> SimulatedClock:
    return SimulatedClock(Anchor(time.monotonic(), instant.astimezone(UTC), 1.0 if runs else 0.0))


async def _resume(database: Database, settings: Settings) -> datetime:
    """Where the simulated market was left, moved on to a session's open if it was left outside one."""
    stored = await meta.get(database, _INSTANT)
    if stored is None:
        return settings.sim.start
    instant = max(datetime.fromisoformat(stored), settings.sim.start)
    state = session_state(instant)
    if state.phase is Phase.OPEN:
        return instant
    return opens_at(next_session(state.day) if state.phase is Phase.POST else state.day)


def _quotas(settings: Settings) -> dict[str, int]:
    """What the embedded vendors allow: as much as the settings say that they do, or without end."""
    if not settings.sim.quotas:
        return {"tradier": 0, "alpha_vantage": 0, "binance": 0, "stocktwits": 0, "reddit": 0}
    per_day = [
        count for count, seconds in map(parse_limit, settings.providers.alpha_vantage.limits) if seconds == 86_400
    ]
    per_minute = [count for count, seconds in map(parse_limit, settings.providers.tradier.limits) if seconds == 60]
    weight = [count for count, seconds in map(parse_limit, settings.providers.binance.limits) if seconds == 60]
    return {
        "tradier": min(per_minute, default=0),
        "alpha_vantage": min(per_day, default=0),
        "binance": min(weight, default=0),
    }


def _pointed_at(emulator: EmulatorProcess, settings: Settings) -> Settings:
    addresses = emulator.endpoints
    venue = VenueSettings(ws_url=addresses["binance_ws"], rest_url=addresses["binance_rest"])
    providers = settings.providers
    return settings.model_copy(
        update={
            "venues": settings.venues.model_copy(update={"binance": venue, "binance_us": venue}),
            "providers": providers.model_copy(
                update={
                    "tradier": providers.tradier.model_copy(update={"base_url": addresses["tradier"]}),
                    "alpha_vantage": providers.alpha_vantage.model_copy(
                        update={"base_url": addresses["alpha_vantage"]}
                    ),
                    "stocktwits": providers.stocktwits.model_copy(update={"base_url": addresses["stocktwits"]}),
                    "reddit": providers.reddit.model_copy(
                        update={
                            "base_url": addresses["reddit"],
                            "token_url": f"{addresses['reddit']}/api/v1/access_token",
                        }
                    ),
                }
            ),
        }
    )


class _NoOptions:
    """Stands where a recording has no vendor: whatever is asked, it says that there is none."""

    name = "replay"

    def _refuse(self) -> ProviderError:
        return ProviderError("replay", Refusal.UNAVAILABLE, "a recording holds trades only, no options and no earnings")

    async def quotes(self, symbols: Sequence[str]) -> dict[str, EquityQuote]:
        raise self._refuse()

    async def expirations(self, symbol: str) -> list[date]:
        raise self._refuse()

    async def chain(self, symbol: str, expiry: date, *, fresh: bool = False) -> OptionChain:
        raise self._refuse()

    async def daily_history(self, symbol: str, start: date, end: date) -> list[DailyBar]:
        raise self._refuse()

    async def warm(self, symbols: Sequence[str], start: date, end: date) -> None:
        return

    async def calendar(self) -> list[EarningsReport]:
        raise self._refuse()

    async def past_reports(self, symbol: str) -> list[PastReport]:
        raise self._refuse()
