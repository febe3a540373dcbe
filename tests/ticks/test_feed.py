"""The feed survives what exchanges do, misses nothing that can be had, and shows what it knows."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from itertools import pairwise

import pytest

from cockpit.boards import Boards
from cockpit.clock import SystemClock
from cockpit.health.status import FeedStatus, State
from cockpit.net.http import HttpClient
from cockpit.paths import Paths
from cockpit.providers.binance import Binance
from cockpit.settings import BinanceSettings, TickSettings
from cockpit.storage.database import Database, open_database
from cockpit.storage.gaps import GapRow, GapState
from cockpit.ticks.feed import Feed
from cockpit.ticks.quote import Ticker
from cockpit.ticks.recorder import Recorder
from tests.ticks.ledger import ledger
from tests.ticks.trades import ids, stored_ids, trade, trades, until
from tests.ticks.venue import FakeVenue, book, frame

SETTINGS = TickSettings(batch_rows=100, batch_seconds=0.2, idle_seconds=0.02, ring=10_000, mute_seconds=0.5)
PATIENT = SETTINGS.model_copy(update={"mute_seconds": 30.0})


@dataclass(frozen=True, slots=True)
class Session:
    venue: FakeVenue
    feed: Feed
    recorder: Recorder
    boards: Boards
    database: Database

    @property
    def row(self) -> Ticker:
        row = self.boards.ticks.get("BTCUSDT")
        assert row is not None
        return row

    async def settled(self, *, reconnected: int = 0) -> None:
        """Wait until a connection is open on both ends."""
        await until(lambda: self.feed.status().reconnects >= reconnected)
        await until(lambda: self.venue.open_connections > 0 and self.feed.status().state is not State.DOWN)

    async def ledger(self, state: GapState | None = None) -> list[GapRow]:
        """What the ledger says of all symbols; with a state, once a gap of it is there."""
        async with asyncio.timeout(30):
            while True:
                rows = await ledger(self.database)
                if state is None or any(row.state is state for row in rows):
                    return rows
                await asyncio.sleep(0.01)

    async def stored(self, count: int) -> None:
        await until(lambda: self.feed.status().stored >= count)


async def test_trades_books_and_days_are_on_the_board_and_in_the_database(paths: Paths) -> None:
    async with _session(paths) as session:
        assert session.row.symbol == "BTCUSDT"
        await session.settled()
        await until(lambda: session.row.change is not None)
        assert session.row.last == Decimal("50500.00"), "the day's close stands in before the first trade"
        assert session.row.change == pytest.approx(0.01)
        await session.venue.send(book("BTCUSDT", "50999.99", "51000.01"))
        await session.venue.trade([trade(1, price="51100"), trade(2, price="51000"), trade(3, price="51000")])
        await until(lambda: session.row.traded_ms == trade(3).time_ms)
        row = session.row
        assert (row.last, row.bid, row.ask) == (Decimal(51000), Decimal("50999.99"), Decimal("51000.01"))
        assert row.change == pytest.approx(0.02)
        assert row.last_move == -1
        assert row.spark[-1] == 51000.0
        assert row.trades_per_second == pytest.approx(0.3)
        assert row.received_at is not None
        await session.stored(3)
        status = session.feed.status()
        assert (status.state, status.received, status.stored, status.gaps) == (State.UP, 3, 3, 0)
        assert status.lag_ms is not None
    assert stored_ids(paths) == [1, 2, 3]


async def test_a_closed_connection_is_replaced_and_what_was_missed_is_fetched(paths: Paths) -> None:
    async with _session(paths) as session:
        await session.settled()
        await session.venue.trade(trades(1, 100))
        await until(lambda: session.feed.status().received == 100)
        for round_, code in enumerate((1000, 1001, 1011), 1):
            first = 1 + 2100 * round_ - 2000
            await session.venue.hang_up(code)
            await session.venue.trade(trades(first, first + 1999), unseen=True)
            await session.settled(reconnected=round_)
            await session.venue.trade(trades(first + 2000, first + 2099))
            await session.stored(first + 2099)
        await until(lambda: session.feed.status().gaps == 0)
        assert session.feed.status().reconnects == 3
        assert len(session.venue.log) == 6400
    assert stored_ids(paths) == ids(session.venue.log)


async def test_what_the_venue_does_not_give_stays_counted_as_missing(paths: Paths) -> None:
    async with _session(paths) as session:
        session.venue.refuse_history = True
        await session.settled()
        await session.venue.trade(trades(1, 5))
        await session.venue.trade(trades(6, 8), unseen=True)
        await session.venue.trade(trades(9, 10))
        await session.stored(7)
        await until(lambda: session.row.gaps == 3)
        assert session.feed.status().gaps == 3
    assert stored_ids(paths) == [1, 2, 3, 4, 5, 9, 10]


async def test_a_mute_connection_is_replaced(paths: Paths) -> None:
    async with _session(paths, SETTINGS) as session:
        await session.settled()
        await session.venue.trade(trades(1, 3))
        await until(lambda: "was mute for 0.5 s" in session.feed.status().message)
        assert session.feed.status().state is State.DOWN
        await until(lambda: session.venue.connections >= 2)
        await session.venue.trade(trades(4, 5), unseen=True)

        async def trade_until_stored() -> None:
            number = 5
            while session.recorder.stored < 8:
                number += 1
                await session.venue.trade([trade(number)])
                await asyncio.sleep(0.02)

        async with asyncio.timeout(30):
            await trade_until_stored()
        await until(lambda: session.feed.status().gaps == 0)
    stored = stored_ids(paths)
    assert stored == list(range(1, len(stored) + 1))


async def test_rubbish_is_counted_and_harms_nothing(paths: Paths) -> None:
    rubbish: list[str | bytes] = [
        *("", "{", "[]", "null", '"text"', "[" * 5000),
        b"\xff\xfe",
        frame(trade(99)).replace("87", "NaN"),
        frame(trade(99)).replace('"t": 99', '"t": "99"'),
        frame(trade(99, symbol="DOGEUSDT")),
        frame(trade(2**43)),
    ]
    async with _session(paths) as session:
        await session.settled()
        for number, one in enumerate(rubbish, 1):
            await session.venue.send(one)
            await session.venue.trade([trade(number)])
        await session.stored(len(rubbish))
        status = session.feed.status()
        assert (status.state, status.reconnects, status.gaps) == (State.UP, 0, 0)
        assert status.rejected == len(rubbish)
    assert stored_ids(paths) == list(range(1, len(rubbish) + 1))


async def test_duplicates_and_late_trades_are_stored_once(paths: Paths) -> None:
    async with _session(paths) as session:
        session.venue.refuse_history = True
        await session.settled()
        for number in (1, 2, 2, 1, 5, 4, 3, 5, 6):
            await session.venue.send(frame(trade(number)))
        await session.stored(6)
        assert session.feed.status().gaps == 0
        assert session.recorder.duplicates == 0
    assert stored_ids(paths) == [1, 2, 3, 4, 5, 6]


async def test_every_gap_is_in_the_ledger_with_what_became_of_it(paths: Paths) -> None:
    async with _session(paths) as session:
        await session.settled()
        await session.venue.trade(trades(1, 10))
        await session.venue.trade(trades(11, 20), unseen=True)
        await session.venue.trade([trade(21)])
        await session.ledger(GapState.FILLED)
        session.venue.refuse_history = True
        del session.venue.log[25:]
        await session.venue.trade([trade(30)])
        filled, still_open = await session.ledger(GapState.OPEN)
        assert (filled.first_id, filled.last_id, filled.reason) == (11, 20, "missing in the stream")
        assert (filled.first_ms, filled.last_ms) == (trade(10).time_ms, trade(21).time_ms)
        assert (still_open.first_id, still_open.last_id, still_open.ended_ms) == (22, 29, None)
        assert session.row.gaps == 8
        await until(lambda: session.row.backfilled == 10)
        await until(lambda: "a gap cannot be filled now" in session.feed.status().message)


async def test_many_small_gaps_are_fetched_with_few_requests(paths: Paths) -> None:
    async with _session(paths, limits=("100/2s",)) as session:  # a quarter of it: one request in two seconds
        await session.settled()
        await session.venue.trade(trades(1, 10))
        for first, after in pairwise((11, 201, 501, 801, 1101, 1402)):
            await session.venue.trade(trades(first, first + 9), unseen=True)
            await session.venue.trade(trades(first + 10, after - 1))
            if first == 11:
                await session.ledger(GapState.FILLED)
        await until(lambda: session.row.backfilled == 50)
        assert len([path for path in session.venue.requests if "historicalTrades" in path]) == 2
        await until(lambda: session.feed.status().open_gaps == 0)
        assert [gap.state for gap in await session.ledger()] == [GapState.FILLED] * 5
        await session.stored(1401)
    assert stored_ids(paths) == list(range(1, 1402))


async def test_a_page_that_the_stream_has_filled_in_part_is_asked_for_from_there(paths: Paths) -> None:
    async with _session(paths) as session:
        await session.settled()
        await session.venue.trade([trade(1)])
        await session.venue.trade(trades(2, 3000), unseen=True)
        await session.venue.send(frame(trade(3001)))
        for number in range(2, 1502):
            await session.venue.send(frame(trade(number)))
        await session.ledger(GapState.FILLED)
        assert session.feed.status().gaps == 0
        await session.stored(3001)
    assert stored_ids(paths) == list(range(1, 3002))


async def test_an_open_gap_is_taken_up_at_the_next_start(paths: Paths) -> None:
    venue = FakeVenue()
    venue.refuse_history = True
    async with _session(paths, venue=venue) as session:
        await session.settled()
        await venue.trade(trades(1, 5))
        await venue.trade(trades(6, 8), unseen=True)
        await venue.trade(trades(9, 10))
        await session.ledger(GapState.OPEN)
    venue.refuse_history = False
    async with _session(paths, venue=venue) as session:
        assert [gap.first_id for gap in await session.ledger(GapState.FILLED)] == [6]
    assert stored_ids(paths) == list(range(1, 11))


async def test_what_was_missed_between_two_sessions_is_fetched(paths: Paths) -> None:
    venue, start_ms = FakeVenue(), int(time.time() * 1000)
    recent = [trade(number, time_ms=start_ms + number) for number in range(1, 121)]
    async with _session(paths, venue=venue) as session:
        await session.settled()
        await venue.trade(recent[:10])
        await session.stored(10)
    await venue.trade(recent[10:110], unseen=True)
    async with _session(paths, venue=venue) as session:
        await session.settled()
        await venue.trade(recent[110:])
        (gap,) = await session.ledger(GapState.FILLED)
        assert (gap.first_id, gap.last_id, gap.reason) == (11, 110, "missed since the last session")
        await until(lambda: session.row.backfilled == 100)
        await session.stored(110)
    assert stored_ids(paths) == list(range(1, 121))


async def test_what_is_too_old_is_not_fetched_and_the_ledger_says_so(paths: Paths) -> None:
    venue, now_ms = FakeVenue(), int(time.time() * 1000)
    old = [trade(number, time_ms=now_ms - 10 * 3_600_000 + number) for number in range(1, 51)]
    recent = [trade(number, time_ms=now_ms - 60_000 + number) for number in range(51, 101)]
    async with _session(paths, venue=venue) as session:
        await session.settled()
        await venue.trade(old[:10])
        await session.stored(10)
    await venue.trade([*old[10:], *recent[:-1]], unseen=True)
    async with _session(paths, venue=venue) as session:
        await session.settled()
        await venue.trade(recent[-1:])
        await session.ledger(GapState.FILLED)
        states = {(gap.first_id, gap.last_id): gap.state for gap in await session.ledger()}
        assert states == {(11, 50): GapState.UNFILLABLE, (51, 99): GapState.FILLED}
        assert session.feed.status().gaps == 0
    assert stored_ids(paths) == [*range(1, 11), *range(51, 101)]


async def test_a_trade_that_the_ring_had_no_room_for_is_fetched_again(paths: Paths) -> None:
    settings = PATIENT.model_copy(update={"ring": 1000, "batch_rows": 100_000, "batch_seconds": 1.0})
    async with _session(paths, settings) as session:
        await session.settled()
        await session.venue.trade(trades(1, 3000))
        await session.stored(3000)
        assert session.recorder.overflowed >= 1
        assert await session.ledger(GapState.FILLED)
        assert session.feed.status().gaps == 0
    assert stored_ids(paths) == list(range(1, 3001))


async def test_a_symbol_that_falls_silent_while_the_venue_trades_is_connected_anew(paths: Paths) -> None:
    settings = PATIENT.model_copy(update={"quiet_seconds": 0.3})
    async with _session(paths, settings, symbols=("BTCUSDT", "ETHUSDT")) as session:
        await session.settled()
        await session.venue.trade([*trades(1, 3), *trades(1, 3, "ETHUSDT")])
        await session.venue.trade(trades(4, 9, "ETHUSDT"), unseen=True)
        await until(lambda: session.feed.status().reconnects >= 1)
        await session.stored(12)
        rows = await session.ledger(GapState.FILLED)
        assert [(gap.symbol, gap.first_id, gap.last_id) for gap in rows if gap.state is GapState.FILLED] == [
            ("ETHUSDT", 4, 9)
        ]
    assert stored_ids(paths, "ETHUSDT") == list(range(1, 10))


async def test_a_halt_is_no_gap(paths: Paths) -> None:
    settings = PATIENT.model_copy(update={"quiet_seconds": 0.2})
    async with _session(paths, settings) as session:
        await session.settled()
        await session.venue.trade(trades(1, 3))
        (halt,) = await session.ledger(GapState.HALTED)
        assert (halt.first_id, halt.last_id, halt.ended_ms) == (4, 3, None)
        await session.venue.trade(trades(4, 6))
        async with asyncio.timeout(30):
            while (await session.ledger())[0].ended_ms is None:  # noqa: ASYNC110 - a database has no events
                await asyncio.sleep(0.02)
        assert (session.feed.status().reconnects, session.feed.status().gaps) == (0, 0)


async def test_a_new_connection_takes_over_before_the_old_one_is_too_old(paths: Paths) -> None:
    settings = PATIENT.model_copy(update={"rollover_seconds": 0.6})
    async with _session(paths, settings) as session:
        await session.settled()
        number = 0
        async with asyncio.timeout(30):
            while session.feed.status().reconnects < 3:
                number += 1
                await session.venue.trade([trade(number)])
                await asyncio.sleep(0.01)
        await session.stored(number)
        assert session.venue.connections == 4
        assert await session.ledger() == []
        assert session.feed.status().backfilled == 0
    assert stored_ids(paths) == list(range(1, number + 1))


async def test_latency_is_told_by_the_venues_clock(paths: Paths) -> None:
    venue = FakeVenue()
    venue.ahead_ms = 90_000.0
    async with _session(paths, venue=venue) as session:
        await session.settled()
        await until(lambda: session.feed.status().clock_offset_ms is not None)
        await venue.trade([trade(1, time_ms=int(time.time() * 1000) + 90_000)])
        await until(lambda: session.row.lag_ms is not None)
        assert session.feed.status().clock_offset_ms == pytest.approx(90_000, abs=5_000)
        assert session.row.lag_ms == pytest.approx(0.0, abs=5_000), "not a minute and a half early"


async def test_a_jump_of_the_clock_is_no_gap(paths: Paths) -> None:
    async with _session(paths) as session:
        await session.settled()
        await session.venue.trade(trades(1, 10))
        await session.stored(10)
        session.feed.rebase()
        await session.venue.trade([*trades(11, 12), *trades(5000, 5010), *trades(5011, 5012)])
        await session.stored(25)
        assert session.feed.status().gaps == 0
        assert not [path for path in session.venue.requests if "historicalTrades" in path]


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS, 'does not serve this location; set ticks.venue = "binance_us"'),
        (HTTPStatus.SERVICE_UNAVAILABLE, "HTTP 503"),
    ],
)
async def test_a_refusal_is_shown_as_a_sentence(paths: Paths, status: HTTPStatus, word: str) -> None:
    venue = FakeVenue()
    venue.refuse_streams = status
    async with _session(paths, venue=venue) as session:
        await until(lambda: word in session.feed.status().message)
        shown = session.boards.health.get("feed")
        assert isinstance(shown, FeedStatus)
        assert shown.state is State.DOWN
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            venue.refuse_streams = None
            await session.settled()
            await until(lambda: session.feed.status().state is State.UP)


async def test_the_board_is_not_written_once_a_trade(paths: Paths) -> None:
    async with _session(paths) as session:
        await session.settled()
        before = session.boards.ticks.version
        await session.venue.trade(trades(1, 2000))
        await session.stored(2000)
        await until(lambda: session.row.last == trade(2000).price)
        assert session.boards.ticks.version - before < 200


@asynccontextmanager
async def _session(
    paths: Paths,
    settings: TickSettings = PATIENT,
    venue: FakeVenue | None = None,
    symbols: Sequence[str] = ("BTCUSDT",),
    limits: tuple[str, ...] = ("6000/1m",),
) -> AsyncIterator[Session]:
    clock = SystemClock()
    async with (venue or FakeVenue()).running() as running, HttpClient(clock) as http, open_database(paths) as database:
        boards = Boards()
        recorder = Recorder(database, settings=settings, clock=clock)
        exchange = Binance(http, "binance", running.settings, BinanceSettings(timeout=5.0, limits=limits), clock)
        feed = Feed(
            exchange, symbols, clock=clock, boards=boards, recorder=recorder, database=database, settings=settings
        )
        tasks = [asyncio.create_task(recorder.run()), asyncio.create_task(feed.run())]
        await until(lambda: "BTCUSDT" in boards.ticks)
        try:
            yield Session(running, feed, recorder, boards, database)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await recorder.drain()
