"""Bars of text for explanations, one row at a time, so that a screen, a pipe and a clipboard all show them."""

from collections.abc import Iterator, Sequence

from cockpit.options.payoff import Payoff
from cockpit.scan.explanation import Row
from cockpit.scan.moves import Reaction

_BAR_WIDTH = 24
_SIDE = 12


def reaction_bar(one: Reaction, implied: float | None, largest: float) -> str:
    """A bar of the reaction with the implied move as a line through it."""
    scale = _BAR_WIDTH / largest if largest > 0.0 else 0.0
    length = round(abs(one.close_move) * scale)
    cells = ["#" if index < length else " " for index in range(_BAR_WIDTH + 1)]
    if implied:
        cells[min(round(implied * scale), _BAR_WIDTH)] = "|"
    weight = "" if one.weight == 1.0 else f"  weight {one.weight:g}"
    return "".join(cells).rstrip() + weight


def payoff_rows(payoff: Payoff, marks: Sequence[tuple[float, str]]) -> Iterator[Row]:
    """The result at expiry at every marked price, highest first: losses left of the line, profits right of it.

    Args:
        marks: prices with their names; those that share a price share a row.
    """
    names: dict[float, list[str]] = {}
    for price, name in marks:
        names.setdefault(round(price, 2), []).append(name)
    results = {price: payoff.at(price) for price in names}
    largest = max((abs(result) for result in results.values()), default=0.0)
    for price in sorted(names, reverse=True):
        result = results[price]
        length = round(abs(result) / largest * _SIDE) if largest > 0.0 else 0
        left = ("#" * length if result < 0.0 else "").rjust(_SIDE)
        right = ("#" * length if result > 0.0 else "").ljust(_SIDE)
        yield Row(f"at {price:,.2f}", f"{round(result):+,d}", f"{left}|{right}  {', '.join(names[price])}")
