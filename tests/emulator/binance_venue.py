"""The embedded exchange alone, on a port of its own."""

import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web

from cockpit.emulator.binance import binance_routes
from cockpit.emulator.binance_connection import StreamRules
from cockpit.emulator.clock import EmulatorClock
from cockpit.emulator.faults import Faults

START = datetime(2026, 11, 24, 15, 42, 30, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Venue:
    url: str
    clock: EmulatorClock
    faults: Faults
    http: ClientSession

    async def get(self, path: str, **params: object) -> Any:
        """A body that must come with 200."""
        async with self.http.get(
            f"{self.url}/api/v3/{path}", params={name: str(value) for name, value in params.items()}
        ) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    def stream(self, path: str) -> "_Socket":
        """A connection to ``/ws...`` or ``/stream...``."""
        return _Socket(self.http, f"{self.url}{path}")


class _Socket:
    def __init__(self, http: ClientSession, url: str) -> None:
        self._opening = http.ws_connect(url, autoping=False, max_msg_size=0)

    async def __aenter__(self) -> ClientWebSocketResponse:
        self._socket = await self._opening
        return self._socket

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()


@asynccontextmanager
async def open_venue(
    speed: float = 1.0,
    quotas: Mapping[str, int] | None = None,
    rules: StreamRules | None = None,
    start: datetime = START,
    seed: int = 7,
    send_buffer: int = 0,
) -> AsyncIterator[Venue]:
    clock, faults = EmulatorClock(start, speed), Faults()
    app = web.Application()
    app.add_subapp("/binance", binance_routes(seed, clock, faults, quotas, rules))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    if send_buffer:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    await web.SockSite(runner, listener).start()
    try:
        async with ClientSession() as http:
            yield Venue(f"http://127.0.0.1:{listener.getsockname()[1]}/binance", clock, faults, http)
    finally:
        await runner.cleanup()


async def frames(socket: ClientWebSocketResponse, count: int) -> list[str]:
    """The next text frames; the venue's pings are passed over."""
    found: list[str] = []
    while len(found) < count:
        message = await socket.receive(timeout=20)
        if message.type in {WSMsgType.PING, WSMsgType.PONG}:
            continue
        assert message.type is WSMsgType.TEXT, message
        found.append(message.data)
    return found


async def payloads(socket: ClientWebSocketResponse, count: int) -> list[dict[str, Any]]:
    """The next frames, decoded."""
    return [json.loads(frame) for frame in await frames(socket, count)]


async def close_code(socket: ClientWebSocketResponse) -> int | None:
    """How the venue closed, after whatever it still sent."""
    while True:
        message = await socket.receive(timeout=20)
        if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}:
            return socket.close_code
