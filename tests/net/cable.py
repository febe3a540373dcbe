"""A way to a server on loopback that a test may cut: connections stay open, and nothing goes in or out any more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Cable:
    """Carries bytes to and from a port while it is whole."""

    def __init__(self) -> None:
        self.port = 0
        self._whole = asyncio.Event()
        self._whole.set()

    @property
    def url(self) -> str:
        """The server at its far end, as a Redis address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def cut(self) -> None:
        """Hold back every byte from now on."""
        self._whole.clear()

    def mend(self) -> None:
        """Let through what was held back, and all that follows."""
        self._whole.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Bytes of one direction until its end."""
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def cable(port: int) -> AsyncIterator[Cable]:
    """A cable to a port of 127.0.0.1."""
    made = Cable()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(made.carry(reader, there[1]), made.carry(there[0], writer))

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        made.mend()
        server.close()
        await server.wait_closed()
