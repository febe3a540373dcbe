"""The embedded market as one server on loopback, each vendor under its prefix, and ``/sim`` to steer it."""

import asyncio
import errno
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from operator import itemgetter

from aiohttp import web

from cockpit.emulator.alpha_vantage import alpha_vantage_routes
from cockpit.emulator.binance import binance_routes
from cockpit.emulator.clock import EmulatorClock
from cockpit.emulator.control import control_routes, describe_clock
from cockpit.emulator.faults import Faults
from cockpit.emulator.market import Market, Name
from cockpit.emulator.options import EmulatorOptions
from cockpit.emulator.quotas import read_quotas
from cockpit.emulator.reddit import reddit_routes
from cockpit.emulator.stocktwits import stocktwits_routes
from cockpit.emulator.tradier import tradier_routes
from cockpit.emulator.tradier_bodies import TradierBodies
from cockpit.errors import CockpitError

__all__ = ["EmulatorOptions", "RunningServer", "print_ready", "running_server", "serve"]

HOST = "127.0.0.1"
SCHEMA = "cockpit.emulator/1"
_SHUTDOWN_SECONDS = 0.2
_WARM_DAYS = timedelta(days=21)
_BUSY_SECONDS = 0.02
"""Nothing is drawn ahead so soon after an answer: what the next requests need comes first."""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that answers.

    Attributes:
        ready: what it tells of itself: schema, process, seed, addresses and clock.
    """

    clock: EmulatorClock
    faults: Faults
    market: Market
    ready: dict[str, object]


def print_ready(ready: dict[str, object]) -> None:
    """Print the ready line on stdout."""
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()


async def serve(
    options: EmulatorOptions,
    ready: Callable[[dict[str, object]], None] = print_ready,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until told to stop.

    Args:
        options: the market and how it is served.
        ready: called once, when every address answers.
        stop: ends the server; without one it serves until it is cancelled.

    Raises:
        UsageError: a fault or a quota that does not exist, a start without a zone.
        CockpitError: the port is in use.
    """
    async with running_server(options) as server:
        ready(server.ready)
        await (stop or asyncio.Event()).wait()


@asynccontextmanager
async def running_server(options: EmulatorOptions) -> AsyncIterator[RunningServer]:
    """A server on 127.0.0.1 that ends with the context.

    Raises:
        UsageError: a fault or a quota that does not exist, a start without a zone.
        CockpitError: the port is in use.
    """
    clock = EmulatorClock(options.start, options.speed)
    faults = Faults(options.faults)
    quotas = read_quotas(options.quotas)
    market = Market(options.seed)
    app = web.Application()
    tradier = TradierBodies(market, clock)
    app.add_subapp("/tradier", tradier_routes(tradier, faults, quotas["tradier"]))
    app.add_subapp(
        "/alpha_vantage",
        alpha_vantage_routes(market, clock, faults, quotas["alpha_vantage"], quotas["alpha_vantage_second"]),
    )
    app.add_subapp("/stocktwits", stocktwits_routes(market, clock, faults, quotas["stocktwits"]))
    app.add_subapp("/reddit", reddit_routes(market, clock, faults, quotas["reddit"]))
    app.add_subapp("/sim", control_routes(market, clock, faults))
    app.add_subapp("/binance", binance_routes(options.seed, clock, faults, quotas))
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    warming: asyncio.Task[None] | None = None
    try:
        port = await _listen(runner, options.port)
        warming = asyncio.create_task(_warm(market, clock, tradier))
        yield RunningServer(clock, faults, market, _ready(options.seed, port, clock))
    finally:
        if warming is not None:
            warming.cancel()
            with suppress(asyncio.CancelledError):
                await warming
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> int:
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CockpitError(f"port {port} on {HOST} is in use; choose another with --port or sim.port") from None
        raise CockpitError(f"port {port} on {HOST} cannot be used: {error.strerror}") from None
    bound: int = runner.addresses[0][1]
    return bound


def _ready(seed: int, port: int, clock: EmulatorClock) -> dict[str, object]:
    http, socket = f"http://{HOST}:{port}", f"ws://{HOST}:{port}"
    return {
        "schema": SCHEMA,
        "pid": os.getpid(),
        "seed": seed,
        "endpoints": {
            "binance_ws": f"{socket}/binance",
            "binance_rest": f"{http}/binance",
            "tradier": f"{http}/tradier/v1",
            "alpha_vantage": f"{http}/alpha_vantage",
            "stocktwits": f"{http}/stocktwits",
            "reddit": f"{http}/reddit",
            "sim": f"{http}/sim",
        },
        "clock": describe_clock(clock.anchor),
    }


async def _warm(market: Market, clock: EmulatorClock, tradier: TradierBodies) -> None:
    """Draw ahead what a first scan will ask for, and in its order: all quotes, then name by name by report day."""
    today = clock.now().date()
    coming: list[tuple[date, str, Name]] = []
    for symbol in market.equities:
        await asyncio.sleep(0)
        name = market.name(symbol)
        if name is not None:
            days = [report.day for report in name.profile.reports.near(today, 1, 1)]
            coming += [(day, symbol, name) for day in days if today <= day <= today + _WARM_DAYS]
    for preparations in (tradier.quote_preparations, tradier.series_preparations):
        for _, _, name in sorted(coming, key=itemgetter(0, 1)):
            for prepare in preparations(name):
                await asyncio.sleep(max(0.0, tradier.answered_at + _BUSY_SECONDS - time.monotonic()))
                prepare()
