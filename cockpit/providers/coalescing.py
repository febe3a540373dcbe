"""A WebSocket client connection that reads a busy stream in handfuls.

A wake-up costs many times what a frame does, and a busy stream would wake its reader a thousand times a second.
"""

import math
from typing import Final

from websockets.asyncio.client import ClientConnection

PAUSE_SECONDS: Final = 0.01
"""A frame of a busy stream is read at most so much later than it could be."""

_BUSY_BYTES: Final = 32 * 1024
"""A read as large as this was worth a wake-up: what piles up behind it is not left to wait."""


class CoalescingConnection(ClientConnection):
    """Rests for a moment after each of several reads in quick succession, so that the next one finds more frames.

    What comes after a silence is read at once. The class is for ``create_connection`` of ``connect``.
    """

    _read_at = -math.inf

    def data_received(self, data: bytes) -> None:
        """Take what the transport has read; where the last read was just before, let it rest first."""
        now = self.loop.time()
        if now - self._read_at < 2 * PAUSE_SECONDS and len(data) < _BUSY_BYTES:
            self.transport.pause_reading()
            self.loop.call_later(PAUSE_SECONDS, self.transport.resume_reading)
        self._read_at = now
        super().data_received(data)
