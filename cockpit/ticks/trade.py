"""One trade on an exchange."""

from decimal import Decimal

from msgspec import Struct


class Trade(Struct, frozen=True, gc=False):
    """A trade as the venue reported it. Thousands are made a second: as a dataclass one would cost ten times as much.

    Attributes:
        symbol: upper case, for instance ``BTCUSDT``.
        trade_id: the venue's own number; consecutive within a symbol, so a jump is a loss.
        price: quote currency per unit, positive.
        quantity: base currency, positive.
        time_ms: the venue's trade time, milliseconds since 1970 UTC; many trades may share one.
        buyer_is_maker: True where the aggressor sold.
    """

    symbol: str
    trade_id: int
    price: Decimal
    quantity: Decimal
    time_ms: int
    buyer_is_maker: bool
