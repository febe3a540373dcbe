"""What the cockpit asks of its vendors, whoever they are.

Every method raises :class:`cockpit.errors.ProviderError` and nothing else when a vendor gives no usable answer.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from msgspec import Struct

from cockpit.options.chain import OptionChain
from cockpit.scan.earnings import DateClaim, EarningsReport, PastReport
from cockpit.scan.moves import DailyBar
from cockpit.scan.sentiment import Opinion
from cockpit.ticks.kline import Kline
from cockpit.ticks.quote import BookTop, DayTicker
from cockpit.ticks.trade import Trade

StreamEvent = Trade | BookTop | DayTicker


class Rejected(Struct, frozen=True, gc=False):
    """Something on the stream that was not taken. There may be a flood of it, so that it is cheap to make.

    Attributes:
        kind: for counting.
        start: the beginning of it, as it came.
    """

    kind: str
    start: str | bytes

    @property
    def sample(self) -> str:
        """The beginning as text that can be written anywhere."""
        text = self.start if isinstance(self.start, str) else self.start.decode("utf-8", "backslashreplace")
        return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


SHUTDOWN: Final = "server shutdown"
"""Kind of the :class:`Rejected` that says the venue is about to close the connection."""


KLINES_AT_ONCE: Final = 999
"""What :meth:`Exchange.klines` gives at most: one fewer than a venue's answer, whose last one may still change."""


Tap = Callable[[str | bytes], None]
"""Gets a frame. It must neither wait nor raise."""


class TradeStream(Protocol):
    """One connection to an exchange's market stream.

    Attributes:
        ended: why the iteration stopped, in a few words.
    """

    ended: str

    def __aiter__(self) -> AsyncIterator[StreamEvent | Rejected]:
        """Decoded and validated events in order of arrival; ends when the connection does."""
        ...

    def abort(self) -> None:
        """Break the connection at once, without the closing handshake that a dead peer would never answer."""
        ...


class Exchange(Protocol):
    """A venue that streams trades.

    Attributes:
        live: False for a recording: it has no clock to compare with, and gives nothing but its stream.
        notice: what users should know of this venue, as one sentence; empty where there is nothing to say.
    """

    @property
    def name(self) -> str:
        """The venue's name in the settings."""
        ...

    @property
    def live(self) -> bool:
        """See the attribute."""
        ...

    @property
    def notice(self) -> str:
        """See the attribute."""
        ...

    def tap(self, take: Tap) -> None:
        """Have every frame told as it comes off the wire, and every trade fetched past the stream as such a frame."""
        ...

    def connect(self, symbols: Sequence[str]) -> AbstractAsyncContextManager[TradeStream]:
        """Open one connection that carries trades, book tops and day tickers of these symbols.

        Raises:
            ProviderError: RESTRICTED for 451, UNAVAILABLE where the venue cannot be reached.
        """
        ...

    async def day_tickers(self, symbols: Sequence[str]) -> list[DayTicker]:
        """The rolling 24 hours of these symbols, from REST."""
        ...

    async def trades_from(self, symbol: str, from_id: int, limit: int = 1000) -> list[Trade]:
        """Trades with ids from ``from_id`` on, rising, at most ``limit``. Paced, to leave most of the allowance."""
        ...

    def history_delay(self) -> float:
        """Seconds until :meth:`trades_from` can ask without waiting for its share of the allowance; 0 if at once."""
        ...

    async def last_ids(self, symbols: Sequence[str]) -> dict[str, int]:
        """The newest trade id of each symbol by REST; those without one are absent."""
        ...

    async def first_id_since(self, symbol: str, start: datetime) -> int | None:
        """Id of the first trade from an instant on; None where there is none yet."""
        ...

    async def klines(self, symbol: str, length_ms: int, start_ms: int, end_ms: int) -> list[Kline]:
        """Finished klines that open from ``start_ms`` up to but without ``end_ms``, rising, at most the oldest 999.

        Raises:
            ValueError: the venue has no interval of this length.
        """
        ...

    async def server_time(self) -> datetime:
        """The venue's clock, UTC."""
        ...


@dataclass(frozen=True, slots=True)
class EquityQuote:
    """The underlying's price.

    Attributes:
        last: dollars; None where the vendor has none.
        previous_close: the last session's close.
        quoted_at: UTC.
    """

    symbol: str
    name: str
    last: float | None
    bid: float | None
    ask: float | None
    previous_close: float | None
    volume: int | None
    quoted_at: datetime | None


class OpinionSource(Protocol):
    """People who write about names."""

    name: str

    async def opinion(self, symbol: str) -> Opinion:
        """What its newest voices say of a ticker.

        Raises:
            ProviderError: NOT_FOUND where it does not know the ticker.
        """
        ...


class OptionVenue(Protocol):
    """Quotes, chains and daily history of US equities."""

    name: str

    async def quotes(self, symbols: Sequence[str]) -> dict[str, EquityQuote]:
        """Quotes by symbol, in as few requests as the vendor allows; unknown symbols are absent."""
        ...

    async def expirations(self, symbol: str) -> list[date]:
        """Listed expiries, rising; empty where the symbol has no options."""
        ...

    async def chain(self, symbol: str, expiry: date, *, fresh: bool = False) -> OptionChain:
        """One expiry's chain; ``fresh`` asks past the cache. The chain's ``spot`` comes from :meth:`quotes`."""
        ...

    async def daily_history(self, symbol: str, start: date, end: date) -> list[DailyBar]:
        """Daily bars from ``start`` to ``end`` inclusive, rising; empty where there are none."""
        ...

    async def warm(self, symbols: Sequence[str], start: date, end: date) -> None:
        """Have at hand what earlier sessions kept of these names' expiries and daily bars; asks no vendor for it."""
        ...


class EarningsSource(Protocol):
    """Coming and past earnings reports."""

    name: str

    async def calendar(self) -> list[EarningsReport]:
        """Coming reports of the next three months, by date."""
        ...

    async def past_reports(self, symbol: str) -> list[PastReport]:
        """Past reports, newest first."""
        ...


class ReportDates(Protocol):
    """Another calendar, to hold the dates of the earnings source against."""

    name: str

    async def report_dates(self, symbols: Sequence[str]) -> dict[str, tuple[DateClaim, ...]]:
        """Days of coming reports by symbol, rising, in as few requests as it allows; unknown names are absent."""
        ...
