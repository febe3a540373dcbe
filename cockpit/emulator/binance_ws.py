"""The exchange's stream addresses: ``/ws``, ``/ws/<stream>/<stream>`` and ``/stream?streams=<stream>/<stream>``."""

from collections import deque
from collections.abc import Callable

from aiohttp import WSCloseCode, WSMsgType, web

from cockpit.emulator.binance_connection import Connection, StreamRules
from cockpit.emulator.binance_control import MOST_STREAMS, Subscriptions, answer
from cockpit.emulator.binance_hub import Hub
from cockpit.emulator.faults import Faults

_CONNECT_WINDOW = 300.0
_LARGEST_MESSAGE = 1 << 20
_TIME_UNITS = {"": 1, "MILLISECOND": 1, "MICROSECOND": 1000}


class StreamServer:
    """Accepts connections and listens to what they ask for."""

    def __init__(self, hub: Hub, rules: StreamRules, monotonic: Callable[[], float], faults: Faults) -> None:
        self._hub = hub
        self._rules = rules
        self._monotonic = monotonic
        self._faults = faults
        self._attempts: dict[str, deque[float]] = {}

    async def raw(self, request: web.Request) -> web.StreamResponse:
        """``/ws`` and ``/ws/<stream>``: payloads as they are."""
        return await self._serve(request, request.match_info.get("streams", ""), combined=False)

    async def combined(self, request: web.Request) -> web.StreamResponse:
        """``/stream``: every payload beside the name of its stream."""
        return await self._serve(request, request.query.get("streams", ""), combined=True)

    async def _serve(self, request: web.Request, streams: str, *, combined: bool) -> web.StreamResponse:
        factor = _TIME_UNITS.get(request.query.get("timeUnit", "").upper())
        if factor is None:
            return web.json_response({"code": -1128, "msg": "Invalid time unit."}, status=400)
        if self._too_many_attempts(request.remote or ""):
            return web.Response(status=429, headers={"Retry-After": str(int(_CONNECT_WINDOW))})
        socket = web.WebSocketResponse(
            timeout=1.0, autoping=False, compress=False, max_msg_size=_LARGEST_MESSAGE, writer_limit=1 << 16
        )
        try:
            await socket.prepare(request)
        except ConnectionResetError:  # the client left before the handshake was answered
            return web.Response(status=400)
        names = [name for name in streams.replace(" ", "+").split("/") if name]
        if len(names) > MOST_STREAMS:
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"Too many streams")
            return socket
        subscriptions = Subscriptions(dict.fromkeys(names), combined)
        connection = Connection(
            socket, request.transport, subscriptions, factor, self._rules, self._monotonic(), self._faults
        )
        self._hub.join(connection)
        try:
            await self._listen(socket, connection)
        finally:
            self._hub.leave(connection)
            await connection.ended()
        return socket

    async def _listen(self, socket: web.WebSocketResponse, connection: Connection) -> None:
        while True:
            message = await socket.receive()
            await connection.reachable()
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG}:
                return
            if not connection.received(self._monotonic()):
                connection.end(WSCloseCode.POLICY_VIOLATION, "Too many requests")
                return
            if message.type is WSMsgType.PING:
                await connection.answer_ping(bytes(message.data))
            elif message.type is WSMsgType.PONG:
                connection.pong(bytes(message.data))
            else:
                data = message.data
                self._control(data if isinstance(data, str) else data.decode("utf-8", "replace"), connection)

    def _control(self, frame: str, connection: Connection) -> None:
        asked = connection.subscriptions
        before = Subscriptions(dict(asked.streams), asked.combined)
        connection.send(answer(frame, asked))
        self._hub.changed(connection, before)

    def _too_many_attempts(self, address: str) -> bool:
        if not self._rules.connects:
            return False
        now = self._monotonic()
        log = self._attempts.setdefault(address, deque(maxlen=self._rules.connects))
        refused = len(log) == self._rules.connects and now - log[0] < _CONNECT_WINDOW
        if not refused:
            log.append(now)
        return refused
