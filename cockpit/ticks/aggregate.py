"""Several trades as one, as venues publish them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Trades of one order at one price and time, as the venue sums them up.

    Attributes:
        first_id, last_id: the trades in it, both included; their single quantities are not known.
        price_e8: in units of 1e-8.
        quantity_e8: of all of them together, in units of 1e-8.
    """

    symbol: str
    first_id: int
    last_id: int
    price_e8: int
    quantity_e8: int
    time_ms: int
    buyer_is_maker: bool
