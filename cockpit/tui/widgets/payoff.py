"""A small diagram of a structure's result at expiry, in half blocks."""

from collections.abc import Sequence

from cockpit.spreads.structure import Leg
from cockpit.tui.inks import Ink, Run


def result_at(legs: Sequence[Leg], credit: float, price: float) -> float:
    """Dollars per share at expiry with the underlying at ``price``, before costs."""
    value = credit
    for leg in legs:
        value += leg.quantity * max(0.0, leg.quote.right.sign * (price - leg.quote.strike))
    return value


def payoff_plot(legs: Sequence[Leg], credit: float, width: int, height: int) -> list[tuple[Run, ...]]:
    """Lines of ``width`` cells: the result over prices around the strikes, profit and loss in their inks."""
    strikes = sorted(leg.quote.strike for leg in legs)
    if not strikes or width < 8 or height < 2:
        return []
    margin = max((strikes[-1] - strikes[0]) * 0.35, strikes[-1] * 0.01)
    low, high = strikes[0] - margin, strikes[-1] + margin
    results = [result_at(legs, credit, low + (high - low) * at / (width - 1)) for at in range(width)]
    bottom, top = min(results), max(results)
    span = (top - bottom) or 1.0
    steps = 2 * height - 1
    levels = [round((result - bottom) / span * steps) for result in results]
    lines: list[tuple[Run, ...]] = []
    for row in range(height):
        upper, lower = steps - 2 * row, steps - 2 * row - 1
        lines.append(
            tuple(
                ("▀" if level == upper else "▄" if level == lower else " ", Ink.UP if result > 0 else Ink.DOWN)
                for level, result in zip(levels, results, strict=True)
            )
        )
    return lines
