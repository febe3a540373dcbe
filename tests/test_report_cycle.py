"""A report of the embedded market lived through by its clock: opened before, jumped past, kept, closed, judged."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest

from cockpit.context import Context, open_context
from cockpit.portfolio.scorecard import Share, scorecard
from cockpit.portfolio.trade import Passage, Trade
from cockpit.scan.earnings import Timing
from cockpit.settings import Settings
from cockpit.spreads.structure import StructureKind
from cockpit.validation import load_settings

NAME = "MDB"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    flags = [("paths.data_dir", str(tmp_path)), ("scan.every_minutes", "0")]
    return load_settings(flags=flags, environment={}).settings


async def _only(context: Context) -> Trade:
    (trade,) = await context.commands.trades()
    return trade


async def _until(held: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await held():  # noqa: ASYNC110 - a database calls nobody
            await asyncio.sleep(0.05)


async def test_a_trade_through_its_report(settings: Settings) -> None:
    async with open_context(settings) as context:
        await context.commands.scan([NAME])
        known = context.boards.candidates.get(NAME)
        assert known is not None
        condor = next(
            spread for spread in context.boards.spreads.get(NAME) or () if spread.kind is StructureKind.IRON_CONDOR
        )
        await context.commands.open_position(await context.commands.opening_ticket(condor.spread_id), 2)
        opened = await _only(context)
        assert opened.entry is not None
        assert (opened.entry.report_date, opened.entry.timing) == (date(2026, 11, 24), Timing.AMC)
        assert (opened.entry.implied_move, opened.entry.vrp) == (known.implied_move, known.vrp)

        moved = await context.commands.next_session()
        crushed = await _only(context)
        assert crushed.passage(context.clock.now()) is Passage.THROUGH
        assert crushed.after is not None, "the jump itself looks at the chain"
        assert crushed.entry is not None
        assert crushed.entry.atm_iv is not None
        assert crushed.after[0] < 0.8 * crushed.entry.atm_iv
        assert crushed.outcome is not None
        assert crushed.outcome.close_move is None, "its session has only begun"

    # The cockpit is closed and opened again between the report and the end of its session.
    async with open_context(settings, background=True) as context:
        assert context.clock.now() >= moved
        await context.commands.next_session()

        async def told() -> bool:
            outcome = (await _only(context)).outcome
            return outcome is not None and outcome.close_move is not None

        await _until(told)
        bars = await context.broker._venue.daily_history(NAME, date(2026, 11, 24), date(2026, 11, 25))
        outcome = (await _only(context)).outcome
        assert outcome is not None
        assert outcome.close_move == pytest.approx(bars[1].close / bars[0].close - 1.0)
        assert outcome.gap == pytest.approx(bars[1].open / bars[0].close - 1.0)

        closed = await context.commands.close_position(await context.commands.closing_ticket("P1"))
        async with open_context(settings) as guest:
            assert guest.read_only is not None
            await guest.outcomes.collect()
            card = scorecard(await guest.commands.trades())
        assert (card.net, card.trades, card.won) == (closed.realised, 1, Share(int(closed.realised > 0), 1))
        assert card.move.realised == pytest.approx(abs(outcome.close_move or 0.0))
        assert card.move.inside == Share(int(abs(outcome.close_move or 0.0) <= (card.move.implied or 0.0)), 1)
        assert card.volatility.trades == 1
        assert (await _only(context)).ending == "closed after the report"
