"""A clock that moves only when told to, and a server on loopback that counts what reaches it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from aiohttp import web
from aiohttp.test_utils import TestServer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HandClock:
    """Stands still until moved; its sleep moves it."""

    def __init__(self, start: datetime = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)) -> None:
        self._start = start
        self.mono = 1000.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.mono - 1000.0)

    def monotonic(self) -> float:
        return self.mono

    def move(self, seconds: float) -> None:
        self.mono += seconds

    async def sleep(self, seconds: float) -> None:
        self.mono += seconds
        await asyncio.sleep(0)


class Vendor:
    """A server whose next answers are set by the test; the last one repeats."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.forms: list[dict[str, str]] = []
        self.answers: list[Handler] = []
        self.url = ""

    def answer(
        self, body: bytes | str = b"{}", status: int = 200, headers: dict[str, str] | None = None, kind: str = ""
    ) -> "Vendor":
        """Add an answer to give."""
        payload = body.encode() if isinstance(body, str) else body
        fields = {"Content-Type": kind or "application/json", **(headers or {})}

        async def handler(_: web.Request) -> web.StreamResponse:
            return web.Response(body=payload, status=status, headers=fields)

        self.answers.append(handler)
        return self

    def do(self, handler: Handler) -> "Vendor":
        """Add a handler to call."""
        self.answers.append(handler)
        return self

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        if request.method == "POST":
            self.forms.append({key: str(value) for key, value in (await request.post()).items()})
        index = min(len(self.requests), len(self.answers)) - 1
        return await self.answers[index](request)


@asynccontextmanager
async def vendor() -> AsyncIterator[Vendor]:
    """A running server of any path."""
    served = Vendor()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.handle)
    server = TestServer(app)
    await server.start_server()
    served.url = str(server.make_url("")).rstrip("/")
    try:
        yield served
    finally:
        await server.close()
