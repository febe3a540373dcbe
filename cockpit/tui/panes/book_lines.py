"""The book as a whole, below the open positions: where its money is, and what all of it would do."""

from collections.abc import Iterable
from decimal import Decimal

from cockpit.portfolio.position import Account, Position
from cockpit.tui.format import fixed, short_fraction, signed
from cockpit.tui.inks import Ink, Run
from cockpit.tui.widgets.columns import moved_run
from cockpit.tui.widgets.lines import Line
from cockpit.tui.widgets.prose import figure, flowed


def book_lines(account: Account, positions: Iterable[Position], width: int) -> list[Line]:
    """Dollars, and the net delta in contracts; ``?`` where one position's is unknown."""
    held = list(positions)
    groups = [
        figure("cash", fixed(account.cash)),
        _result("realised", account.realised),
        _result("open", account.unrealised),
        figure("fees", fixed(account.fees)),
    ]
    if held:
        deltas = [position.delta for position in held]
        net = None if None in deltas else sum(delta for delta in deltas if delta is not None)
        groups += [figure("at risk", fixed(account.at_risk)), figure("net Δ", short_fraction(net))]
    groups.append(figure("free", fixed(account.buying_power)))
    return flowed(groups, width)


def _result(label: str, value: Decimal | None) -> list[Run]:
    return [(f"{label} ", Ink.MUTED), moved_run(signed(value), value)]
