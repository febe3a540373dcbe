"""What is exported is what is stored, to the last digit, and no more of it is held in memory than a page."""

import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.errors import UsageError
from cockpit.paths import Paths
from cockpit.storage.database import open_database
from cockpit.storage.ticks import read_trades, store_trades
from cockpit.ticks.export import csv_text, text_file
from cockpit.ticks.id_spans import IdSpans
from cockpit.ticks.importer import import_files
from cockpit.ticks.parquet_files import write_parquet
from cockpit.ticks.text_files import BadLine
from cockpit.ticks.trade import Trade
from cockpit.ticks.trade_files import trade_rows
from tests.ticks.trades import START_MS, trades

AMOUNTS = st.integers(1, 10**17).map(lambda units: Decimal(units).scaleb(-8))
TRADES = st.lists(
    st.builds(
        Trade,
        *(st.just("BTCUSDT"), st.integers(0, 10**12), AMOUNTS, AMOUNTS),
        *(st.integers(START_MS, START_MS + 10**9), st.booleans()),
    ),
    max_size=20,
    unique_by=lambda one: one.trade_id,
)


@given(came=TRADES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_trades_come_back_exactly(tmp_path_factory: pytest.TempPathFactory, came: list[Trade]) -> None:
    folder = tmp_path_factory.mktemp("export")
    paths, there = Paths(folder / "a", folder / "a"), Paths(folder / "b", folder / "b")
    text, table = folder / "BTCUSDT-trades.csv", folder / "trades.parquet"
    async with open_database(paths) as database:
        await store_trades(database, came)
        with text_file(text, "-") as stream:
            async for part in csv_text(database, "BTCUSDT"):
                stream.write(part.encode())
        await write_parquet(table, database, "BTCUSDT")
    async with open_database(there) as database:
        assert (await import_files([text], database)).inserted == len(came)
        again = await import_files([table], database)
        assert (again.inserted, again.duplicates, again.damages) == (0, len(came), ())
        found = [one async for one in read_trades(database, "BTCUSDT")]
    assert found == sorted(came, key=lambda one: one.trade_id)


async def test_an_export_is_of_the_time_that_is_asked_for(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, trades(1, 12_000))
        start, end = START_MS + 3000 * 700, START_MS + 11_500 * 700
        parts = [part async for part in csv_text(database, "BTCUSDT", start, end)]
    rows = "".join(parts).splitlines()[1:]
    assert [int(row.split(",")[0]) for row in rows] == list(range(3000, 11_500))
    assert len(parts) > 2, "it comes page by page"


async def test_without_pyarrow_a_sentence_says_what_to_install(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    file = tmp_path / "trades.parquet"
    file.write_bytes(b"PAR1")
    async with open_database(paths) as database:
        with pytest.raises(UsageError, match=r"pip install \"trading-cockpit\[parquet\]\""):
            await write_parquet(file, database, "BTCUSDT")
        with pytest.raises(UsageError, match="pyarrow"):
            await import_files([file], database)


async def test_a_damaged_parquet_file_is_told(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "trades.parquet"
    async with open_database(paths) as database:
        await store_trades(database, trades(1, 3000))
        await write_parquet(file, database, "BTCUSDT")
        file.write_bytes(file.read_bytes()[:-100])
        assert "trades.parquet is damaged" in (await import_files([file], database)).damages[0]


@given(st.lists(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), max_size=30))
def test_any_line_is_a_trade_or_told(lines: list[bytes]) -> None:
    for number, row in enumerate(trade_rows(enumerate(lines, 1), "BTCUSDT"), 1):
        if isinstance(row, BadLine):
            assert 1 <= row.line <= len(lines)
            assert row.kind
        else:
            assert number <= len(lines)
            assert row[2] > 0 < row[3]


@given(st.lists(st.lists(st.integers(0, 200), max_size=30), max_size=10))
def test_spans_count_as_a_set_does(batches: list[list[int]]) -> None:
    spans, seen = IdSpans(), set[int]()
    for batch in batches:
        spans.add_all(batch)
        seen.update(batch)
        assert spans.missing == (max(seen) - min(seen) + 1 - len(seen) if seen else 0)
