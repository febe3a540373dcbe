"""Tradier's market data protocol over the embedded market, with the vendor's own oddities.

A container with one member holds an object in place of a list, one with none is null; the answer is XML unless JSON is
asked for; every answer tells the rate limit.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from cockpit.emulator.answers import broken_body, to_xml
from cockpit.emulator.faults import Faults
from cockpit.emulator.parameters import BadParameterError
from cockpit.emulator.quotas import FixedWindow, Spent
from cockpit.emulator.tradier_bodies import TradierBodies

Body = Callable[[Mapping[str, str]], str]

_FAULT_TEXTS = {
    401: ("Invalid Access Token", "keymanagement.service.invalid_access_token"),
    404: ("Not Found", "messaging.adaptors.http.flow.ApplicationNotFound"),
    429: (
        "Rate limit quota violation. Quota limit  exceeded. Identifier : cockpit",
        "policies.ratelimit.QuotaViolation",
    ),
}
_NO_LIMIT = 1_000_000
_INVALID_TOKEN = "Invalid Access Token"


def tradier_routes(bodies: TradierBodies, faults: Faults, per_minute: int) -> web.Application:
    """The application to mount under ``/tradier``.

    Args:
        bodies: what it answers.
        faults: what goes wrong.
        per_minute: requests a clock minute; 0 for no limit, told as a very high one.
    """
    gate = _Gate(bodies, faults, FixedWindow(per_minute or _NO_LIMIT, 60))
    app = web.Application()
    paths: dict[str, Body] = {
        "/v1/markets/quotes": bodies.quotes,
        "/v1/markets/options/expirations": bodies.expirations,
        "/v1/markets/options/strikes": bodies.strikes,
        "/v1/markets/options/chains": bodies.chains,
        "/v1/markets/options/lookup": bodies.option_symbols,
        "/v1/markets/history": bodies.history,
        "/v1/markets/timesales": bodies.time_sales,
        "/v1/markets/clock": bodies.market_clock,
        "/v1/markets/calendar": bodies.calendar,
        "/v1/markets/search": bodies.search,
        "/v1/markets/lookup": bodies.lookup,
        "/v1/beta/markets/fundamentals/corporate_calendars": bodies.corporate_calendars,
        "/beta/markets/fundamentals/corporate_calendars": bodies.corporate_calendars,
    }
    for path, body in paths.items():
        app.router.add_get(path, gate.serving(body))
    app.router.add_post("/v1/markets/quotes", gate.serving(bodies.quotes))
    app.router.add_route("*", "/{rest:.*}", gate.serving(None))
    return app


class _Gate:
    """What every request passes: latency, token, rate limit and faults, then the body in the asked-for format."""

    def __init__(self, bodies: TradierBodies, faults: Faults, window: FixedWindow) -> None:
        self._bodies = bodies
        self._faults = faults
        self._window = window

    def serving(self, body: Body | None) -> Callable[[web.Request], Awaitable[web.Response]]:
        """A handler that answers with a body; None answers 404."""

        async def handler(request: web.Request) -> web.Response:
            if self._faults.latency_ms:
                await asyncio.sleep(self._faults.latency_ms / 1000.0)
            spent = self._window.spend()
            response = await self._respond(request, body, spent)
            self._bodies.answered_at = time.monotonic()
            headers = response.headers
            headers["X-Ratelimit-Allowed"] = str(spent.allowed)
            headers["X-Ratelimit-Used"] = str(spent.used)
            headers["X-Ratelimit-Available"] = str(max(0, spent.allowed - spent.used))
            headers["X-Ratelimit-Expiry"] = str(spent.ends * 1000)
            headers["Access-Control-Allow-Origin"] = "*"
            return response

        return handler

    async def _respond(self, request: web.Request, body: Body | None, spent: Spent) -> web.Response:
        faults = self._faults
        if faults.tradier_status:
            return _refusal(faults.tradier_status)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return web.Response(status=401, text=_INVALID_TOKEN, content_type="text/plain")
        if spent.over:
            return _refusal(429)
        if body is None:
            return web.Response(status=404, text="Not Found", content_type="text/plain")
        params: dict[str, str] = dict(request.query)
        if request.method == "POST":
            params |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
        try:
            text = body(params)
        except BadParameterError as error:
            return web.Response(status=400, text=f"Invalid parameter, {error}", content_type="text/plain")
        if faults.tradier_body:
            broken, content_type = broken_body(faults.tradier_body, text)
            return web.Response(text=broken, content_type=content_type, charset="UTF-8")
        if "json" in request.headers.get("Accept", ""):
            return web.Response(body=text.encode(), headers={"Content-Type": "application/json;charset=UTF-8"})
        return web.Response(text=to_xml(json.loads(text)), content_type="application/xml", charset="UTF-8")


def _refusal(status: int) -> web.Response:
    if status == 401:
        return web.Response(status=401, text=_INVALID_TOKEN, content_type="text/plain")
    reason, code = _FAULT_TEXTS.get(status, ("Datastore Error", "datastore.ErrorWhileAccessingDataStore"))
    text = json.dumps({"fault": {"faultstring": reason, "detail": {"errorcode": code}}})
    return web.Response(status=status, text=text, content_type="application/json")
