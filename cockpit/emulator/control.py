"""``/sim``: steering the embedded market while it runs, and the truth that scorers are measured against."""

import json

from aiohttp import web

from cockpit.clock import Anchor
from cockpit.emulator.clock import EmulatorClock
from cockpit.emulator.faults import Faults
from cockpit.emulator.market import Market
from cockpit.errors import UsageError
from cockpit.options.calendar import NEW_YORK


def control_routes(market: Market, clock: EmulatorClock, faults: Faults) -> web.Application:
    """The application to mount under ``/sim``."""

    async def show_clock(_: web.Request) -> web.Response:
        return web.json_response(describe_clock(clock.anchor))

    async def next_session(_: web.Request) -> web.Response:
        return web.json_response(describe_clock(clock.to_next_session()))

    async def show_faults(_: web.Request) -> web.Response:
        return web.json_response(faults.as_dict())

    async def set_faults(request: web.Request) -> web.Response:
        try:
            values = await request.json()
        except json.JSONDecodeError:
            return _bad_request("the body must be a JSON object of fault names and values")
        if not isinstance(values, dict):
            return _bad_request("the body must be a JSON object of fault names and values")
        try:
            faults.update(values)
        except UsageError as error:
            return _bad_request(str(error))
        return web.json_response(faults.as_dict())

    async def truth(request: web.Request) -> web.Response:
        symbol = request.match_info["symbol"].upper()
        if market.name(symbol) is None:
            return web.json_response({"error": f"no name is called {symbol}"}, status=404)
        return web.json_response(describe_truth(market, clock, symbol))

    app = web.Application()
    app.router.add_get("/clock", show_clock)
    app.router.add_post("/clock/next_session", next_session)
    app.router.add_get("/faults", show_faults)
    app.router.add_post("/faults", set_faults)
    app.router.add_get("/truth/{symbol}", truth)
    return app


def describe_clock(anchor: Anchor) -> dict[str, object]:
    """An anchor as JSON: with it another process of this machine shows the same time."""
    return {"mono": anchor.mono, "instant": anchor.instant.isoformat(), "speed": anchor.speed}


def describe_truth(market: Market, clock: EmulatorClock, symbol: str) -> dict[str, object]:
    """What a scanner can only estimate.

    ``event_sd`` is the true standard deviation of a report's move and ``implied_event_sd`` the one that options price
    now; their ratio, ``richness``, is the true premium.
    """
    name = market.name(symbol)
    if name is None:
        raise UsageError(f"no name is called {symbol}")
    now = clock.now()
    profile, moment = name.profile, name.moment(now)
    coming = next(report for report in profile.reports.near(now.date(), 1, 2) if report.moves_at > now)
    return {
        "schema": "cockpit.emulator.truth/1",
        "symbol": symbol,
        "archetype": name.equity.archetype,
        "liquidity_class": profile.liquidity,
        "event_sd": profile.event_sd,
        "implied_event_sd": profile.priced_event_sd(name.volatility.sessions_until(coming, moment)),
        "richness": profile.richness,
        "ambient": name.volatility.ambient(moment),
        "spot": name.spot(moment),
        "report": {
            "day": str(coming.day),
            "timing": coming.timing.value,
            "moves_at": coming.moves_at.astimezone(NEW_YORK).isoformat(),
            "jump": coming.jump,
        },
    }


def _bad_request(text: str) -> web.Response:
    return web.json_response({"error": text}, status=400)
