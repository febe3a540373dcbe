"""Scorecards and trades as plain records for programs: money as strings, shares and ratios as numbers."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cockpit.cli.formats import Column, money, plain

if TYPE_CHECKING:
    from cockpit.portfolio.scorecard import Scorecard, Share
    from cockpit.portfolio.trade import Trade


def scorecard_record(card: "Scorecard") -> dict[str, Any]:
    """Every figure by its name, beside the number of trades it stands on."""
    return {
        "label": card.label,
        "trades": card.trades,
        "won": _share(card.won),
        "lost": card.lost,
        "net": _dollars(card.net),
        "r": plain(card.r),
        "expectancy": _dollars(card.expectancy),
        "average_win": _dollars(card.average_win),
        "average_loss": _dollars(card.average_loss),
        "profit_factor": card.profit_factor,
        "fees": _dollars(card.fees),
        "fee_share": card.fee_share,
        "worst": None if card.worst is None else {"position_id": card.worst_id, "realised": _dollars(card.worst)},
        "drawdown": _dollars(card.drawdown),
        "days_held": card.days_held,
        "pop": {"expected": card.probability.expected, "won": _share(card.probability.won)},
        "ev": {
            "expected": money(card.value.expected),
            "realised": money(card.value.realised.value),
            "error": money(card.value.realised.error),
            "trades": card.value.realised.trades,
        },
        "move": {**plain(card.move), "inside": _share(card.move.inside)},
        "volatility": plain(card.volatility),
    }


def trade_record(trade: "Trade") -> dict[str, Any]:
    """All that is kept of a trade."""
    record: dict[str, Any] = plain(trade)
    if trade.entry is not None:
        record["entry"] |= {"spot": money(trade.entry.spot), "ev": money(trade.entry.ev)}
    if trade.exit is not None:
        record["exit"]["spot"] = money(trade.exit.spot)
    return record


def _share(share: "Share") -> dict[str, Any]:
    return {
        "count": share.count,
        "trades": share.trades,
        "value": share.value,
        "low": share.low,
        "high": share.high,
    }


def _dollars(value: Decimal | None) -> str | None:
    return None if value is None else money(float(value))


def _column(name: str, value: Callable[["Scorecard"], Any]) -> Column["Scorecard"]:
    return Column(name, name, value)


SCORECARD_COLUMNS: list[Column["Scorecard"]] = [
    _column("label", lambda card: card.label),
    _column("trades", lambda card: card.trades),
    _column("won", lambda card: card.won.count),
    _column("win_rate", lambda card: card.won.value),
    _column("win_rate_low", lambda card: card.won.low),
    _column("win_rate_high", lambda card: card.won.high),
    _column("net", lambda card: _dollars(card.net)),
    _column("r", lambda card: card.r.value),
    _column("r_error", lambda card: card.r.error),
    _column("expectancy", lambda card: _dollars(card.expectancy)),
    _column("average_win", lambda card: _dollars(card.average_win)),
    _column("average_loss", lambda card: _dollars(card.average_loss)),
    _column("profit_factor", lambda card: card.profit_factor),
    _column("fees", lambda card: _dollars(card.fees)),
    _column("fee_share", lambda card: card.fee_share),
    _column("worst", lambda card: _dollars(card.worst)),
    _column("worst_id", lambda card: card.worst_id),
    _column("drawdown", lambda card: _dollars(card.drawdown)),
    _column("days_held", lambda card: card.days_held),
    _column("pop", lambda card: card.probability.expected),
    _column("pop_trades", lambda card: card.probability.won.trades),
    _column("pop_won", lambda card: card.probability.won.value),
    _column("ev", lambda card: money(card.value.expected)),
    _column("ev_trades", lambda card: card.value.realised.trades),
    _column("ev_realised", lambda card: money(card.value.realised.value)),
    _column("move_trades", lambda card: card.move.trades),
    _column("implied_move", lambda card: card.move.implied),
    _column("realised_move", lambda card: card.move.realised),
    _column("inside", lambda card: card.move.inside.value),
    _column("iv_trades", lambda card: card.volatility.trades),
    _column("iv_before", lambda card: card.volatility.before),
    _column("iv_after", lambda card: card.volatility.after),
    _column("iv_points", lambda card: card.volatility.points),
    _column("crush", lambda card: card.volatility.crush),
]
"""A scorecard as one line."""
