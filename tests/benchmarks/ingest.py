"""From the socket to the committed row: CPU, loss, lag, memory, and the bars.

``COCKPIT_FULL=1`` takes the full counts: a minute at 20,000 trades a second, a million imported, and memory after
twenty million.
"""

import asyncio
import gc
import json
import logging
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from decimal import Decimal
from pathlib import Path

import psutil
from websockets.asyncio.client import connect

from cockpit.boards import Boards
from cockpit.clock import SystemClock
from cockpit.net.http import HttpClient
from cockpit.paths import Paths
from cockpit.providers.binance import Binance
from cockpit.providers.binance_frames import decode_frame
from cockpit.settings import BinanceSettings, TickSettings, VenueSettings
from cockpit.storage.bar_columns import read_bar_columns
from cockpit.storage.database import open_database
from cockpit.storage.minutes import KeyedRow, minute_sums
from cockpit.storage.sourced_bars import read_sourced_bars
from cockpit.storage.ticks import store_trades, trade_row
from cockpit.ticks.feed import Feed
from cockpit.ticks.importer import import_files
from cockpit.ticks.recorder import Recorder
from cockpit.ticks.trade import Trade
from tests.benchmarks.measurement import Measurement
from tests.benchmarks.paced_venue import SYMBOLS, payload
from tests.ticks.trades import until

FULL = os.environ.get("COCKPIT_FULL") == "1"
_PACE = 5_000
_ROUNDS, _ROUND_SECONDS, _WARM_SECONDS = (5, 10.0, 2.0) if FULL else (3, 6.0, 1.5)
_BURST, _BURST_SECONDS = 20_000, 60.0 if FULL else 10.0
_IMPORTED = 1_000_000 if FULL else 200_000
_MEMORY = (5_000_000, 20_000_000) if FULL else (300_000, 1_200_000)
_START_MS = 1_767_225_600_000
_LAG_SECONDS = 0.01


def ingest() -> Iterator[Measurement]:
    """Everything between the exchange's socket and the tables."""
    logging.getLogger("cockpit").setLevel(logging.ERROR)
    gc.set_threshold(50_000, 20, 50)
    yield from _cpu_per_tick()
    yield from _burst()
    yield from _import()
    yield from _bars()
    yield from _memory()


def _cpu_per_tick() -> Iterator[Measurement]:
    ours, bare, stored = [], [], []
    for _ in range(_ROUNDS):
        with _venue(_PACE, _ROUND_SECONDS) as port:
            bare.append(asyncio.run(_bare(port)))
        with _venue(_PACE, _ROUND_SECONDS) as port, tempfile.TemporaryDirectory() as folder:
            ours.append(asyncio.run(_ingested(port, Path(folder))))
            stored.append(_stored(Path(folder)))
    assert set(stored) == {int(_PACE * _ROUND_SECONDS)}, stored
    yield Measurement(
        f"cpu_per_tick_at_{_PACE}",
        sorted(ours)[_ROUNDS // 2],
        "us",
        sorted(bare)[_ROUNDS // 2],
        "bare websockets, json",
    )


def _burst() -> Iterator[Measurement]:
    wanted = int(_BURST * _BURST_SECONDS)
    lags: list[float] = []
    with _venue(_BURST, _BURST_SECONDS) as port, tempfile.TemporaryDirectory() as folder:
        cpu = asyncio.run(_ingested(port, Path(folder), wanted=wanted, lags=lags))
        lost = wanted - _stored(Path(folder))
        size = Path(folder, "cockpit.db").stat().st_size
    lags.sort()
    name = f"at_{_BURST}_for_{_BURST_SECONDS:.0f}_s"
    yield Measurement(f"cpu_{name}", cpu * _BURST / 1e4, "% of a core", 100.0, "one core")
    yield Measurement(f"lost_{name}", lost, "trades", 0, "none may be lost")
    yield Measurement(f"loop_lag_p99_{name}", lags[int(0.99 * len(lags))], "ms", 20.0, "the goal")
    yield Measurement("disk_per_trade", size / wanted, "bytes", 40.0, "the goal")


async def _bare(port: int) -> float:
    """CPU microseconds a frame of a client that only reads and parses."""
    frames = 0
    started: tuple[float, int] | None = None
    async with connect(f"ws://127.0.0.1:{port}/stream", ping_interval=None, max_queue=256) as connection:
        begin = time.perf_counter()
        while frames < int(_PACE * _ROUND_SECONDS) - 1:
            json.loads(await connection.recv())
            frames += 1
            if started is None and time.perf_counter() - begin >= _WARM_SECONDS:
                started = time.process_time(), frames
    assert started is not None
    return (time.process_time() - started[0]) * 1e6 / (frames - started[1])


async def _ingested(
    port: int, folder: Path, *, wanted: int = int(_PACE * _ROUND_SECONDS), lags: list[float] | None = None
) -> float:
    """CPU microseconds a trade, from the socket to the committed row, the bars and the board."""
    async with _cockpit(port, folder) as recorder:
        await until(lambda: recorder.stored > 0)
        await asyncio.sleep(_WARM_SECONDS)
        sampler = asyncio.create_task(_sample_lag(lags)) if lags is not None else None
        cpu, before = time.process_time(), recorder.stored
        idle, last = 0, before
        while recorder.stored < wanted and idle < 100:
            await asyncio.sleep(0.05)
            idle, last = (idle + 1 if recorder.stored == last else 0), recorder.stored
        if sampler is not None:
            sampler.cancel()
        return (time.process_time() - cpu) * 1e6 / max(1, recorder.stored - before)


async def _sample_lag(lags: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(_LAG_SECONDS)
        lags.append((time.perf_counter() - before - _LAG_SECONDS) * 1000.0)


@asynccontextmanager
async def _cockpit(port: int, folder: Path) -> AsyncIterator[Recorder]:
    """Feed, recorder and database as in a session, without a screen."""
    clock, settings = SystemClock(), TickSettings(symbols=SYMBOLS)
    venue = VenueSettings(ws_url=f"ws://127.0.0.1:{port}", rest_url=f"http://127.0.0.1:{port}")
    async with HttpClient(clock) as http, open_database(Paths(folder, folder)) as database:
        exchange = Binance(http, "binance", venue, BinanceSettings(), clock)
        recorder = Recorder(database, settings=settings, clock=clock)
        feed = Feed(
            exchange,
            SYMBOLS,
            clock=clock,
            boards=Boards(),
            recorder=recorder,
            database=database,
            settings=settings,
        )
        tasks = [asyncio.create_task(recorder.run()), asyncio.create_task(feed.run())]
        try:
            yield recorder
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await recorder.drain()


@contextmanager
def _venue(rate: float, seconds: float) -> Iterator[int]:
    command = [sys.executable, "-m", "tests.benchmarks.paced_venue", str(rate), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            yield int(child.stdout.readline())
        finally:
            child.kill()


def _stored(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "cockpit.db")) as connection:
        trades, counted = connection.execute(
            "SELECT (SELECT count(*) FROM ticks_trades), (SELECT sum(trades) FROM ticks_bars)"
        ).fetchone()
    assert trades == counted, "the bars add up to the trades"
    return int(trades)


def _import() -> Iterator[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "BTCUSDT-trades-2026-01-01.csv")
        with file.open("w") as stream:
            for number in range(_IMPORTED):
                price, quantity = f"{60_000 + number * 7919 % 997}.{number % 100:02d}", f"0.{number % 99_989 + 1:05d}"
                time_ms = _START_MS + number * 40
                stream.write(f"{number},{price},{quantity},1.0,{time_ms},{bool(number % 3)},True\n")
        started, cpu = time.perf_counter(), time.process_time()
        asyncio.run(_import_file(Path(folder), file))
        wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    yield Measurement(f"import_{_IMPORTED}_trades", wall, "s", 6.0 * _IMPORTED / 1e6, "the goal, 6 s a million")
    yield Measurement(f"import_{_IMPORTED}_trades_cpu", cpu, "s", 6.0 * _IMPORTED / 1e6, "the goal, 6 s a million")


async def _import_file(folder: Path, file: Path) -> None:
    async with open_database(Paths(folder, folder)) as database:
        report = await import_files([file], database)
    assert report.inserted == _IMPORTED


def _bars() -> Iterator[Measurement]:
    rows: list[KeyedRow] = []
    for number in range(200_000):
        event = decode_frame(payload(number, _START_MS + number), frozenset())
        assert isinstance(event, Trade)
        symbol, trade_id, *rest = trade_row(event)
        rows.append((SYMBOLS.index(symbol) + 1 << 44 | trade_id, rest[0], rest[1], rest[2]))
    rows.sort()
    ours = min(_cpu(lambda: [minute_sums(rows[at : at + 500]) for at in range(0, len(rows), 500)]) for _ in range(5))
    tight = min(_cpu(lambda: _tight(rows)) for _ in range(5))
    yield Measurement("bar_step", ours / len(rows) * 1e6, "us", tight / len(rows) * 1e6, "a tight loop in memory")
    with tempfile.TemporaryDirectory() as folder:
        read, listed = asyncio.run(_read_month(Path(folder)))
    yield Measurement("read_30_days_of_minutes", read, "ms", 50.0, "the goal; as a chart reads them")
    yield Measurement("list_30_days_of_minutes", listed, "ms", 50.0, "the goal; as decimals, for lists and backtests")


def _tight(rows: Sequence[KeyedRow]) -> None:
    bars: dict[tuple[int, int], list[int]] = {}
    for key, price, quantity, time_maker in rows:
        bucket = key >> 44, (time_maker >> 1) // 60_000
        bar = bars.get(bucket)
        if bar is None:
            bars[bucket] = [price, price, price, price, quantity, price * quantity, 1, quantity * (time_maker & 1 ^ 1)]
            continue
        if price > bar[1]:
            bar[1] = price
        elif price < bar[2]:
            bar[2] = price
        bar[3] = price
        bar[4] += quantity
        bar[5] += price * quantity
        bar[6] += 1
        if not time_maker & 1:
            bar[7] += quantity


async def _read_month(folder: Path) -> tuple[float, float]:
    """Milliseconds to read the minutes of 30 days as columns of floats, and to list them with all their decimals."""
    async with open_database(Paths(folder, folder)) as database:
        for day in range(30):
            first = day * 1440
            await store_trades(database, [_trade(n, _START_MS + n * 60_000) for n in range(first, first + 1440)])

        async def read() -> int:
            return len(await read_bar_columns(database, "BTCUSDT", _START_MS, _START_MS + 43_200 * 60_000))

        async def listed() -> int:
            return len([one async for one in read_sourced_bars(database, "BTCUSDT")])

        return await _best(read), await _best(listed)


async def _best(reading: Callable[[], Awaitable[int]]) -> float:
    best = float("inf")
    for _ in range(9):
        started = time.perf_counter()
        count = await reading()
        best = min(best, (time.perf_counter() - started) * 1000.0)
        assert count == 43_200
    return best


def _memory() -> Iterator[Measurement]:
    first, last = _MEMORY
    with tempfile.TemporaryDirectory() as folder:
        early, late = asyncio.run(_fill(Path(folder), first, last))
    yield Measurement(f"memory_after_{last}_trades", late / 1e6, "MB", early / 1e6, f"after {first}; at most 1.05")


async def _fill(folder: Path, first: int, last: int) -> tuple[int, int]:
    """Resident bytes after so many trades through decoder, recorder and database, and after so many more."""
    process, early = psutil.Process(), 0
    async with open_database(Paths(folder, folder)) as database:
        recorder = Recorder(database, settings=TickSettings(), clock=SystemClock())
        running = asyncio.create_task(recorder.run())
        for number in range(last):
            event = decode_frame(payload(number, _START_MS + number // 5), frozenset())
            assert isinstance(event, Trade)
            assert recorder.record(event)
            if number == first:
                early = process.memory_info().rss
            if number % 500 == 0:
                await asyncio.sleep(0)
                await until(lambda: recorder.fill <= 0.1)
        running.cancel()
        await asyncio.wait({running})
        await recorder.drain()
        return early, process.memory_info().rss


def _trade(number: int, time_ms: int) -> Trade:
    price, quantity = Decimal(f"{60_000 + number % 997}.{number % 100:02d}"), Decimal("0.01021")
    return Trade("BTCUSDT", number, price, quantity, time_ms, bool(number % 3))


def _cpu(work: object) -> float:
    assert callable(work)
    started = time.process_time()
    work()
    return time.process_time() - started
