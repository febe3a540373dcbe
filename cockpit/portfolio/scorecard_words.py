"""A scorecard as an explanation: every figure with the number of trades it stands on."""

from collections.abc import Sequence
from decimal import Decimal

from cockpit.portfolio.scorecard import Scorecard, Share
from cockpit.scan.explanation import UNKNOWN, Explanation, Row, Section
from cockpit.scan.wording import money, number, percent


def scorecard_explained(card: Scorecard, groups: Sequence[Scorecard] = (), heading: str = "") -> Explanation:
    """The figures of the whole book, and a line for each group where there are any."""
    sections = [
        Section("Result, dollars after fees", tuple(_result(card))),
        Section("Expected and realised", tuple(_expected(card))),
    ]
    if groups:
        sections.append(Section(f"By {heading}", tuple(group_row(group) for group in groups)))
    return Explanation("Scorecard of closed trades", tuple(sections))


def group_row(card: Scorecard) -> Row:
    """A group in one line: its net result, and how many won of how many."""
    moves = f"moved {percent(card.move.realised)} of {percent(card.move.implied)} implied" if card.move.trades else ""
    note = "; ".join(filter(None, (won_words(card.won), f"R {mean_words(card)}", moves)))
    return Row(card.label, dollars(card.net, signed=True), note)


def won_words(won: Share) -> str:
    """``7 of 10 won (70 %; 95 % sure: 40 to 89)``."""
    if not won.trades:
        return "none closed"
    return f"{won.count} of {won.trades} won ({percent(won.value, 0)}; {interval_words(won)})"


def interval_words(share: Share) -> str:
    """``95 % sure: 40 to 89``: Wilson's interval, in percent; empty for no trades."""
    if share.low is None or share.high is None:
        return ""
    return f"95 % sure: {100.0 * share.low:.0f} to {100.0 * share.high:.0f}"


def mean_words(card: Scorecard) -> str:
    """``+0.12 ± 0.05``: the mean of realised over max loss with its standard error."""
    if card.r.value is None:
        return UNKNOWN
    return f"{card.r.value:+.2f}" + ("" if card.r.error is None else f" ± {card.r.error:.2f}")


def dollars(value: Decimal | None, *, signed: bool = False) -> str:
    """Dollars and cents; ``?`` where there are none."""
    return money(None if value is None else float(value), signed=signed)


def _result(card: Scorecard) -> list[Row]:
    worst = "" if card.worst_id is None else f"position {card.worst_id}"
    wins = card.won.count
    return [
        Row("trades", str(card.trades), "closed spreads, each counted once"),
        Row("win rate", percent(card.won.value), _of(card.won)),
        Row("net result", dollars(card.net, signed=True), _n(card.trades)),
        Row("average R", mean_words(card), f"realised over max loss, with its standard error; {_n(card.r.trades)}"),
        Row("expectancy", dollars(card.expectancy, signed=True), f"a trade; {_n(card.trades)}"),
        Row("average win", dollars(card.average_win, signed=True), _n(wins)),
        Row("average loss", dollars(card.average_loss, signed=True), _n(card.lost)),
        Row("profit factor", number(card.profit_factor), "gross profit over gross loss"),
        Row("fees", dollars(card.fees), f"{percent(card.fee_share)} of the credits taken in"),
        Row("worst trade", dollars(card.worst, signed=True), worst),
        Row("deepest drawdown", dollars(card.drawdown), "of the realised total, from its highest point"),
        Row("days held", number(card.days_held, 1), f"mean; {_n(card.trades)}"),
    ]


def _expected(card: Scorecard) -> list[Row]:
    pop, value, move, volatility = card.probability, card.value, card.move, card.volatility
    error = "" if value.realised.error is None else f" ± {value.realised.error:.2f}"
    inside = move.inside
    event = "" if move.event is None else f"; the report alone {percent(move.event)} (n {move.event_trades})"
    points = None if volatility.points is None else f"{100.0 * volatility.points:.1f} points"
    return [
        Row("probability of profit", percent(pop.expected), f"mean at entry; {_n(pop.won.trades)}"),
        Row("won of these", percent(pop.won.value), _of(pop.won)),
        Row(
            "expected profit",
            money(value.expected, signed=True),
            f"a contract held to expiry, mean; {_n(value.realised.trades)}",
        ),
        Row("realised of these", f"{money(value.realised.value, signed=True)}{error}", "a contract"),
        Row("implied move", percent(move.implied), f"mean at entry; {_n(move.trades)}{event}"),
        Row("realised move", percent(move.realised), "mean size, close to close over the report"),
        Row("inside the implied", percent(inside.value), _of(inside)),
        Row("volatility before", percent(volatility.before), f"at the money, mean; {_n(volatility.trades)}"),
        Row("volatility after", percent(volatility.after), "the same expiry, first look after the report"),
        Row("fall of volatility", points or UNKNOWN, f"{percent(volatility.crush, 0)} of it" if points else ""),
    ]


def _of(share: Share) -> str:
    return ", ".join(filter(None, (f"{share.count} of {share.trades}", interval_words(share))))


def _n(count: int) -> str:
    return f"n {count}"
