"""A WebSocket client connection that reads a busy stream in handfuls.

A wake-up costs several times what a frame costs, and a busy stream would wake the reader a thousand times a second.
"""

from typing import Final

from websockets.asyncio.client import ClientConnection

PAUSE_SECONDS: Final = 0.005
"""A frame is read at most so much later than it could be; one that comes after a silence is read at once."""

_BUSY_BYTES: Final = 32 * 1024
"""A read as large as this was worth a wake-up: what piles up behind it is not left to wait."""


class CoalescingConnection(ClientConnection):
    """Rests for a moment after each read, so that the next one finds several frames; made by ``connect``."""

    def data_received(self, data: bytes) -> None:
        """Take what the transport has read, then let it rest."""
        if len(data) < _BUSY_BYTES:
            self.transport.pause_reading()
            self.loop.call_later(PAUSE_SECONDS, self.transport.resume_reading)
        super().data_received(data)
