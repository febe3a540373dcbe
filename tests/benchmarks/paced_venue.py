"""An exchange in a process of its own that sends trades at a steady pace: ``python -m tests.benchmarks.paced_venue``.

Prints its port. Each stream gets the same trades from the first on. Arguments: trades a second, and seconds.
"""

import asyncio
import json
import sys
import time
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.protocol import State

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT")
_TICK_SECONDS = 0.001


def payload(number: int, time_ms: int) -> bytes:
    """The combined-stream frame of the trade of this running number; ids are consecutive within each symbol."""
    symbol = SYMBOLS[number % len(SYMBOLS)]
    return (
        f'{{"stream":"{symbol.lower()}@trade","data":{{"e":"trade","E":{time_ms + 1},"s":"{symbol}",'
        f'"t":{1_000_000 + number // len(SYMBOLS)},"p":"{60_000 + number * 7919 % 997}.{number % 100:02d}000000",'
        f'"q":"0.{number * 31 % 99_989 + 1:05d}000","T":{time_ms},"m":{"true" if number % 3 else "false"},"M":true}}}}'
    ).encode()


async def _stream(connection: ServerConnection, rate: float, seconds: float) -> None:
    """Whole frames straight into the transport: a server that is slower than its client would measure itself."""
    started, sent, last = time.perf_counter(), 0, int(rate * seconds)
    while sent < last and connection.state is State.OPEN:
        due = min(last, int((time.perf_counter() - started) * rate) + 1)
        time_ms = time.time_ns() // 1_000_000
        frames = []
        for number in range(sent, due):
            text = payload(number, time_ms)
            frames.append(b"\x81" + (b"\x7e" + len(text).to_bytes(2, "big")) + text)
        sent = due
        connection.transport.write(b"".join(frames))
        await asyncio.sleep(_TICK_SECONDS)
    await connection.wait_closed()


def _answer(connection: ServerConnection, request: Request) -> Response | None:
    if request.path.startswith("/stream"):
        return None
    if request.path.startswith("/api/v3/time"):
        return connection.respond(HTTPStatus.OK, json.dumps({"serverTime": time.time_ns() // 1_000_000}))
    return connection.respond(HTTPStatus.BAD_REQUEST, '{"code":-1100,"msg":"only the stream is served"}')


async def main(rate: float, seconds: float) -> None:
    """Serve until the standard input ends."""

    async def stream(connection: ServerConnection) -> None:
        await _stream(connection, rate, seconds)

    async with serve(
        stream, "127.0.0.1", 0, process_request=_answer, ping_interval=None, compression=None, write_limit=2**24
    ) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), float(sys.argv[2])))
