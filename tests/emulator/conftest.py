"""A served embedded market and a client for it, on loopback."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from cockpit.emulator.options import EmulatorOptions
from cockpit.emulator.server import RunningServer, running_server

NOON_ISH = datetime(2026, 11, 24, 15, 42, tzinfo=UTC)
LIFTED = {"tradier": 0, "alpha_vantage": 0}
JSON = {"Authorization": "Bearer any", "Accept": "application/json"}


@dataclass(frozen=True)
class Answer:
    """Status, headers and text of one answer."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Client:
    """A running server and one session to it."""

    server: RunningServer
    session: aiohttp.ClientSession

    def address(self, name: str) -> str:
        endpoints = self.server.ready["endpoints"]
        assert isinstance(endpoints, dict)
        address: str = endpoints[name]
        return address

    async def tradier(self, path: str, **params: str) -> Answer:
        return await self.tradier_as(JSON, path, **params)

    async def tradier_as(self, headers: dict[str, str], path: str, **params: str) -> Answer:
        return await self._ask("GET", f"{self.address('tradier')}/{path}", params, headers)

    async def tradier_post(self, path: str, **form: str) -> Answer:
        async with self.session.post(f"{self.address('tradier')}/{path}", data=form, headers=JSON) as response:
            return Answer(response.status, response.headers, await response.text())

    async def alpha(self, function: str, **params: str) -> Answer:
        query = {"function": function, "apikey": "any", **params}
        return await self._ask("GET", f"{self.address('alpha_vantage')}/query", query, {})

    async def sim(self, path: str, method: str = "GET", json: object = None) -> Answer:
        async with self.session.request(method, f"{self.address('sim')}/{path}", json=json) as response:
            return Answer(response.status, response.headers, await response.text())

    async def _ask(self, method: str, url: str, params: dict[str, str], headers: dict[str, str]) -> Answer:
        async with self.session.request(method, url, params=params, headers=headers) as response:
            return Answer(response.status, response.headers, await response.text())


@asynccontextmanager
async def serving(**changes: Any) -> AsyncIterator[Client]:
    """A frozen market of seed 7 with lifted quotas, unless told otherwise."""
    options = replace(EmulatorOptions(start=NOON_ISH, speed=0.0, quotas=LIFTED), **changes)
    async with running_server(options) as server, aiohttp.ClientSession() as session:
        yield Client(server, session)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with serving() as running:
        yield running
