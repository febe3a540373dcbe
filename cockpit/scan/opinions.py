"""Asks what people write about the names at the top of a scan, once the scan has the figures that are traded on."""

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import replace

from cockpit.boards import Boards
from cockpit.clock import Clock
from cockpit.errors import ProviderError, Refusal
from cockpit.providers.ports import OpinionSource
from cockpit.scan.candidate import Candidate
from cockpit.scan.sentiment import Opinion, Sentiment, together
from cockpit.settings import SentimentSettings

log = logging.getLogger(__name__)

_PERIOD = 1.0
_AT_ONCE = 4


class Opinions:
    """Fills the sentiment of candidates on the board. A source that gives nothing is named, with its reason."""

    def __init__(
        self, sources: Sequence[OpinionSource], boards: Boards, clock: Clock, settings: SentimentSettings
    ) -> None:
        self._sources = tuple(sources)
        self._boards = boards
        self._clock = clock
        self._settings = settings
        self._known: dict[str, tuple[float, Sentiment]] = {}

    def reconfigure(self, settings: SentimentSettings) -> None:
        """Go by other settings from now on; the sources stay those of the start."""
        self._settings = settings

    async def of(self, symbol: str) -> Sentiment | None:
        """What all sources say of a name; None where there are no sources. What was asked lately is not asked again."""
        if not self._sources:
            return None
        asked_at, known = self._known.get(symbol, (-math.inf, None))
        if known is not None and self._clock.monotonic() - asked_at < self._settings.keep_seconds:
            return known
        answers = await asyncio.gather(*(_asked(source, symbol) for source in self._sources))
        opinions = [answer for answer in answers if isinstance(answer, Opinion)]
        silent = [answer for answer in answers if isinstance(answer, str)]
        sentiment = together(opinions, silent)
        self._known[symbol] = (self._clock.monotonic(), sentiment)
        return sentiment

    async def run(self) -> None:
        """Fill for ever, never while a scan runs: its requests come first."""
        if not self._sources:
            return
        free = asyncio.Semaphore(_AT_ONCE)
        version = -1
        while True:
            await asyncio.sleep(_PERIOD)
            if self._boards.candidates.version == version or self._scanning():
                continue
            async with asyncio.TaskGroup() as group:
                for candidate in self._top():
                    group.create_task(self._fill(candidate.symbol, free))
            version = self._boards.candidates.version

    async def _fill(self, symbol: str, free: asyncio.Semaphore) -> None:
        async with free:
            sentiment = await self.of(symbol)
        candidate = self._boards.candidates.get(symbol)
        if candidate is not None and sentiment is not None:
            self._boards.candidates.put(symbol, replace(candidate, sentiment=sentiment))

    def _scanning(self) -> bool:
        progress = self._boards.scan.get("scan")
        return progress is not None and progress.finished_at is None

    def _top(self) -> list[Candidate]:
        usable = [candidate for candidate in self._boards.candidates.values() if candidate.problem is None]
        usable.sort(key=lambda candidate: -math.inf if candidate.score is None else candidate.score, reverse=True)
        return usable[: self._settings.names]


async def _asked(source: OpinionSource, symbol: str) -> Opinion | str:
    """The source's opinion, or why there is none."""
    try:
        return await source.opinion(symbol)
    except ProviderError as error:
        return f"{source.name}: does not know {symbol}" if error.refusal is Refusal.NOT_FOUND else str(error)
