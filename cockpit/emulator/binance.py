"""The embedded crypto exchange behind the protocol of Binance: streams, REST, limits and faults."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress

from aiohttp import WSCloseCode, web

from cockpit.emulator.binance_connection import StreamRules
from cockpit.emulator.binance_hub import Hub
from cockpit.emulator.binance_limits import Verdict, WeightLimit
from cockpit.emulator.binance_query import BadRequestError, Query
from cockpit.emulator.binance_rest import ENDPOINTS, Asked
from cockpit.emulator.binance_text import compact
from cockpit.emulator.binance_ws import StreamServer
from cockpit.emulator.clock import EmulatorClock
from cockpit.emulator.crypto_market import CryptoMarket
from cockpit.emulator.faults import Faults

WEIGHT_A_MINUTE = 6000
"""The venue's own limit, used where no quota is given."""

_RESTRICTED = (
    "Service unavailable from a restricted location according to 'b. Eligibility' in https://www.binance.com/en/terms. "
    "Please contact customer service if you believe you received this message in error."
)
_FAULT_RETRY_AFTER = {429: 30, 418: 120}
_HOLE_SECONDS = 0.05
_USED_HEADERS = ("X-MBX-USED-WEIGHT", "X-MBX-USED-WEIGHT-1M")


def binance_routes(
    seed: int,
    clock: EmulatorClock,
    faults: Faults,
    quotas: Mapping[str, int] | None = None,
    rules: StreamRules | None = None,
) -> web.Application:
    """The application to mount under ``/binance``.

    Args:
        seed: all prices and trades follow from it.
        clock: market time; limits and keepalive run on its real seconds.
        faults: what goes wrong.
        quotas: ``binance`` is the request weight a minute, 0 for no limits; the venue's own where it is absent.
        rules: what is demanded of a stream connection; the venue's own without them.
    """
    allowed = (quotas or {}).get("binance", WEIGHT_A_MINUTE)
    if rules is None:
        rules = StreamRules() if allowed else StreamRules(connects=0)
    market = CryptoMarket(seed)
    hub = Hub(seed, market, clock, faults, rules)
    streams = StreamServer(hub, rules, clock.monotonic, faults)
    desk = _Desk(market, hub, allowed, clock, faults)

    @web.middleware
    async def gate(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        while faults.binance_black_hole:  # noqa: ASYNC110 - a fault is a plain value that anyone may set
            await asyncio.sleep(_HOLE_SECONDS)
        if faults.latency_ms:
            await asyncio.sleep(faults.latency_ms / 1000.0)
        if faults.binance_status:
            return _refusal(faults.binance_status, allowed, hub.now_ms, faults.binance_retry_after)
        return await handler(request)

    def fell_silent(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            asyncio.get_running_loop().call_exception_handler({"message": "the streams stopped", "exception": error})
            hub.close_all(WSCloseCode.INTERNAL_ERROR, "Internal error")

    async def beat(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(hub.run(), name="binance-beat")
        task.add_done_callback(fell_silent)
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def shut_down(_: web.Application) -> None:
        await hub.end()

    app = web.Application(middlewares=[gate])
    app.cleanup_ctx.append(beat)
    app.on_shutdown.append(shut_down)
    app.router.add_get("/ws", streams.raw)
    app.router.add_get("/ws/{streams:.*}", streams.raw)
    app.router.add_get("/stream", streams.combined)
    app.router.add_get("/api/v3/{path:.+}", desk.serve)
    return app


class _Desk:
    """Answers REST requests, each for its weight."""

    def __init__(self, market: CryptoMarket, hub: Hub, allowed: int, clock: EmulatorClock, faults: Faults) -> None:
        self._market = market
        self._faults = faults
        self._hub = hub
        self._limit = WeightLimit(allowed, clock.monotonic)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One request of market data."""
        endpoint = ENDPOINTS.get(request.match_info["path"])
        if endpoint is None:
            return web.Response(
                status=404, text="<html><body><h2>404 Not found</h2></body></html>", content_type="text/html"
            )
        weigh, respond = endpoint
        behind = 0.0 if request.match_info["path"] == "time" else self._faults.binance_rest_lag
        now_ms = self._hub.now_ms - int(1000 * behind)
        status, body, weight = 200, "", 1
        query: Query | None = None
        try:
            query = Query(request.query, self._market.pairs)
            weight = weigh(query)
        except BadRequestError as error:
            status, body = 400, error.body
        verdict = self._limit.spend(weight)
        if verdict.status != 200:
            return _over_limit(verdict, self._limit.allowed, now_ms)
        if query is not None and status == 200:
            micro = request.headers.get("X-MBX-TIME-UNIT", "").upper() == "MICROSECOND"
            asked = Asked(self._market, query, now_ms, 1000 if micro else 1, self._limit.allowed or WEIGHT_A_MINUTE)
            try:
                body = await respond(asked)
            except BadRequestError as error:
                status, body = 400, error.body
        return _json(status, body, verdict.used)


def _json(status: int, body: str, used: int | None = None, retry_after: int = 0) -> web.Response:
    response = web.Response(
        status=status, body=body.encode(), headers={"Content-Type": "application/json;charset=UTF-8"}
    )
    if used is not None:
        for name in _USED_HEADERS:
            response.headers[name] = str(used)
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _over_limit(verdict: Verdict, allowed: int, now_ms: int) -> web.Response:
    body = _limit_body(verdict.status, allowed, now_ms, verdict.retry_after)
    return _json(verdict.status, body, verdict.used, verdict.retry_after)


def _limit_body(status: int, allowed: int, now_ms: int, retry_after: int) -> str:
    if status == 418:
        message = (
            f"Way too much request weight used; IP banned until {now_ms + 1000 * retry_after}. "
            "Please use WebSocket Streams for live updates to avoid bans."
        )
    else:
        message = (
            f"Too much request weight used; current limit is {allowed or WEIGHT_A_MINUTE} request weight per 1 MINUTE. "
            "Please use WebSocket Streams for live updates to avoid polling the API."
        )
    return compact({"code": -1003, "msg": message})


def _refusal(status: int, allowed: int, now_ms: int, retry_after: int) -> web.Response:
    """What every request and handshake gets while the fault ``binance_status`` is set."""
    if status == 451:
        return _json(status, compact({"code": 0, "msg": _RESTRICTED}))
    if status in _FAULT_RETRY_AFTER:
        wait = retry_after or _FAULT_RETRY_AFTER[status]
        return _json(status, _limit_body(status, allowed, now_ms, wait), None, wait)
    if status == 403:
        page = (
            "<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center></body></html>"
        )
        return web.Response(status=status, text=page, content_type="text/html")
    return _json(status, compact({"code": -1000, "msg": "An unknown error occurred while processing the request."}))
