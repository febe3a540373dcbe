"""The beat of the exchange's streams: what happened since the last one goes, rendered once, to all who asked for it."""

import asyncio
import re
from dataclasses import dataclass, field
from random import Random

from aiohttp import WSCloseCode

from cockpit.emulator.binance_connection import Connection, StreamRules
from cockpit.emulator.binance_control import Subscriptions
from cockpit.emulator.binance_streams import Frames, Losses, open_stream
from cockpit.emulator.binance_text import compact
from cockpit.emulator.clock import EmulatorClock
from cockpit.emulator.crypto_market import HOUR_MS, CryptoMarket
from cockpit.emulator.faults import Faults
from cockpit.emulator.rng import draws

_BEAT_SECONDS = 0.05
_LONGEST_STEP_MS = 60_000
_LONGEST_STALL = 5.0
_DAY_HOURS = 25
_SHUTDOWN = "!serverShutdown"
_TRADES = ("@trade", "@aggTrade")

_AMOUNT = re.compile(r'":"[\d.]+"')

Key = tuple[str, int]


@dataclass(slots=True)
class _Channel:
    frames: Frames
    listeners: dict[Connection, None] = field(default_factory=dict)


class Hub:
    """All connections and the streams that at least one of them carries."""

    def __init__(
        self, seed: int, market: CryptoMarket, clock: EmulatorClock, faults: Faults, rules: StreamRules
    ) -> None:
        self._market = market
        self._clock = clock
        self._faults = faults
        self._rules = rules
        self._random: Random = draws(seed, "binance", "faults")
        self._losses = Losses()
        self._channels: dict[Key, _Channel] = {}
        self._connections: dict[Connection, None] = {}
        self._joined = asyncio.Event()

    @property
    def now_ms(self) -> int:
        """Market time, ms since 1970 UTC."""
        return int(self._clock.now().timestamp() * 1000)

    def join(self, connection: Connection) -> None:
        """A client connected."""
        self._connections[connection] = None
        self._listen(connection, list(connection.subscriptions.streams))
        self._joined.set()

    def leave(self, connection: Connection) -> None:
        """A client is gone."""
        self._connections.pop(connection, None)
        self._forget(connection, list(connection.subscriptions.streams))

    def changed(self, connection: Connection, before: Subscriptions) -> None:
        """A client's subscriptions are no longer what they were."""
        after = connection.subscriptions.streams
        self._forget(connection, [name for name in before.streams if name not in after])
        self._listen(connection, [name for name in after if name not in before.streams])

    async def run(self) -> None:
        """Beat until cancelled, from the first client on: trades that nobody hears need not be drawn."""
        await self._joined.wait()
        anchor, last = self._clock.anchor, self.now_ms
        await self._warm(last)
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            now = self.now_ms
            # A market that runs fast passes a minute while this process waits its turn; that is no jump.
            longest_ms = max(_LONGEST_STEP_MS, 1000 * _LONGEST_STALL * anchor.speed)
            if self._clock.anchor is not anchor or now - last > longest_ms:
                anchor, last = self._clock.anchor, now
                self.close_all(WSCloseCode.SERVICE_RESTART, "The market moved to another time")
                await self._warm(now)
                last = self.now_ms
                continue
            self._apply_faults(last)
            if not self._faults.binance_black_hole:
                self._keep_alive()
            if now > last:
                if not self._faults.binance_mute:
                    self._say(last, now)
                last = now

    def close_all(self, code: int, reason: str) -> None:
        """Tell every client that the server goes down, and close."""
        for connection in list(self._connections):
            connection.end(code, reason, self._farewell(connection))

    async def end(self) -> None:
        """Close every connection and wait for it."""
        self.close_all(WSCloseCode.GOING_AWAY, "Server shutdown")
        await asyncio.gather(*(connection.ended() for connection in list(self._connections)))

    def _listen(self, connection: Connection, names: list[str]) -> None:
        for name in names:
            key = name, connection.factor
            channel = self._channels.get(key)
            if channel is None:
                frames = open_stream(name, self._market, self._losses, connection.factor)
                if frames is None:
                    continue
                channel = self._channels[key] = _Channel(frames)
            channel.listeners[connection] = None

    def _forget(self, connection: Connection, names: list[str]) -> None:
        for name in names:
            key = name, connection.factor
            channel = self._channels.get(key)
            if channel is not None:
                channel.listeners.pop(connection, None)
                if not channel.listeners:
                    del self._channels[key]

    def _say(self, start_ms: int, end_ms: int) -> None:
        garbage, twice = self._faults.binance_garbage, self._faults.binance_duplicate
        mute = f"{self._faults.binance_mute_symbol.lower()}@"
        for (name, _), channel in self._channels.items():
            if name.startswith(mute):
                continue
            frames = channel.frames(start_ms, end_ms)
            if not frames:
                continue
            if name.endswith(_TRADES):
                if self._faults.binance_reorder:
                    frames = self._reordered(frames)
                if twice:
                    frames = [each for frame in frames for each in ([frame] * (1 + (self._random.random() < twice)))]
            if garbage:
                frames = [self._damaged(frame) if self._random.random() < garbage else frame for frame in frames]
            wrapped: list[str] | None = None
            for connection in list(channel.listeners):
                if connection.subscriptions.combined:
                    if wrapped is None:
                        wrapped = [f'{{"stream":"{name}","data":{frame}}}' for frame in frames]
                    for frame in wrapped:
                        connection.send(frame)
                else:
                    for frame in frames:
                        connection.send(frame)

    def _reordered(self, frames: list[str]) -> list[str]:
        """Some trades in each other's place: none is lost and none comes twice."""
        frames = list(frames)
        for index in range(1, len(frames)):
            if self._random.random() < self._faults.binance_reorder:
                frames[index - 1], frames[index] = frames[index], frames[index - 1]
        return frames

    def _damaged(self, frame: str) -> str:
        kind = self._random.randrange(3)
        if kind == 0:
            return frame[: len(frame) // 2]
        return _AMOUNT.sub('":"NaN"', frame) if kind == 1 else f"\ufffd{frame[::-1]}"

    def _apply_faults(self, now_ms: int) -> None:
        if self._faults.binance_gap:
            self._losses.lose(self._market, self._faults.take("binance_gap"), now_ms)
        if self._faults.binance_shutdown:
            self._announce(self._faults.take("binance_shutdown"))
        if self._faults.binance_drop and self._faults.take("binance_drop"):
            for connection in list(self._connections):
                connection.drop()

    def _announce(self, seconds: float) -> None:
        """Say that every connection of now is closed in so many real seconds."""
        closes_at = self._clock.monotonic() + seconds
        for connection in self._connections:
            connection.closes_at = closes_at
            connection.send(self._farewell(connection))

    def _farewell(self, connection: Connection) -> str:
        event = compact({"e": "serverShutdown", "E": self.now_ms})
        return f'{{"stream":"{_SHUTDOWN}","data":{event}}}' if connection.subscriptions.combined else event

    def _keep_alive(self) -> None:
        now, lifetime = self._clock.monotonic(), self._faults.binance_close_after or self._rules.lifetime
        for connection in list(self._connections):
            if now >= connection.closes_at:
                connection.end(WSCloseCode.GOING_AWAY, "Server shutdown")
            connection.keep_alive(now)
            if now - connection.opened_at >= lifetime:
                connection.end(WSCloseCode.GOING_AWAY, "24 hours are over")

    async def _warm(self, now_ms: int) -> None:
        """Add up the last day of every pair, a bit at a time, before tickers need all of it at once."""
        hour = now_ms // HOUR_MS
        for pair in self._market.pairs.values():
            for past in range(hour - _DAY_HOURS, hour):
                if pair.prepare_hour(past):
                    await asyncio.sleep(0)
