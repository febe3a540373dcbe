"""Recorded bodies behind the vendors' own addresses, on loopback, in a thread with a loop of its own."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import exp
from pathlib import Path
from random import Random
from threading import Thread

from aiohttp import web
from aiohttp.test_utils import TestServer

from cockpit.options.calendar import is_session, next_session, session_on_or_after


@dataclass
class Served:
    """What is served of one name, and what has been asked for.

    Attributes:
        stamp: of the recorded chain, as in its file's name; quote and expirations are the nearest ones recorded.
        report: day of the coming report that the calendar names; the earlier ones stand a quarter apart.
        daily: standard deviation of ordinary closes, ``reaction`` the size of moves on reports.
    """

    recordings: Path
    symbol: str
    expiry: str
    stamp: str
    report: date
    timing: str = "post-market"
    close: float = 100.0
    daily: float = 0.012
    reaction: float = 0.035
    asked: list[str] = field(default_factory=list)

    def body(self, name: str) -> bytes:
        """A recorded body of this name and symbol."""
        files = sorted((self.recordings / "tradier").glob(f"{name}__{self.symbol}__*{self.stamp[:9]}*"))
        exact = [file for file in files if self.stamp in file.name]
        return (exact or files)[0].read_bytes()

    def past_days(self) -> list[date]:
        """Days of twelve past reports, newest first."""
        return [session_on_or_after(self.report - timedelta(days=91 * number)) for number in range(1, 13)]

    def bars(self) -> list[dict[str, object]]:
        """Four years of daily bars that end at the recorded price, a move on every report."""
        random = Random(self.symbol)
        end = date.fromisoformat(f"{self.stamp[:4]}-{self.stamp[4:6]}-{self.stamp[6:8]}") - timedelta(days=1)
        reactions = {next_session(day) if self.timing == "post-market" else day for day in self.past_days()}
        days = [day for day in (end - timedelta(days=back) for back in range(1460)) if is_session(day)]
        rows = []
        close = self.close
        for day in days:  # backwards from the price that is known
            move = random.gauss(0.0, self.daily)
            if day in reactions:
                move += random.choice((-1, 1)) * self.reaction * (0.6 + 0.8 * random.random())
            before = close * exp(-move)
            high, low = max(before, close) * 1.004, min(before, close) * 0.996
            rows.append(
                {
                    "date": str(day),
                    "open": round(before, 2),
                    "high": round(high, 2),
                    "low": round(low, 2),
                    "close": round(close, 2),
                    "volume": 1_000_000,
                }
            )
            close = before
        return rows[::-1]

    def earnings(self) -> dict[str, object]:
        """Past quarters in the recorded shape of 2022, which has no time of the day."""
        quarters = [
            {
                "fiscalDateEnding": str(day - timedelta(days=30)),
                "reportedDate": str(day),
                "reportedEPS": "1.9",
                "estimatedEPS": "1.8",
                "surprise": "0.1",
                "surprisePercentage": "5.5556",
                "reportTime": self.timing,
            }
            for day in self.past_days()
        ]
        return {"symbol": self.symbol, "annualEarnings": [], "quarterlyEarnings": quarters}

    def calendar(self) -> str:
        """The coming report under the recorded header."""
        header = (
            (self.recordings / "alpha_vantage" / "EARNINGS_CALENDAR.csv").read_text(encoding="utf-8").splitlines()[0]
        )
        return f"{header}\n{self.symbol},{self.symbol} INC,{self.report},2022-03-31,1.4,USD,{self.timing}\n"

    async def tradier(self, request: web.Request) -> web.Response:
        """Bodies by the end of the path; what was not recorded is not there."""
        path = request.path.rpartition("/")[2]
        self.asked.append(path)
        if path == "history":
            return web.json_response({"history": {"day": self.bars()}})
        if path == "chains" and request.query["expiration"] != self.expiry:
            return web.json_response({"options": None})
        names = {
            "quotes": "quotes",
            "expirations": "options_expirations",
            "chains": "options_chains",
        }
        if path not in names:
            return web.Response(status=404, text="Not Found")
        return web.Response(body=self.body(names[path]), content_type="application/json", charset="UTF-8")

    async def alpha_vantage(self, request: web.Request) -> web.Response:
        """The calendar as CSV, everything else as JSON."""
        function = request.query["function"]
        self.asked.append(function)
        if function == "EARNINGS_CALENDAR":
            return web.Response(text=self.calendar(), content_type="application/x-download")
        return web.json_response(self.earnings() if function == "EARNINGS" else {}, dumps=json.dumps)


@contextmanager
def serving(served: Served) -> Iterator[str]:
    """The address of both vendors, under ``/v1`` and ``/query``."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> TestServer:
        app = web.Application()
        app.router.add_get("/query", served.alpha_vantage)
        app.router.add_route("*", "/{rest:.*}", served.tradier)
        server = TestServer(app)
        await server.start_server()
        return server

    server = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
