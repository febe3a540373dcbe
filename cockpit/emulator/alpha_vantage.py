"""Alpha Vantage's protocol over the embedded market: one address, refusals with HTTP 200, strings for numbers."""

import asyncio
import json
from collections.abc import Mapping

from aiohttp import web

from cockpit.emulator.alpha_vantage_bodies import AlphaVantageBodies
from cockpit.emulator.answers import broken_body
from cockpit.emulator.clock import EmulatorClock
from cockpit.emulator.faults import Faults
from cockpit.emulator.market import Market
from cockpit.emulator.quotas import FixedWindow

_NOTE = (
    "Thank you for using Alpha Vantage! Our standard API call frequency is 5 calls per minute and 500 calls per day. "
    "Please visit https://www.alphavantage.co/premium/ if you would like to target a higher API call frequency."
)
_INFORMATION = (
    "Thank you for using Alpha Vantage! Please consider spreading out your free API requests more sparingly. You may "
    "subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to lift the free key rate limit "
    "(25 requests per day) and instantly unlock all premium endpoints"
)
_NO_KEY = (
    "the parameter apikey is invalid or missing. Please claim your free API key on "
    "(https://www.alphavantage.co/support/#api-key). It should take less than 20 seconds."
)
_NO_FUNCTION = "This API function ({function}) does not exist."
_DAY = 86_400


def alpha_vantage_routes(
    market: Market, clock: EmulatorClock, faults: Faults, per_day: int, per_second: int = 0
) -> web.Application:
    """The application to mount under ``/alpha_vantage``.

    Args:
        market: whose data it serves.
        clock: what time it is there.
        faults: what goes wrong.
        per_day: requests a day of real time; 0 for no limit.
        per_second: requests a second; 0 for no limit.
    """
    endpoint = _Endpoint(AlphaVantageBodies(market, clock), faults, per_day, per_second)
    app = web.Application()
    app.router.add_get("/query", endpoint.query)
    return app


class _Endpoint:
    def __init__(self, bodies: AlphaVantageBodies, faults: Faults, per_day: int, per_second: int) -> None:
        self._bodies = bodies
        self._faults = faults
        self._windows = (FixedWindow(per_day, _DAY), FixedWindow(per_second, 1))

    async def query(self, request: web.Request) -> web.Response:
        """Answer ``/query``: always 200, unless a fault says otherwise."""
        faults = self._faults
        if faults.latency_ms:
            await asyncio.sleep(faults.latency_ms / 1000.0)
        if faults.alpha_vantage_status:
            return web.Response(status=faults.alpha_vantage_status, text="", content_type="text/html")
        content_type, text = self._answer(request.query)
        if faults.alpha_vantage_body:
            text, content_type = broken_body(faults.alpha_vantage_body, text)
        return web.Response(body=text.encode(), headers={"Content-Type": content_type})

    def _answer(self, params: Mapping[str, str]) -> tuple[str, str]:
        if not params.get("apikey", "").strip():
            return _refusal("Error Message", _NO_KEY)
        # Both windows count a request, also one that the other refuses.
        spent = [window.spend().over for window in self._windows]
        if self._faults.alpha_vantage_quota == "note":
            return _refusal("Note", _NOTE)
        if self._faults.alpha_vantage_quota == "information" or any(spent):
            return _refusal("Information", _INFORMATION)
        function = params.get("function", "")
        body = self._bodies.body(function.upper())
        if body is None:
            return _refusal("Error Message", _NO_FUNCTION.format(function=function))
        return body(params)


def _refusal(key: str, text: str) -> tuple[str, str]:
    return "application/json", json.dumps({key: text}, indent=4)
