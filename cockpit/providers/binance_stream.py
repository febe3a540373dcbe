"""One connection to Binance's market streams: it notices a peer that is gone, and leaves it without waiting."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING

from cockpit.providers.binance_frames import decode_frame, unknown_members
from cockpit.providers.ports import Rejected, StreamEvent, Tap

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

PING_SECONDS = 5.0
"""Between our pings, and at most until the answer to one."""
_LOOK_EVERY = 100
_MOST_UNKNOWN = 32


class BinanceStream:
    """One connection. ``ended`` says why the iteration stopped, for the log and the health pane.

    Args:
        connection: open; its own keepalive is off.
        symbols: those that are taken.
        ping_seconds: a peer that does not answer a ping within it is gone.
        tap: told every frame.
    """

    def __init__(
        self,
        connection: "ClientConnection",
        symbols: frozenset[str],
        ping_seconds: float = PING_SECONDS,
        tap: Tap | None = None,
    ) -> None:
        self._connection = connection
        self._symbols = symbols
        self._ping_seconds = ping_seconds
        self._tap = tap
        self._gone = ""
        self._unknown: set[str] = set()
        self.ended = ""

    async def __aiter__(self) -> AsyncIterator[StreamEvent | Rejected]:
        """Events in order of arrival; ends when the connection does.

        One frame in a hundred is looked at for members that nobody knows. Each is told once, as a rejection beside the
        event that holds it.
        """
        from websockets.exceptions import ConnectionClosed

        symbols, receive, tap = self._symbols, self._connection.recv, self._tap
        frames = 0
        try:
            while True:
                frame = await receive()
                if tap is not None:
                    tap(frame)
                event = decode_frame(frame, symbols)
                if event is not None:
                    yield event
                frames += 1
                if frames % _LOOK_EVERY == 0:
                    for name in self._news(frame):
                        yield Rejected("unknown member", name)
        except ConnectionClosed as closed:
            close = closed.rcvd
            told = f"closed with code {close.code} {close.reason}".rstrip() if close else "the connection broke"
            self.ended = self._gone or told

    def _news(self, frame: str | bytes) -> list[str]:
        """Unknown members that have not been told yet; of a venue gone mad only the first ones."""
        found = [name for name in unknown_members(frame) if name not in self._unknown]
        found = found[: _MOST_UNKNOWN - len(self._unknown)]
        self._unknown.update(found)
        return found

    def abort(self) -> None:
        """Break the connection at once; a closing handshake with a peer that is gone would only wait."""
        self._connection.transport.abort()

    async def keep_alive(self) -> None:
        """Ping for ever, and break the connection once a ping is not answered."""
        from websockets.exceptions import ConnectionClosed

        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(self._ping_seconds)
                answered = await self._connection.ping()
                try:
                    async with asyncio.timeout(self._ping_seconds):
                        await answered
                except TimeoutError:
                    self._gone = f"no answer to a ping within {self._ping_seconds:g} s"
                    self.abort()
                    return


def tls_context() -> ssl.SSLContext:
    """What a connection over TLS must meet: a valid certificate of that host, and TLS 1.2 or later."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
