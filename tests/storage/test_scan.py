"""The last scan is there after a restart, and its spreads can be found by their ids."""

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from cockpit.commands import ScanResult
from cockpit.options.contract import Greeks, OptionQuote, Right, occ_symbol
from cockpit.paths import Paths
from cockpit.scan.candidate import Candidate
from cockpit.scan.earnings import Timing
from cockpit.scan.liquidity import Tier
from cockpit.scan.moves import Reaction
from cockpit.spreads.structure import Leg, Score, ScorePart, ScorerTotal, Size, Spread, StructureKind, spread_id
from cockpit.storage.database import open_database
from cockpit.storage.scan import ScanRows, find_spread, latest_scan, save_scan
from cockpit.storage.scores import scored_trades

NOW = datetime(2026, 11, 24, 15, 42, tzinfo=UTC)
EXPIRY = date(2026, 11, 27)


def _spread(symbol: str = "NVDA", short: float = 130.0, fill: float = 0.34) -> Spread:
    legs = tuple(
        Leg(
            quantity,
            OptionQuote(
                occ_symbol(symbol, EXPIRY, Right.PUT, strike),
                symbol,
                EXPIRY,
                strike,
                Right.PUT,
                bid=1.21,
                ask=1.25,
                greeks=Greeks(-0.17, 0.02, None, 0.05),
                quoted_at=NOW,
            ),
        )
        for quantity, strike in ((1, short - 2), (-1, short))
    )
    return Spread(
        spread_id=spread_id(symbol, EXPIRY, StructureKind.BULL_PUT, (short - 2, short)),
        symbol=symbol,
        kind=StructureKind.BULL_PUT,
        expiry=EXPIRY,
        legs=legs,
        mid=0.36,
        natural=0.3,
        fill=fill,
        max_profit=34.0,
        max_loss=166.0,
        breakevens=(129.66,),
        reward_risk=0.2048,
        commission=0.7,
        pop=0.82,
        pop_delta=None,
        ev=0.05,
        greeks=None,
        tier=Tier.GOOD,
        score=Score("ev", 64.0, (ScorePart("ev", 0.05, 35.0, 12.5),), "why", ("no greeks",)),
        size=Size(None, 0.025, 3, "trade_cap"),
        rejected=None,
        quoted_at=NOW,
    )


def _result(minutes: int = 0, fill: float = 0.34) -> ScanResult:
    started = NOW + timedelta(minutes=minutes)
    reaction = Reaction(date(2026, 8, 26), Timing.AMC, date(2026, 8, 26), date(2026, 8, 27), -0.06, 0.04, 0.08)
    return ScanResult(
        started,
        started + timedelta(seconds=12),
        (
            Candidate("NVDA", "Nvidia", EXPIRY, Timing.AMC, started, tier=Tier.EXCELLENT, reactions=(reaction,)),
            Candidate("CRM", "Salesforce", EXPIRY, Timing.UNKNOWN, started, problem="no chain"),
        ),
        {"NVDA": (_spread(fill=fill), _spread(short=128.0)), "CRM": (_spread("CRM", 300.0),)},
    )


async def test_there_is_no_scan_at_first(paths: Paths) -> None:
    async with open_database(paths) as database:
        assert await latest_scan(database) is None
        assert await find_spread(database, "NVDA:261127:BP:128/130") is None


async def test_the_last_scan_comes_back_whole_and_in_order(paths: Paths) -> None:
    async with open_database(paths) as database:
        await save_scan(database, _result())
        await ScanRows(database).save(_result(5))
    async with open_database(paths) as database:
        assert await latest_scan(database) == _result(5)


async def test_a_spread_is_found_as_it_was_seen_last(paths: Paths) -> None:
    async with open_database(paths) as database:
        await save_scan(database, _result(fill=0.34))
        await save_scan(database, _result(5, fill=0.29))
        assert await find_spread(database, "NVDA:261127:BP:128/130") == _spread(fill=0.29)
        assert await find_spread(database, "CRM:261127:BP:298/300") == _spread("CRM", 300.0)


async def test_old_scans_are_forgotten(paths: Paths) -> None:
    async with open_database(paths) as database:
        for minutes in range(13):
            await save_scan(database, _result(minutes))
        async with database.read() as connection:
            for table, rows in (("scan_runs", 10), ("scan_candidates", 20), ("scan_spreads", 30)):
                ((count,),) = await connection.execute_fetchall(f"SELECT count(*) FROM {table}")
                assert count == rows, table


async def test_a_scan_that_cannot_be_read_is_no_scan(paths: Paths) -> None:
    async with open_database(paths) as database:
        await save_scan(database, _result())
    with sqlite3.connect(paths.database) as connection:
        connection.execute("UPDATE scan_candidates SET body = replace(body, 'report_date', 'day')")
        connection.execute("UPDATE scan_spreads SET body = '{}'")
    connection.close()
    async with open_database(paths) as database:
        assert await latest_scan(database) is None
        assert await find_spread(database, "NVDA:261127:BP:128/130") is None


async def test_every_scorers_word_outlives_the_scan_and_meets_the_settled_trade(paths: Paths) -> None:
    first, second = _spread(short=130.0), _spread(short=128.0)
    totals = ((ScorerTotal("ev", 64.0), ScorerTotal("v1", 50.0)), (ScorerTotal("ev", 40.0), ScorerTotal("v1", 70.0)))
    spreads = tuple(replace(one, totals=given) for one, given in zip((first, second), totals, strict=True))
    async with open_database(paths) as database:
        for minutes in (0, 15):
            at = NOW + timedelta(minutes=minutes)
            await save_scan(database, ScanResult(at, at, (), {"NVDA": spreads}))
        for number in range(12):
            at = NOW + timedelta(days=1, minutes=number)
            await save_scan(database, ScanResult(at, at, (), {}))
        async with database.write() as connection:
            await connection.execute(
                "INSERT INTO portfolio_positions (spread_id, symbol, kind, expiry, contracts, credit_e4, max_loss_e4, "
                "fees_e4, opened_at, closed_at, reason, debit_e4, closing_fees_e4, realised_e4) "
                "VALUES (?, 'NVDA', 'bull_put', '2026-11-27', 1, 3400, 1660000, 7000, ?, ?, 'closed', 0, 0, 332000)",
                (second.spread_id, NOW.isoformat(), NOW.isoformat()),
            )
        found = await scored_trades(database)
    assert [(trade.scorer, trade.total, trade.rank) for trade in found] == [("ev", 40.0, 2), ("v1", 70.0, 1)]
    assert found[0].return_on_risk == 0.2


async def test_a_name_scanned_by_itself_stands_among_those_of_the_whole_scan(paths: Paths) -> None:
    whole = _result()
    (nvda, *_), later = whole.candidates, NOW + timedelta(hours=1)
    names = tuple(replace(nvda, symbol=symbol, spot=7.0) for symbol in ("CRM", "WDAY"))
    spreads: dict[str, tuple[Spread, ...]] = {symbol: (_spread(symbol),) for symbol in ("CRM", "WDAY")}
    alone = ScanResult(later, later, names, spreads, whole=False)
    async with open_database(paths) as database:
        await save_scan(database, whole)
        for _ in range(12):
            await save_scan(database, alone)
        found = await latest_scan(database)
    assert found is not None
    assert (found.started_at, found.finished_at) == (whole.started_at, whole.finished_at)
    assert {one.symbol: one.spot for one in found.candidates} == {"NVDA": None, "CRM": 7.0, "WDAY": 7.0}
    assert found.spreads == {**whole.spreads, **spreads}
