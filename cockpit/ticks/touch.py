"""The best bid and offer of a symbol for whoever has no stream of its own: the first that a connection brings."""

import asyncio

from cockpit.errors import ProviderError, Refusal
from cockpit.providers.ports import Exchange
from cockpit.ticks.quote import BookTop

_PATIENCE_SECONDS = 10.0


async def first_touch(exchange: Exchange, symbol: str) -> BookTop:
    """A bid and ask of now.

    Raises:
        ProviderError: the venue cannot be reached, or gives none within ten seconds.
    """
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), exchange.connect([symbol]) as stream:
            async for event in stream:
                if isinstance(event, BookTop) and event.symbol == symbol and 0 < event.bid <= event.ask:
                    return event
    except TimeoutError:
        pass
    why = f"no bid and ask of {symbol} came within {_PATIENCE_SECONDS:.0f} s"
    raise ProviderError(exchange.name, Refusal.UNAVAILABLE, why)
