"""Many small questions as one: whoever asks while a request is on its way shares the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

V = TypeVar("V")


class Batcher(Generic[V]):
    """Collects keys that different callers ask for at the same time, and asks for them together.

    The first caller's request leaves at the next turn of the loop, without a delay; keys asked for meanwhile, or while
    it waits for the rate limit, travel in the next one. A cancelled caller takes nothing from the others.

    Args:
        load: asks for keys (unique, at most ``most``); a key that is absent from its answer has no value.
        most: keys of one request.
    """

    def __init__(self, load: Callable[[Sequence[str]], Awaitable[Mapping[str, V]]], most: int) -> None:
        self._load = load
        self._most = most
        self._pending: dict[str, asyncio.Future[V | Exception | None]] = {}
        self._runner: asyncio.Task[None] | None = None
        self._waiting = 0

    async def get(self, keys: Sequence[str]) -> dict[str, V]:
        """Values by key; unknown keys are absent.

        Raises:
            ProviderError: of the request that carried one of the keys.
        """
        if not keys:
            return {}
        loop = asyncio.get_running_loop()
        wanted = {key: self._pending.setdefault(key, loop.create_future()) for key in dict.fromkeys(keys)}
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        self._waiting += 1
        try:
            await asyncio.wait(wanted.values())
        finally:
            self._waiting -= 1
            if self._waiting == 0 and self._runner is not None:
                self._runner.cancel()
                self._runner = None
                self._pending.clear()
        found = {}
        for key, future in wanted.items():
            outcome = future.result()
            if isinstance(outcome, Exception):
                raise outcome.with_traceback(None)
            if outcome is not None:
                found[key] = outcome
        return found

    async def _run(self) -> None:
        await asyncio.sleep(0)  # everybody who asks in this turn of the loop comes along
        while self._pending:
            keys = list(self._pending)[: self._most]
            futures = {key: self._pending.pop(key) for key in keys}
            try:
                values = await self._load(keys)
            except Exception as error:  # noqa: BLE001 - handed to every caller whose key was in this request
                for future in futures.values():
                    future.set_result(error)
            else:
                for key, future in futures.items():
                    future.set_result(values.get(key))
        self._runner = None
