"""What to do about it: the spreads of the candidate under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cockpit.tui.actions import Pane
from cockpit.tui.format import age, fixed, percent, short_fraction, signed, since
from cockpit.tui.inks import Ink, Run
from cockpit.tui.panes.base import TRADES_ONLY, TablePane
from cockpit.tui.panes.candidates import tier_run
from cockpit.tui.widgets.bars import Part, words
from cockpit.tui.widgets.columns import Column, Moment, moved_run, number_run
from cockpit.tui.widgets.lines import Line
from cockpit.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cockpit.filtering import Field
    from cockpit.spreads.structure import Spread, StructureKind


def short_label(kind: StructureKind) -> str:
    """A structure in at most eleven cells."""
    return "iron fly" if kind == "iron_butterfly" else kind.label


def _age(spread: Spread, moment: Moment) -> float | None:
    return since(spread.quoted_at, moment.now)


def _quiet(spread: Spread, run: Run) -> Run:
    """What is not to be traded is dimmed: refused by a rule, or worth nothing by its score."""
    return run if spread.rejected is None and spread.score.total > 0.0 else (run[0], Ink.MUTED)


def _ev(spread: Spread, moment: Moment) -> Run:
    return _quiet(spread, moved_run(signed(spread.ev, 1), spread.ev))


def _size(spread: Spread, moment: Moment) -> Run:
    return _quiet(spread, (str(spread.size.contracts), Ink.STRONG if spread.size.contracts else Ink.MUTED))


def _notes(spread: Spread, moment: Moment) -> Run:
    if spread.rejected:
        return (spread.rejected, Ink.MUTED)
    return (", ".join(spread.score.flags), Ink.WARN)


_COLUMNS: tuple[Column[Spread], ...] = (
    Column(
        *(
            "structure",
            "structure",
            11,
            lambda s, m: _quiet(s, (short_label(s.kind), Ink.STRONG)),
            lambda s: s.kind.label,
        ),
        *("left", 0),
        descending=False,
    ),
    Column("strikes", "strikes", 17, lambda s, m: _quiet(s, (s.strikes_label, Ink.TEXT)), align="left", rank=4),
    Column("credit", "credit", 6, lambda s, m: _quiet(s, number_run(fixed(s.fill))), lambda s: s.fill, rank=1),
    Column("risk", "risk $", 6, lambda s, m: _quiet(s, number_run(fixed(s.max_loss, 0))), lambda s: s.max_loss, rank=6),
    Column("pop", "POP%", 4, lambda s, m: _quiet(s, number_run(percent(s.pop, 0))), lambda s: s.pop, rank=4),
    Column("ev", "EV $", 6, _ev, lambda s: s.ev, rank=2),
    Column(
        "rr",
        "R/R",
        4,
        lambda s, m: _quiet(s, number_run(short_fraction(s.reward_risk))),
        lambda s: s.reward_risk,
        rank=9,
    ),
    Column(
        "score",
        "sc",
        3,
        lambda s, m: _quiet(s, number_run(fixed(s.score.total, 0), Ink.STRONG)),
        lambda s: s.score.total,
        rank=3,
    ),
    Column("contracts", "qty", 3, _size, lambda s: s.size.contracts, rank=5),
    Column("liq", "lq", 2, lambda s, m: tier_run(s.tier), lambda s: s.tier, rank=8, descending=False),
    Column(
        "expiry", "expiry", 6, lambda s, m: (f"{s.expiry.day:2d} {s.expiry:%b}", Ink.TEXT), lambda s: s.expiry, rank=11
    ),
    Column("age", "age", 4, lambda s, m: number_run(age(_age(s, m)), Ink.MUTED), rank=12),
    Column("flags", "notes", 10, _notes, align="left", rank=10, stretch=True),
)


class SpreadsPane(TablePane[str, "Spread"]):
    """Spreads: the structures of one name, best first."""

    def __init__(self, moment: Callable[[], Moment], stale_seconds: float, *, replay: bool = False) -> None:
        """``replay``: the market is a recording, and there will never be options."""
        super().__init__(
            Pane.SPREADS,
            LiveTable(
                _COLUMNS, sort="score", moment=moment, age=_age, stale_seconds=stale_seconds, foot=self._below_rows
            ),
        )
        self._replay = replay
        self.symbol: str | None = None
        self._seen: tuple[Spread, ...] | None = None

    def fields(self) -> Mapping[str, Field[Spread]]:
        """What the rows can be filtered by."""
        from cockpit.fields import SPREAD_FIELDS

        return SPREAD_FIELDS

    def follow(self, symbol: str | None) -> None:
        """Show the spreads of another name."""
        if symbol != self.symbol:
            self.symbol = symbol
            self.pull()
            self.retitle()

    def pull(self) -> None:
        """Show the name's spreads as they are now."""
        if self.session is None:
            return
        spreads = (self.session.boards.spreads.get(self.symbol) if self.symbol else None) or ()
        if spreads is self._seen:
            return
        self._seen = spreads
        changes: dict[str, Spread | None] = dict.fromkeys(self.table.rows.all)
        changes.update({spread.spread_id: spread for spread in spreads})
        self.table.hint = self.empty_hint()
        self.table.apply(changes)

    def _below_rows(self, spread: Spread | None, width: int, room: int) -> Sequence[Line]:
        if self.session is None or self.symbol is None:
            return ()
        from cockpit.tui.panes.spread_lines import below

        return below(spread, self.session.boards.candidates.get(self.symbol), width, room)

    def count(self) -> str:
        """Spreads of the name, drawn or not."""
        found = self.session.boards.spreads.get(self.symbol) if self.session and self.symbol else None
        return str(len(found)) if found else ""

    def empty_reason(self) -> str:
        """Why there are no spreads."""
        if self._replay:
            return TRADES_ONLY
        if self.symbol is None:
            return "no candidate under the cursor; s scans for some"
        candidate = self.session.boards.candidates.get(self.symbol) if self.session else None
        if candidate is not None and candidate.problem:
            return candidate.problem
        return f"no spread of {self.symbol} could be built; e says why"

    def state_parts(self) -> list[Part]:
        """The name that the spreads are of."""
        return [words((self.symbol, Ink.ACCENT), rank=0)] if self.symbol else []
