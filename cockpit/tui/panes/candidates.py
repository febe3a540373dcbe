"""What is worth a look: one row a name that reports soon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cockpit.tui.actions import Pane
from cockpit.tui.format import age, day, fixed, percent, signed, since
from cockpit.tui.inks import Ground, Ink, Run
from cockpit.tui.panes.base import TRADES_ONLY, TablePane, drained
from cockpit.tui.session import Session
from cockpit.tui.widgets.bars import Bar, Part, words
from cockpit.tui.widgets.columns import Column, Moment, number_run
from cockpit.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cockpit.board import Cursor
    from cockpit.filtering import Field
    from cockpit.scan.candidate import Candidate, ScanProgress
    from cockpit.scan.liquidity import Tier

_DATE_DOUBTS = frozenset({"one date source", "dates differ", "unconfirmed date"})
_TIER_INK = {"A": Ink.UP, "B": Ink.TEXT, "C": Ink.WARN, "D": Ink.DOWN}


def tier_run(tier: Tier | None) -> Run:
    """A liquidity tier by its letter."""
    return ("?", Ink.MUTED) if tier is None else (tier.letter, _TIER_INK[tier.letter])


def _age(candidate: Candidate, moment: Moment) -> float | None:
    return since(candidate.quoted_at or candidate.scanned_at, moment.now)


def _spot(candidate: Candidate, moment: Moment) -> Run:
    spot = candidate.spot
    return number_run(fixed(spot, 2 if spot is None or spot < 1000 else 1))


def _report(candidate: Candidate, moment: Moment) -> Run:
    doubted = doubtful_date(candidate)
    mark, ink = ("?", Ink.WARN) if doubted else (" ", Ink.TEXT)
    return (f"{day(candidate.report_date)}{mark}{candidate.timing.value}", ink)


def doubtful_date(candidate: Candidate) -> bool:
    """True where calendars name different days, or where others were asked and only one names this one."""
    apart = any(not claim.slack and claim.day != candidate.report_date for claim in candidate.date_sources)
    return apart or not _DATE_DOUBTS.isdisjoint(candidate.flags)


def _notes(candidate: Candidate, moment: Moment) -> Run:
    return (", ".join(candidate.flags), Ink.WARN)


def _past(candidate: Candidate, moment: Moment) -> Run:
    from cockpit.scan.candidate import WAITS

    return ("…", Ink.WARN) if WAITS in candidate.flags else (str(candidate.quarters or "-"), Ink.TEXT)


def _vrp(candidate: Candidate, moment: Moment) -> Run:
    if candidate.vrp is None:
        return ("?", Ink.MUTED)
    return (fixed(candidate.vrp), Ink.UP if candidate.vrp >= 1.2 else Ink.TEXT)


_COLUMNS: tuple[Column[Candidate], ...] = (
    Column("name", "name", 5, lambda c, m: (c.symbol, Ink.STRONG), lambda c: c.symbol, "left", 0, descending=False),
    Column(
        *("report", "report", 10, _report),
        *(lambda c: c.report_date, "left", 2),
        descending=False,
    ),
    Column("spot", "spot", 7, _spot, lambda c: c.spot, rank=5),
    Column("impl", "impl%", 5, lambda c, m: number_run(percent(c.implied_move)), lambda c: c.implied_move, rank=4),
    Column("event", "evnt%", 5, lambda c, m: number_run(percent(c.event_move)), lambda c: c.event_move, rank=8),
    Column(
        "hist", "hist%", 5, lambda c, m: number_run(percent(c.historical_mean)), lambda c: c.historical_mean, rank=6
    ),
    Column("vrp", "vrp", 4, _vrp, lambda c: c.vrp, rank=1),
    Column("n", "n", 2, _past, lambda c: c.quarters, rank=7),
    Column("liq", "lq", 2, lambda c, m: tier_run(c.tier), lambda c: c.tier, rank=9, descending=False),
    Column(
        *("score", "score", 5, lambda c, m: number_run(fixed(c.score, 0), Ink.STRONG), lambda c: c.score),
        rank=3,
    ),
    Column(
        *("sent", "sent", 5, lambda c, m: number_run(signed(c.sentiment.score if c.sentiment else None), Ink.MUTED)),
        lambda c: c.sentiment.score if c.sentiment else None,
        rank=14,
    ),
    Column(
        "age",
        "age",
        4,
        lambda c, m: number_run(age(_age(c, m)), Ink.MUTED),
        lambda c: c.scanned_at.timestamp(),
        rank=10,
    ),
    Column("iv", "iv%", 5, lambda c, m: number_run(percent(c.atm_iv, 0)), lambda c: c.atm_iv, rank=12),
    Column("tail", "tail", 4, lambda c, m: number_run(fixed(c.tail_ratio, 1)), lambda c: c.tail_ratio, rank=13),
    Column("flags", "notes", 12, _notes, align="left", rank=11, stretch=True),
)


class CandidatesPane(TablePane[str, "Candidate"]):
    """Candidates: names whose report is near, with implied and past moves."""

    def __init__(self, moment: Callable[[], Moment], stale_seconds: float, *, replay: bool = False) -> None:
        """``replay``: the market is a recording, and nothing will ever be scanned."""
        super().__init__(
            Pane.CANDIDATES,
            LiveTable(
                _COLUMNS,
                sort="score",
                moment=moment,
                age=_age,
                stale_seconds=stale_seconds,
                remark=lambda candidate: candidate.problem,
            ),
        )
        self._cursor: Cursor[str] | None = None
        self._replay = replay
        self._said = Bar(ground=Ground.PLAIN)

    def fields(self) -> Mapping[str, Field[Candidate]]:
        """What the rows can be filtered by."""
        from cockpit.fields import CANDIDATE_FIELDS

        return CANDIDATE_FIELDS

    def attach(self, session: Session) -> None:
        """Read the board of candidates."""
        super().attach(session)
        self._cursor = session.boards.candidates.cursor()

    def pull(self) -> None:
        """Show what the scan has found."""
        if self.session is not None and self._cursor is not None:
            changes = drained(self.session.boards.candidates, self._cursor)
            self.table.apply(changes)

    def tick(self) -> None:
        """What the last scan has to say stands above its rows."""
        super().tick()
        progress = self.progress()
        ended = progress is not None and progress.finished_at is not None and not progress.cancelled
        message = progress.message if progress is not None and ended and self.table.rows.all else ""
        if message and not self._said.is_attached:
            self.mount(self._said, before=self.body)
        self._said.display = bool(message)
        self._said.show([words((message, Ink.WARN))])

    def progress(self) -> ScanProgress | None:
        """The running or last scan."""
        return self.session.boards.scan.get("scan") if self.session else None

    def count(self) -> str:
        """Names on the board, drawn or not."""
        return str(len(self.session.boards.candidates) or "") if self.session else ""

    def empty_reason(self) -> str:
        """Why there are no candidates."""
        if self._replay:
            return TRADES_ONLY
        progress = self.progress()
        if progress is None:
            return "nothing scanned yet; s scans the earnings calendar"
        if progress.message:
            return progress.message
        if progress.finished_at is None:
            return "scanning; x stops it"
        return "the last scan found no reports ahead; s scans again"

    def state_parts(self) -> list[Part]:
        """How far the scan is, or how old."""
        progress = self.progress()
        if progress is None:
            return []
        if progress.finished_at is None:
            total = str(progress.total) if progress.total else "?"
            return [words((f"scanning {progress.done}/{total}", Ink.ACCENT), rank=0)]
        ended = since(progress.finished_at, self.moment().now)
        word = "stopped " if progress.cancelled else ""
        parts = [words((f"{word}{age(ended)}{'' if age(ended) == 'now' else ' ago'}", Ink.MUTED), rank=5)]
        if progress.failed:
            parts.append(words((f"{progress.failed} without figures", Ink.WARN), rank=6))
        return parts
