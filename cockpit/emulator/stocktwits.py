"""StockTwits' protocol over the embedded market: the newest messages of a symbol, and its hourly limit."""

import html
from itertools import islice

from aiohttp import web

from cockpit.emulator.clock import EmulatorClock
from cockpit.emulator.faults import Faults
from cockpit.emulator.market import Market
from cockpit.emulator.opinions import Voice, voices
from cockpit.emulator.quotas import FixedWindow

_HOUR = 3600
_MOST = 30
_TAGS = {1: {"basic": "Bullish"}, -1: {"basic": "Bearish"}, 0: None}


def stocktwits_routes(market: Market, clock: EmulatorClock, faults: Faults, per_hour: int) -> web.Application:
    """The application to mount under ``/stocktwits``; ``per_hour`` requests of real time, 0 for no limit."""
    window = FixedWindow(per_hour, _HOUR)

    async def stream(request: web.Request) -> web.Response:
        spent = window.spend()
        headers = {
            "X-RateLimit-Limit": str(spent.allowed),
            "X-RateLimit-Remaining": str(max(0, spent.allowed - spent.used)),
            "X-RateLimit-Reset": str(spent.ends),
        }
        if faults.stocktwits_status:
            return web.Response(status=faults.stocktwits_status, text="<html>blocked</html>", content_type="text/html")
        if spent.over:
            message = f"Rate limit exceeded. Client may not make more than {per_hour} requests an hour."
            body = {"response": {"status": 429}, "errors": [{"message": message}]}
            return web.json_response(body, status=429, headers=headers)
        name = market.name(request.match_info["symbol"].upper())
        if name is None:
            body = {"response": {"status": 404}, "errors": [{"message": "Symbol not found"}]}
            return web.json_response(body, status=404, headers=headers)
        symbol = name.equity.symbol
        identity = sum(ord(letter) << 8 * at for at, letter in enumerate(symbol[:4])) % 100_000
        listed = {"id": identity, "symbol": symbol, "title": name.equity.name, "aliases": [], "is_following": False}
        limit = min(_MOST, int(text) if (text := request.query.get("limit", "30")).isdecimal() else _MOST)
        found = list(islice(voices(market.seed, symbol, clock.now(), "stocktwits"), limit))
        messages = [_message(voice, listed) for voice in found]
        ids = [message["id"] for message in messages]
        return web.json_response(
            {
                "response": {"status": 200},
                "symbol": {**listed, "watchlist_count": identity * 7},
                "cursor": {
                    "more": len(ids) == limit,
                    "since": max(ids, default=None),  # type: ignore[type-var]  # whole numbers, all of them
                    "max": min(ids, default=None),  # type: ignore[type-var]  # as above
                },
                "messages": messages,
            },
            headers=headers,
        )

    app = web.Application()
    app.router.add_get("/api/2/streams/symbol/{symbol}.json", stream)
    return app


def _message(voice: Voice, listed: dict[str, object]) -> dict[str, object]:
    number = int(voice.at.timestamp()) * 100 + voice.number
    return {
        "id": number,
        "body": html.escape(voice.text),
        "created_at": f"{voice.at:%Y-%m-%dT%H:%M:%SZ}",
        "user": {"id": voice.number, "username": f"trader{voice.number}", "followers": voice.number * 3},
        "source": {"id": 2269, "title": "StockTwits Web", "url": "https://stocktwits.com"},
        "symbols": [listed],
        "mentioned_users": [],
        "entities": {"sentiment": _TAGS[voice.side]},
    }
