"""A connection that reads in handfuls loses nothing, and what comes alone does not wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedOK

from cockpit.providers.coalescing import CoalescingConnection

_LARGE = "x" * 100_000


@asynccontextmanager
async def _connected(frames: int) -> AsyncIterator[ClientConnection]:
    async def stream(connection: ServerConnection) -> None:
        for number in range(frames):
            await connection.send(_LARGE if number % 500 == 499 else str(number))
            if number % 7 == 0:
                await asyncio.sleep(0.0005)

    async with serve(stream, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        address = f"ws://127.0.0.1:{port}"
        async with connect(address, create_connection=CoalescingConnection, max_queue=16) as connection:
            yield connection


async def test_every_frame_arrives_in_order_and_so_does_the_end() -> None:
    async with _connected(3_000) as connection:
        for number in range(3_000):
            assert await connection.recv() == (_LARGE if number % 500 == 499 else str(number))
        with pytest.raises(ConnectionClosedOK):
            await connection.recv()


async def test_a_peer_is_answered_and_answers_while_the_stream_is_busy() -> None:
    async with _connected(2_000) as connection:
        await connection.recv()
        async with asyncio.timeout(5):
            await (await connection.ping())


async def test_a_broken_connection_is_noticed_while_it_rests() -> None:
    async with _connected(2_000) as connection:
        for _ in range(100):
            await connection.recv()
        connection.transport.abort()
        async with asyncio.timeout(5):
            await connection.wait_closed()
