"""``/metrics`` and ``/health`` on loopback, for a Prometheus server or a supervisor on the same machine."""

import asyncio
import errno
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from cockpit.errors import CockpitError
from cockpit.health.exporters import ExportedRow, prometheus
from cockpit.health.status import State
from cockpit.health.usage import Usage
from cockpit.storage.encoding import dumps

log = logging.getLogger(__name__)

_HOST = "127.0.0.1"
_CONTENT = "text/plain; version=0.0.4; charset=utf-8"


@asynccontextmanager
async def health_endpoint(
    port: int,
    rows: Callable[[], Mapping[str, ExportedRow]],
    usage: Callable[[], Iterable[tuple[tuple[str, str], Usage]]] = tuple,
) -> AsyncIterator[int]:
    """Serve until the context ends; the port that is served (of use where 0 asks for any free one).

    ``/metrics`` is the Prometheus text, written off the loop. ``/health`` is JSON, with status 503 where a part is
    down.

    Raises:
        CockpitError: the port is in use.
    """
    from aiohttp import web

    async def metrics(_: web.Request) -> web.Response:
        asked = [(key, counts.copy()) for key, counts in usage()]
        text = await asyncio.to_thread(prometheus, dict(rows()), asked)
        return web.Response(body=text.encode(), headers={"Content-Type": _CONTENT})

    async def health(_: web.Request) -> web.Response:
        parts = dict(rows())
        well = all(getattr(row, "state", State.UP) is not State.DOWN for row in parts.values())
        body = {"schema": "cockpit.health/1", "well": well, "parts": json.loads(dumps(parts))}
        return web.json_response(body, status=200 if well else 503)

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/health", health)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.2)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, _HOST, port).start()
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise CockpitError(f"port {port} on {_HOST} {why}; set health.port to another, or to 0 for none") from None
        bound: int = runner.addresses[0][1]
        log.info("metrics on http://%s:%d/metrics", _HOST, bound)
        yield bound
    finally:
        await runner.cleanup()
