"""Strategies at work in a few cells, a line each, or in full."""

from collections.abc import Iterable, Sequence

from cockpit.health.status import State
from cockpit.scan.explanation import Row, Section
from cockpit.strategies.standing import Standing
from cockpit.tui.format import age, fixed, price, signed, since
from cockpit.tui.inks import Ink, Run
from cockpit.tui.widgets.columns import Moment, moved_run
from cockpit.tui.widgets.lines import Line, clean, fit, merged

_SIDE = {"long": ("▲ LONG ", Ink.UP), "short": ("▼ SHORT", Ink.DOWN), "flat": ("• FLAT ", Ink.MUTED)}
_NAME, _SYMBOL, _HELD, _PNL = 13, 8, 24, 10


def of_symbol(standings: Iterable[Standing], symbol: str) -> list[Standing]:
    """The strategies of one symbol, by label."""
    return sorted((one for one in standings if one.symbol == symbol), key=lambda one: one.label)


def marked(symbol: str, standings: Sequence[Standing], cells: int) -> Run:
    """A symbol with the mark of its strategies behind it, where that has room: what they hold, or that one stands."""
    at_work = [one for one in standings if one.state is not State.OFF or one.quantity]
    if not at_work or len(symbol) >= cells:
        return (symbol, Ink.STRONG)
    if any(one.state in (State.DOWN, State.DEGRADED) for one in at_work):
        return (f"{symbol}!", Ink.WARN)
    held = sum(one.quantity for one in at_work)
    return (f"{symbol}{'▲' if held > 0 else '▼' if held < 0 else '•'}", Ink.STRONG)


def strategy_lines(standings: Iterable[Standing], moment: Moment, width: int, *, symbols: bool = False) -> list[Line]:
    """A line for each: what it is, what it holds, its result, and its last word with its age or why it stands.

    ``symbols``: they are of more than one, so that each line names its own.
    """
    return [Line(merged(_line(one, moment, width, symbols))) for one in standings]


def _line(one: Standing, moment: Moment, width: int, symbols: bool) -> list[Run]:
    side, ink = _SIDE[one.side]
    name = one.label if symbols else f"{one.strategy} {one.timeframe}"
    held = f"{abs(one.quantity).normalize():f} @ {price(one.average)}" if one.quantity else ""
    said, loud = last_word(one, moment)
    runs: list[Run] = [
        (f" {fit(name, _NAME + _SYMBOL if symbols else _NAME)} ", Ink.TEXT),
        (f"{side} ", ink),
        moved_run(f"{signed(one.pnl):>{_PNL}}", one.pnl),
    ]
    left = width - sum(len(text) for text, _ in runs)
    for text, cells, tone in ((held, _HELD, Ink.TEXT), (clean(said), left, Ink.WARN if loud else Ink.MUTED)):
        if (room := min(cells, left - 2)) > 0:
            runs.append((f"  {fit(text, room)}", tone))
            left -= room + 2
    return runs


def last_word(one: Standing, moment: Moment) -> tuple[str, bool]:
    """What there is to say of it in one phrase, and whether it needs the user's eye."""
    if one.message:
        return one.message, one.state in (State.DOWN, State.DEGRADED) or one.told > 0
    if one.state is State.STARTING and one.heard + 1 < one.warm_up:
        return f"warming up, {one.heard} of {one.warm_up} bars", False
    if one.signal_at is None:
        return "nothing said yet", False
    return f"{age(since(one.signal_at, moment.now))}: {one.reason}", False


def strategy_section(one: Standing, moment: Moment) -> Section:
    """All that is known of a strategy on a symbol."""
    said = [Row("says", one.message)] if one.message else []
    if one.state is State.STARTING:
        said.append(Row("warming up", f"{one.heard} of {one.warm_up} bars"))
    position = (
        Row("position", one.side, f"{one.quantity.normalize():f} at {price(one.average)}" if one.quantity else ""),
        Row("P&L", signed(one.pnl), "after fees, in the quote currency"),
        Row("realised", signed(one.realised), f"before fees, of {one.fills} fills"),
        Row("fees", fixed(one.fees)),
        Row("unrealised", signed(one.unrealised), f"at the middle of bid and ask, {price(one.mark)}"),
    )
    signal: tuple[Row, ...] = ()
    if one.signal_at is not None and one.signal_target is not None:
        lacks = "; its bar lacked trades" if one.incomplete else ""
        signal = (
            Row(
                "last signal",
                f"{one.signal_target:+g}",
                f"{age(since(one.signal_at, moment.now))}, {one.outcome}{lacks}",
            ),
            Row("because", one.reason),
        )
    return Section(f"Strategy {one.strategy} {one.timeframe}: {one.state.value}", (*said, *position, *signal))
