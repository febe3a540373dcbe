"""The post-mortem of one trade: what was expected, what came, and where the money went. Plain arithmetic."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cockpit.options.calendar import NEW_YORK, closes_at
from cockpit.portfolio.aftermath import reaction_over
from cockpit.portfolio.margin import CONTRACT, ZERO, expiry_value
from cockpit.portfolio.trade import Entry, Passage, Trade
from cockpit.scan.earnings import Timing
from cockpit.scan.explanation import UNKNOWN, Explanation, Row, Section
from cockpit.scan.wording import money, number, percent

_CENT = Decimal("0.01")
_NOT_KEPT = "opened before entries were kept"
_PASSAGE = {
    Passage.UNKNOWN: "no coming report was known at opening",
    Passage.AHEAD: "the report is still ahead",
    Passage.BEFORE: "the trade ended before the report",
    Passage.THROUGH: "the report is out",
}


@dataclass(frozen=True, slots=True)
class Amount:
    """One line of the account of a trade, dollars; negative costs. ``note`` tells how it is worked out."""

    name: str
    dollars: Decimal
    note: str


def account(trade: Trade) -> tuple[Amount, ...]:
    """Where a closed trade's result came from; the lines add up to ``realised`` exactly. Empty while it is open.

    The debit at the end is split into the cost of the move (what the legs were worth by the price of the underlying
    alone), the time value bought back, and what was given to the spread, where the market of the end is known; else
    it stays one line. Nothing is attributed to single greeks: those change on the way.
    """
    if trade.realised is None or trade.debit is None:
        return ()
    size = CONTRACT * trade.contracts
    lines = _opening(trade, size) + _ending(trade, trade.debit, size)
    return (*lines, Amount("fees", -trade.fees, "commissions, both ways"))


def review(trade: Trade, now: datetime) -> Explanation:
    """The post-mortem as sections; for an open trade as far as it has come."""
    sections = [
        Section("In words", (Row("verdict", verdict(trade, now)),)),
        Section("Expected", tuple(_expected(trade))),
        Section("Came", tuple(_came(trade, now))),
    ]
    lines = account(trade)
    if lines and trade.realised is not None:
        rows = [Row(line.name, money(float(line.dollars), signed=bool(line.dollars)), line.note) for line in lines]
        rows.append(Row("realised", money(float(trade.realised), signed=True), _multiple(trade)))
        sections.append(Section("Where the money went, dollars", tuple(rows)))
    return Explanation(f"{trade.symbol} {trade.kind.label}, position {trade.position_id}", tuple(sections))


def verdict(trade: Trade, now: datetime) -> str:
    """One or two sentences; what is unknown is left out of them."""
    words = []
    entry, outcome = trade.entry, trade.outcome
    if outcome is not None and outcome.close_move is not None:
        said = f"the report moved the price {_moved(outcome.close_move)}"
        if entry is not None and entry.implied_move is not None:
            inside = abs(outcome.close_move) <= entry.implied_move
            said += f", {'inside' if inside else 'outside'} the implied {percent(entry.implied_move)}"
        words.append(said)
    elif trade.passage(now) in (Passage.BEFORE, Passage.AHEAD):
        words.append(_PASSAGE[trade.passage(now)])
    after = trade.after
    if after is not None and entry is not None and entry.atm_iv is not None:
        words.append(f"volatility went from {percent(entry.atm_iv, 0)} to {percent(after[0], 0)}")
    if trade.realised is not None and trade.debit is not None:
        kept = trade.credit - trade.debit
        what = (
            f"kept {_price(kept)} of its credit of {_price(trade.credit)}"
            if kept > 0
            else f"gave back {_price(-kept)} a share"
        )
        words.append(f"it {what} and realised {money(float(trade.realised), signed=True)}")
    else:
        words.append("it is open")
    return "; ".join(words)


def move_missing(trade: Trade, now: datetime) -> str:
    """Why the report's move is not known, in a few words."""
    entry = trade.entry
    if entry is None:
        return _NOT_KEPT
    passage = trade.passage(now)
    if passage is not Passage.THROUGH or trade.report_date is None:
        return _PASSAGE[passage]
    if trade.outcome is not None and trade.outcome.problem:
        return trade.outcome.problem
    over = reaction_over(trade.report_date, entry.timing)
    return f"final after {_clock(over)}" if now < over else "not asked for yet"


def volatility_missing(trade: Trade, now: datetime) -> str:
    """Why the volatility after the report is not known, in a few words."""
    if trade.entry is None:
        return _NOT_KEPT
    passage = trade.passage(now)
    if passage is not Passage.THROUGH:
        return _PASSAGE[passage]
    ended = now >= closes_at(trade.expiry) or trade.closed_at is not None
    return f"no chain of {trade.expiry} was seen in time" if ended else "no usable chain has been seen yet"


def _opening(trade: Trade, size: Decimal) -> tuple[Amount, ...]:
    mid = trade.entry.mid if trade.entry is not None else None
    if mid is None:
        return (Amount("credit", trade.credit * size, _per_share(trade.credit, trade)),)
    return (
        Amount("credit at mid", mid * size, _per_share(mid, trade)),
        Amount("given to the spread, in", (trade.credit - mid) * size, f"filled at {_price(trade.credit)}"),
    )


def _ending(trade: Trade, debit: Decimal, size: Decimal) -> tuple[Amount, ...]:
    end = trade.exit
    if trade.reason == "expired":
        where = f"settled at {end.spot:,.2f}" if end is not None and end.spot is not None else "settled"
        return (Amount("cost of the move", -debit * size, f"{where}: {_per_share(debit, trade)}"),)
    if end is None or end.spot is None or end.mid is None:
        return (Amount("paid to close", -debit * size, _per_share(debit, trade)),)
    intrinsic = max(-expiry_value(trade.legs, Decimal(str(end.spot))), ZERO)
    mid = -end.mid
    return (
        Amount(
            "cost of the move", -intrinsic * size, f"worth {_price(intrinsic)} a share at a price of {end.spot:,.2f}"
        ),
        Amount("time value bought back", -(mid - intrinsic) * size, f"{_price(mid)} at mid less {_price(intrinsic)}"),
        Amount("given to the spread, out", -(debit - mid) * size, f"filled at {_price(debit)}"),
    )


def _expected(trade: Trade) -> list[Row]:
    entry = trade.entry
    if entry is None:
        return [Row("entry", UNKNOWN, _NOT_KEPT)]
    return [
        Row("report", _report(entry), _report_note(trade, entry)),
        Row("implied move", percent(entry.implied_move), _bounds(entry)),
        Row("of the report alone", percent(entry.event_move)),
        Row("implied over past moves", number(entry.vrp), _premium(entry)),
        Row("volatility at the money", percent(entry.atm_iv), f"expiry {trade.expiry:%d %b}"),
        Row("probability of profit", percent(entry.pop), f"at the breakevens; by delta {percent(entry.pop_delta)}"),
        Row("expected profit", money(entry.ev, signed=True), "dollars a contract, after costs, held to expiry"),
        Row("score", number(entry.score, 0), f"by {entry.scorer}" if entry.scorer else ""),
        Row("credit", money(float(trade.credit)), _fill(trade, entry)),
        Row("maximum loss", money(float(trade.max_loss)), f"dollars, {trade.contracts} contract{_s(trade.contracts)}"),
    ]


def _came(trade: Trade, now: datetime) -> list[Row]:
    entry, outcome, after = trade.entry, trade.outcome, trade.after
    if outcome is not None and outcome.close_move is not None and outcome.gap is not None:
        days = f"close of {outcome.base_day:%d %b} to {{}} of {outcome.reaction_day:%d %b}"
        doubt = "; the larger of two sessions" if entry is not None and entry.timing is Timing.UNKNOWN else ""
        rows = [
            Row("move to the open", _moved(outcome.gap), days.format("open")),
            Row("move to the close", _moved(outcome.close_move), days.format("close") + doubt),
        ]
        if entry is not None and entry.implied_move:
            share = abs(outcome.close_move) / entry.implied_move
            rows.append(Row("of the implied move", percent(share, 0), "inside" if share <= 1.0 else "outside"))
    else:
        rows = [Row("move", UNKNOWN, move_missing(trade, now))]
    if after is None:
        rows.append(Row("volatility after", UNKNOWN, volatility_missing(trade, now)))
    else:
        rows.append(Row("volatility after", percent(after[0]), f"{_clock(after[1])}{_crush(entry, after[0])}"))
    if trade.ended_at is None or trade.debit is None:
        return [*rows, Row("end", "open")]
    rows.append(Row("end", trade.ending or UNKNOWN, _clock(trade.ended_at)))
    end = trade.exit
    if trade.reason == "closed":
        beside = f"mid {_price(-end.mid)}" if end is not None and end.mid is not None else ""
        rows.append(Row("paid to close", money(float(trade.debit)), beside))
    if end is not None and end.spot is not None:
        start = entry.spot if entry is not None else None
        since = f"{_moved(end.spot / start - 1.0)} since the opening at {start:,.2f}" if start else ""
        rows.append(Row("price then", money(end.spot), since))
    if trade.note:
        rows.append(Row("settlement", "in cash", trade.note))
    return rows


def _moved(fraction: float) -> str:
    """A signed percentage; what rounds to nothing has no sign."""
    text = f"{100.0 * fraction:+.1f}"
    return f"{text if text.strip('+-0.') else '0.0'} %"


def _report(entry: Entry) -> str:
    if entry.report_date is None:
        return UNKNOWN
    return f"{entry.report_date:%a %d %b %Y} {'' if entry.timing is Timing.UNKNOWN else entry.timing.value}".rstrip()


def _report_note(trade: Trade, entry: Entry) -> str:
    words = ["at an unknown hour"] if entry.timing is Timing.UNKNOWN else []
    if trade.report_date is not None and trade.report_date != entry.report_date:
        words.append(f"moved to {trade.report_date:%a %d %b} since")
    return ", ".join(words)


def _bounds(entry: Entry) -> str:
    if entry.implied_move is None:
        return ""
    words = f"by {entry.implied_method}"
    if entry.spot is None:
        return words
    low, high = entry.spot * (1.0 - entry.implied_move), entry.spot * (1.0 + entry.implied_move)
    return f"{words}: {low:,.2f} to {high:,.2f} around {entry.spot:,.2f}"


def _premium(entry: Entry) -> str:
    words = [entry.vrp_tier or "", "" if entry.quarters is None else f"n {entry.quarters}"]
    return ", ".join(filter(None, words))


def _fill(trade: Trade, entry: Entry) -> str:
    if entry.mid is None or entry.natural is None:
        return "dollars a share"
    return f"dollars a share; mid {_price(entry.mid)}, far side {_price(entry.natural)}, filled by {trade.fill_model}"


def _crush(entry: Entry | None, after: float) -> str:
    if entry is None or not entry.atm_iv:
        return ""
    return f", {100.0 * (after - entry.atm_iv):+.1f} points ({100.0 * (after / entry.atm_iv - 1.0):+.0f} %)"


def _multiple(trade: Trade) -> str:
    if trade.realised is None or trade.max_loss <= 0:
        return ""
    return f"{trade.realised / trade.max_loss:+.2f} of what could be lost"


def _per_share(price: Decimal, trade: Trade) -> str:
    return f"{_price(price)} a share x 100 x {trade.contracts}"


def _price(value: Decimal) -> str:
    """In cents, or finer where it is: a mid may stand between two of them."""
    cents = value.quantize(_CENT)
    return f"{cents}" if cents == value else f"{value.normalize():f}"


def _clock(instant: datetime) -> str:
    return f"{instant.astimezone(NEW_YORK):%a %d %b %H:%M} ET"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
