"""One client's connection to the exchange's streams: its queue, its keepalive and its end."""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from math import inf

from aiohttp import WSCloseCode, web

from cockpit.emulator.binance_control import Subscriptions
from cockpit.emulator.faults import Faults

_CLOSING_SECONDS = 1.0
_MESSAGE_WINDOW = 1.0
_HOLE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class StreamRules:
    """What the venue demands of a connection, in real seconds.

    Attributes:
        ping_every: seconds between the venue's pings.
        pong_within: seconds in which a pong with the ping's payload must come.
        lifetime: seconds after which a connection is closed.
        messages: incoming messages a second, pings and pongs included; one more ends the connection.
        queued: frames that may wait for a slow client before it is let go.
        connects: connection attempts of one address in five minutes; 0 for no limit.
    """

    ping_every: float = 20.0
    pong_within: float = 60.0
    lifetime: float = 86_400.0
    messages: int = 5
    queued: int = 20_000
    connects: int = 300


class Connection:
    """A client that is connected. Frames wait in a bounded queue, which one task of its own sends."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        subscriptions: Subscriptions,
        factor: int,
        rules: StreamRules,
        now: float,
        faults: Faults,
    ) -> None:
        self.subscriptions = subscriptions
        self.factor = factor
        self.opened_at = now
        self.closes_at = inf
        """When it is closed after an announcement, by the same clock."""
        self._socket = socket
        self._transport = transport
        self._rules = rules
        self._faults = faults
        self._waiting: deque[str | bytes] = deque()
        self._wake = asyncio.Event()
        self._next_ping = now + rules.ping_every
        self._unanswered: dict[bytes, float] = {}
        self._received: deque[float] = deque(maxlen=rules.messages)
        self._closing: asyncio.Task[None] | None = None
        self._writer = asyncio.create_task(self._write(), name="binance-writer")

    def send(self, frame: str | bytes) -> None:
        """Queue a text frame, or the payload of a ping; a client that lets the queue fill up is let go."""
        if self._closing is not None:
            return
        if len(self._waiting) >= self._rules.queued:
            self.end(WSCloseCode.POLICY_VIOLATION, "Too slow")
            return
        self._waiting.append(frame)
        self._wake.set()

    def received(self, now: float) -> bool:
        """Count an incoming message; False where it was one too many."""
        log = self._received
        fits = len(log) < self._rules.messages or now - log[0] >= _MESSAGE_WINDOW
        log.append(now)
        return fits

    def pong(self, payload: bytes) -> None:
        """A pong arrived; it answers the ping whose payload it copies and all before it."""
        if payload not in self._unanswered:
            return
        sent = self._unanswered[payload]
        self._unanswered = {other: at for other, at in self._unanswered.items() if at > sent}

    def keep_alive(self, now: float) -> None:
        """Ping when it is time, and let go of a client that has not answered for too long."""
        oldest = min(self._unanswered.values(), default=now)
        if now - oldest > self._rules.pong_within:
            self.end(WSCloseCode.POLICY_VIOLATION, "Pong timeout")
        elif now >= self._next_ping:
            self._next_ping = now + self._rules.ping_every
            payload = str(round(now * 1000)).encode()
            self._unanswered[payload] = now
            self.send(payload)

    async def answer_ping(self, payload: bytes) -> None:
        """Answer a client's ping."""
        with suppress(ConnectionError):
            await self._socket.pong(payload)

    def end(self, code: int, reason: str, last: str | None = None) -> None:
        """Close with a code, without waiting; ``last`` is a text frame to send before."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(code, reason, last), name="binance-close")

    def drop(self) -> None:
        """Break the connection without a closing handshake."""
        if self._transport is not None:
            self._transport.abort()

    async def reachable(self) -> None:
        """Wait while nothing goes in or out."""
        while self._faults.binance_black_hole:  # noqa: ASYNC110 - a fault is a plain value that anyone may set
            await asyncio.sleep(_HOLE_SECONDS)

    async def ended(self) -> None:
        """Wait until nothing of this connection runs any more."""
        if self._closing is not None:
            await self._closing
        self._writer.cancel()
        with suppress(asyncio.CancelledError):
            await self._writer

    async def _write(self) -> None:
        waiting, socket = self._waiting, self._socket
        try:
            while True:
                while waiting:
                    await self.reachable()
                    if not waiting:  # closed meanwhile
                        break
                    frame = waiting.popleft()
                    await (socket.send_str(frame) if isinstance(frame, str) else socket.ping(frame))
                self._wake.clear()
                await self._wake.wait()
        except ConnectionError:
            waiting.clear()

    async def _close(self, code: int, reason: str, last: str | None) -> None:
        self._waiting.clear()
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                if last is not None:
                    await self._socket.send_str(last)
                await self._socket.close(code=code, message=reason.encode())
        except (TimeoutError, ConnectionError):
            pass
        self.drop()
