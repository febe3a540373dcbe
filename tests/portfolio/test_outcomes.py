"""What came of a report is kept once: when its session is over, with as few questions as can be, on a real database."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cockpit.options.calendar import closes_at
from cockpit.paths import Paths
from cockpit.portfolio.aftermath import days_needed, reaction_over
from cockpit.portfolio.outcomes import Outcomes
from cockpit.portfolio.trade import Trade
from cockpit.scan.candidate import Candidate
from cockpit.scan.earnings import Timing
from cockpit.scan.moves import DailyBar
from cockpit.storage.database import open_database
from cockpit.storage.scorecard import TradeRows
from tests.portfolio.market import EXPIRY, MORNING, SYMBOL, Desk, Venue, condor, open_desk

REPORT = date(2026, 11, 24)
"""Tuesday after the close: the reaction is Wednesday's."""
OPEN_AFTER = datetime(2026, 11, 25, 14, 31, tzinfo=UTC)
SETTLED = datetime(2026, 11, 25, 15, 15, tzinfo=UTC)
OVER = datetime(2026, 11, 25, 21, 10, tzinfo=UTC)
BARS = {
    date(2026, 11, 23): (140.0, 140.0),
    date(2026, 11, 24): (141.0, 142.0),
    date(2026, 11, 25): (134.9, 132.06),
    date(2026, 11, 27): (133.0, 133.0),
}


def candidate(timing: Timing = Timing.AMC, report: date = REPORT) -> Candidate:
    return Candidate(
        *(SYMBOL, "Nvidia", report, timing, MORNING),
        spot=142.3,
        expiry=EXPIRY,
        implied_move=0.079,
        event_move=0.071,
        atm_iv=0.9,
        vrp=1.3,
        vrp_tier="GOOD",
        quarters=9,
    )


class History(Venue):
    """The market in memory with bars that open and close apart, and with a note of what it was asked for."""

    def __init__(self, plain: Venue) -> None:
        super().__init__(plain.clock)
        self.bars = dict(BARS)
        self.requests: list[tuple[str, date, date]] = []

    async def daily_history(self, symbol: str, start: date, end: date) -> list[DailyBar]:
        self.requests.append((symbol, start, end))
        self._answer()
        return [
            DailyBar(day, opened, max(opened, close), min(opened, close), close, 1000)
            for day, (opened, close) in self.bars.items()
            if start <= day <= end
        ]


class Followed:
    """A desk with the outcomes of its positions."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.venue = History(desk.venue)
        self.rows = TradeRows(desk.database)
        self.outcomes = Outcomes(desk.database, self.venue, desk.clock)
        desk.marker._outcomes = self.outcomes

    async def open(self, known: Candidate | None = None, contracts: int = 2) -> Trade:
        ticket = await self.desk.broker.opening_ticket(condor())
        position = await self.desk.broker.open_position(ticket, contracts, known or candidate())
        return await self.trade(position.position_id)

    async def trade(self, position_id: str = "P1") -> Trade:
        found = await self.rows.trade(position_id)
        assert found is not None
        return found

    def at(self, instant: datetime) -> None:
        self.desk.clock.instant = instant


@pytest.fixture
async def followed(tmp_path: Path) -> AsyncIterator[Followed]:
    async with open_desk(tmp_path) as desk:
        yield Followed(desk)


async def test_what_was_known_at_opening_is_kept_with_the_fill(followed: Followed) -> None:
    entry = (await followed.open()).entry
    assert entry is not None
    assert (entry.spot, entry.implied_move, entry.implied_method, entry.event_move) == (142.31, 0.079, "atmf", 0.071)
    assert (entry.vrp, entry.vrp_tier, entry.quarters, entry.scanned_at) == (1.3, "GOOD", 9, MORNING)
    assert (entry.report_date, entry.timing) == (REPORT, Timing.AMC)
    assert (entry.pop, entry.ev, entry.score) == pytest.approx((0.71, 9.0, 78.0))
    assert entry.scorer == "ev"
    assert entry.pop_delta == pytest.approx(0.66, abs=0.01)
    assert (str(entry.mid), str(entry.natural)) == ("0.62", "0.54")
    assert entry.atm_iv is not None, "of the chain that the fill was priced from, not the scan's of before"
    assert entry.atm_iv != 0.9


async def test_without_a_scan_at_hand_only_the_ticket_is_known(followed: Followed) -> None:
    ticket = await followed.desk.broker.opening_ticket(replace(condor(), report_date=REPORT))
    await followed.desk.broker.open_position(ticket, 1, None)
    entry = (await followed.trade()).entry
    assert entry is not None
    assert (entry.report_date, entry.timing, entry.pop) == (REPORT, Timing.UNKNOWN, 0.71)
    assert (entry.implied_move, entry.implied_method, entry.vrp, entry.scanned_at) == (None, None, None, None)


async def test_a_scan_of_another_expiry_or_without_figures_makes_nothing_up(followed: Followed) -> None:
    other = (await followed.open(replace(candidate(), expiry=date(2026, 12, 4)))).entry
    assert other is not None
    assert (other.implied_move, other.event_move) == (None, 0.071)
    failed = replace(candidate(), problem="the chain is empty", report_date=date(2026, 11, 1))
    ticket = await followed.desk.broker.opening_ticket(condor())
    position = await followed.desk.broker.open_position(ticket, 1, failed)
    assert position.report_date is None, "a scan that found no report has only its own day"


async def test_the_move_is_asked_for_once_when_its_session_is_over(followed: Followed) -> None:
    await followed.open()
    for instant in (MORNING, OPEN_AFTER, OVER - timedelta(seconds=1)):
        followed.at(instant)
        await followed.outcomes.collect()
    assert followed.venue.requests == []
    followed.at(OVER)
    await followed.outcomes.collect()
    outcome = (await followed.trade()).outcome
    assert outcome is not None
    assert (outcome.base_day, outcome.reaction_day) == (REPORT, date(2026, 11, 25))
    assert outcome.gap == pytest.approx(134.9 / 142 - 1)
    assert outcome.close_move == pytest.approx(-0.07)
    assert [request[2] for request in followed.venue.requests] == [date(2026, 11, 25)]
    followed.desk.clock.forward(days=3)
    await followed.outcomes.collect()
    assert len(followed.venue.requests) == 1


@pytest.mark.parametrize(
    ("timing", "base", "reaction"),
    [
        (Timing.BMO, date(2026, 11, 24), date(2026, 11, 25)),
        (Timing.DMH, date(2026, 11, 24), date(2026, 11, 25)),
        (Timing.AMC, date(2026, 11, 25), date(2026, 11, 27)),
    ],
)
async def test_base_and_reaction_go_by_the_hour_and_over_a_holiday(
    followed: Followed, timing: Timing, base: date, reaction: date
) -> None:
    """A report on the Wednesday before Thanksgiving; Friday closes at 13:00."""
    report = date(2026, 11, 25)
    assert reaction_over(report, timing) == closes_at(reaction) + timedelta(minutes=10)
    assert days_needed(report, timing)[1] == reaction
    await followed.open(candidate(timing, report))
    followed.at(reaction_over(report, timing) + timedelta(hours=1))
    await followed.outcomes.collect()
    outcome = (await followed.trade()).outcome
    if timing is Timing.DMH:
        # Sure only with the next session, which for this expiry is its last.
        assert outcome is None
        followed.at(closes_at(EXPIRY) + timedelta(hours=1))
        await followed.outcomes.collect()
        outcome = (await followed.trade()).outcome
    assert outcome is not None
    assert (outcome.base_day, outcome.reaction_day) == (base, reaction)


async def test_two_positions_on_one_report_cost_one_request(followed: Followed) -> None:
    await followed.open(contracts=1)
    await followed.open(contracts=1)
    followed.at(OVER)
    await followed.outcomes.collect()
    assert len(followed.venue.requests) == 1
    outcomes = [trade.outcome for trade in await followed.rows.trades()]
    assert outcomes[0] == outcomes[1] is not None


async def test_a_vendor_that_refuses_is_asked_again_later_and_the_reason_stands(followed: Followed) -> None:
    await followed.open()
    followed.at(OVER)
    followed.venue.down = True
    for _ in range(3):
        await followed.outcomes.collect()
    assert len(followed.venue.requests) == 1, "not again at once"
    outcome = (await followed.trade()).outcome
    assert outcome is not None
    assert (outcome.close_move, outcome.problem) == (None, "memory: no answer")
    followed.venue.down = False
    del followed.venue.bars[date(2026, 11, 25)]
    followed.desk.clock.forward(minutes=31)
    await followed.outcomes.collect()
    outcome = (await followed.trade()).outcome
    assert outcome is not None
    assert outcome.problem == "no daily bar of 2026-11-25"
    followed.venue.bars[date(2026, 11, 25)] = (134.9, 132.06)
    followed.desk.clock.forward(minutes=31)
    await followed.outcomes.collect()
    outcome = (await followed.trade()).outcome
    assert outcome is not None
    assert outcome.problem == ""
    assert outcome.close_move == pytest.approx(-0.07)


async def test_bars_that_never_come_are_given_up(followed: Followed) -> None:
    await followed.open()
    followed.venue.bars.clear()
    for days in (1, 20, 40, 60):
        followed.at(OVER + timedelta(days=days))
        await followed.outcomes.collect()
    assert len(followed.venue.requests) == 2


async def test_a_trade_closed_before_its_report_asks_for_nothing(followed: Followed) -> None:
    await followed.open()
    await followed.desk.broker.close_position(await followed.desk.broker.closing_ticket("P1"))
    followed.at(OVER)
    await followed.outcomes.collect()
    assert followed.venue.requests == []
    closed = await followed.trade()
    assert closed.ending == "closed before the report"
    assert closed.exit is not None
    assert (closed.exit.spot, str(closed.exit.mid), str(closed.exit.natural)) == (142.31, "-0.62", "-0.70")
    assert closed.after is None


async def test_a_trade_closed_in_the_reaction_session_still_gets_its_move(followed: Followed) -> None:
    await followed.open()
    followed.at(OPEN_AFTER)
    await followed.desk.broker.close_position(await followed.desk.broker.closing_ticket("P1"))
    followed.at(OVER)
    await followed.outcomes.collect()
    closed = await followed.trade()
    assert closed.outcome is not None
    assert closed.outcome.close_move == pytest.approx(-0.07)
    assert closed.after is not None, "nobody marked in between: the exit's own volatility"
    assert closed.after[1] == OPEN_AFTER


async def test_the_first_look_after_the_report_is_kept(followed: Followed) -> None:
    await followed.open()
    followed.at(MORNING + timedelta(hours=1))
    await followed.desk.marker.mark()
    assert (await followed.trade()).outcome is None, "before the report"
    followed.at(OPEN_AFTER - timedelta(minutes=2))
    await followed.desk.marker.mark()
    assert (await followed.trade()).outcome is None, "before the open"
    followed.at(OPEN_AFTER)
    followed.desk.venue.age = 120.0
    await followed.desk.marker.mark()
    assert (await followed.trade()).outcome is None, "these quotes are from before the open"
    followed.desk.venue.age = 1.0
    await followed.desk.marker.mark()
    first = (await followed.trade()).after
    assert first is not None
    assert first[1] == OPEN_AFTER
    followed.desk.clock.forward(minutes=20)
    await _mark_anew(followed, spot=150.0)
    assert (await followed.trade()).after == first, "the market has not settled yet"
    followed.at(SETTLED)
    await _mark_anew(followed, spot=149.0)
    second = (await followed.trade()).after
    assert second is not None
    assert second[1] == SETTLED
    assert second[0] != first[0]
    followed.desk.clock.forward(hours=1)
    await _mark_anew(followed, spot=148.0)
    assert (await followed.trade()).after == second
    followed.at(OVER)
    await followed.outcomes.collect()
    both = await followed.trade()
    assert both.after == second
    assert both.outcome is not None
    assert both.outcome.close_move == pytest.approx(-0.07)


async def test_a_chain_without_a_market_at_the_money_is_no_look(followed: Followed) -> None:
    await followed.open()
    followed.at(OPEN_AFTER)
    market, followed.desk.venue.market = followed.desk.venue.market, {}
    await followed.desk.marker.mark()
    assert (await followed.trade()).outcome is None
    followed.desk.venue.market = market
    followed.desk.clock.forward(minutes=1)
    await followed.desk.marker.mark()
    assert (await followed.trade()).after is not None


async def test_a_position_without_an_entry_stays_unknown(followed: Followed, tmp_path: Path) -> None:
    await followed.open()
    _execute(tmp_path, "DELETE FROM portfolio_entries")
    followed.at(OPEN_AFTER)
    await followed.desk.marker.mark()
    followed.at(OVER)
    await followed.outcomes.collect()
    old = await followed.trade()
    assert (old.entry, old.outcome, followed.venue.requests) == (None, None, [])


async def test_at_expiry_the_settlement_price_is_the_spot(followed: Followed) -> None:
    await followed.open()
    followed.at(closes_at(EXPIRY) + timedelta(hours=1))
    followed.desk.venue.closes = {EXPIRY: 129.5}
    await followed.desk.marker.mark()
    settled = await followed.trade()
    assert (settled.ending, settled.exit and settled.exit.spot) == ("expired", 129.5)
    assert settled.note is not None
    assert settled.note.startswith("settled at 129.5")


async def test_a_second_cockpit_only_reads(followed: Followed, tmp_path: Path) -> None:
    await followed.open()
    followed.at(OVER)
    async with open_database(Paths(tmp_path, tmp_path)) as guest:
        assert guest.read_only
        watcher = Outcomes(guest, followed.venue, followed.desk.clock)
        await watcher.collect()
        await asyncio.wait_for(watcher.run(), 5)
        assert followed.venue.requests == []
        await followed.outcomes.collect()
        seen = await TradeRows(guest).trade("P1")
        assert seen == await followed.trade()
        assert seen is not None
        assert seen.outcome is not None


async def test_the_worker_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        first = Followed(desk)
        await first.open()
        clock = desk.clock
    clock.instant = OVER
    async with open_desk(tmp_path, clock) as desk:
        again = Followed(desk)
        running = asyncio.create_task(again.outcomes.run())
        try:
            await _until_moved(again)
        finally:
            running.cancel()
        assert len(again.venue.requests) == 1


async def test_what_was_kept_is_never_changed(followed: Followed, tmp_path: Path) -> None:
    await followed.open()
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        _execute(tmp_path, "UPDATE portfolio_entries SET pop = 1")


@pytest.mark.parametrize("asked", ["P2", "P0", "1x", "P", "P999999999999999999999999", "P²"])
async def test_there_is_no_trade_of_another_id(followed: Followed, asked: str) -> None:
    await followed.open()
    assert await followed.rows.trade(asked) is None


async def test_an_early_look_stands_where_that_day_had_no_other(followed: Followed) -> None:
    await followed.open()
    followed.at(OPEN_AFTER)
    await followed.desk.marker.mark()
    first = (await followed.trade()).after
    followed.at(datetime(2026, 11, 27, 15, 30, tzinfo=UTC))
    await _mark_anew(followed, spot=149.0)
    assert (await followed.trade()).after == first is not None


async def test_a_report_that_the_calendar_moves_is_judged_on_its_new_day(followed: Followed) -> None:
    """Thought to come on Tuesday, it comes on Wednesday after the close: the reaction is Friday's, after a holiday."""
    await followed.open()
    boards = followed.desk.boards
    followed.at(OPEN_AFTER)
    await followed.desk.marker.mark()
    early = (await followed.trade()).after
    assert early is not None
    moved = replace(candidate(report=date(2026, 11, 25)), scanned_at=OPEN_AFTER)
    for doubtful in (
        replace(moved, scanned_at=MORNING),
        replace(moved, problem="no coming report is known"),
        replace(moved, report_date=date(2027, 2, 24)),
    ):
        boards.candidates.put(SYMBOL, doubtful)
        await followed.desk.marker.mark()
        assert (await followed.trade()).report_date == REPORT
    boards.candidates.put(SYMBOL, moved)
    await followed.desk.marker.mark()
    held = boards.positions.get("P1")
    assert held is not None
    assert held.report_date == date(2026, 11, 25)
    trade = await followed.trade()
    assert trade.entry is not None
    assert (trade.report_date, trade.entry.report_date) == (date(2026, 11, 25), REPORT)
    assert trade.after is None, "what was seen before the report is no look after it"
    followed.at(OVER)
    await followed.outcomes.collect()
    assert followed.venue.requests == []
    followed.at(datetime(2026, 11, 27, 15, 30, tzinfo=UTC))
    await followed.desk.marker.mark()
    after = (await followed.trade()).after
    assert after is not None
    assert after[1] == datetime(2026, 11, 27, 15, 30, tzinfo=UTC)
    followed.at(closes_at(EXPIRY) + timedelta(hours=1))
    await followed.outcomes.collect()
    outcome = (await followed.trade()).outcome
    assert outcome is not None
    assert (outcome.base_day, outcome.reaction_day) == (date(2026, 11, 25), date(2026, 11, 27))


async def _mark_anew(followed: Followed, spot: float) -> None:
    """Mark as after a restart."""
    followed.desk.venue.spot = spot
    followed.desk.marker._outcomes = Outcomes(followed.desk.database, followed.venue, followed.desk.clock)
    await followed.desk.marker.mark()


async def _until_moved(followed: Followed) -> None:
    for _ in range(1000):
        outcome = (await followed.trade()).outcome
        if outcome is not None and outcome.close_move is not None:
            return
        await asyncio.sleep(0.005)
    pytest.fail("the move has not been kept")


def _execute(folder: Path, *statements: str) -> Sequence[object]:
    connection = sqlite3.connect(folder / "cockpit.db")
    try:
        with connection:
            return [connection.execute(statement).fetchall() for statement in statements]
    finally:
        connection.close()


CHILD = """
import asyncio, sys
from pathlib import Path
from tests.portfolio.market import condor, open_desk
from tests.portfolio.test_outcomes import candidate

async def main() -> None:
    async with open_desk(Path(sys.argv[1])) as desk:
        await desk.broker.open_position(await desk.broker.opening_ticket(condor()), 1, candidate())
        print("opened", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_kill_9_between_the_fill_and_the_outcome_loses_neither(tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(tmp_path), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"opened\n"
    child.kill()
    await child.wait()
    async with open_desk(tmp_path) as desk:
        followed = Followed(desk)
        opened = await followed.trade()
        assert opened.entry is not None
        assert opened.entry.implied_move == 0.079
        followed.at(OVER)
        await followed.outcomes.collect()
        outcome = (await followed.trade()).outcome
        assert outcome is not None
        assert outcome.close_move == pytest.approx(-0.07)
