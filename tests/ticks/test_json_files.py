"""The JSON of an export comes back as the same rows, and what is wrong in it is told by line."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import DamagedError
from cockpit.paths import Paths
from cockpit.storage.database import open_database
from cockpit.storage.ticks import TradeRow, read_trades, store_trades
from cockpit.ticks.export import json_text
from cockpit.ticks.importer import ImportReport, import_files
from cockpit.ticks.json_files import json_rows
from cockpit.ticks.text_files import BadLine
from tests.ticks.trades import stored_ids, trades

HEAD = b'{"schema": "cockpit.ticks/1", "symbol": "BTCUSDT", "trades": [\n'
EPOCH = datetime.fromtimestamp(0, UTC)


async def test_an_export_comes_back(paths: Paths, tmp_path: Path) -> None:
    came, other = trades(1, 12_000), Paths(tmp_path / "other", tmp_path / "other")
    file = tmp_path / "anything"
    async with open_database(other) as database:
        await store_trades(database, came)
        file.write_text("".join([part async for part in json_text(database, "BTCUSDT")]))
    report = await _import(paths, file)
    assert (report.read, report.inserted, report.symbols, report.damages) == (12_000, 12_000, ("BTCUSDT",), ())
    async with open_database(paths) as database:
        assert [one async for one in read_trades(database, "BTCUSDT")] == came
    assert (await _import(paths, file, symbol="ETHUSDT")).symbols == ("ETHUSDT",)


async def test_an_export_of_nothing_is_no_damage(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "none.json"
    async with open_database(paths) as database:
        file.write_text("".join([part async for part in json_text(database, "BTCUSDT")]))
    report = await _import(paths, file)
    assert (report.read, report.damages) == (0, ())


@pytest.mark.parametrize("cut", [30, 3])
async def test_a_file_cut_short_is_told_and_what_is_whole_is_stored(paths: Paths, tmp_path: Path, cut: int) -> None:
    file = tmp_path / "cut.json"
    file.write_bytes((HEAD + b",\n".join(_line(number) for number in range(1, 11)) + b"\n]}\n")[:-cut])
    report = await _import(paths, file)
    kept = 9 if cut == 30 else 10
    assert report.read == kept
    assert f"{file} breaks off after line 11: its closing ]}} is missing; the {kept} trades" in report.damages[-1]
    assert stored_ids(paths) == list(range(1, kept + 1))


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("id", "7", "wrong id"),
        ("id", -7, "not storable"),
        ("id", 1 << 70, "not storable"),
        ("time", "2026-01-01T00:00:00", "wrong time"),
        ("time", 1767225600000, "wrong time"),
        ("time", "0001-01-01T00:00:00+00:00", "not storable"),
        ("price", 1.5, "wrong price"),
        ("price", "1e999999", "wrong price"),
        ("price", "NaN", "wrong price"),
        ("price", "0.00000000", "not storable"),
        ("quantity", "-1", "wrong quantity"),
        ("quantity", "0.000000001", "wrong quantity"),
        ("buyer_is_maker", "true", "wrong buyer_is_maker"),
        ("buyer_is_maker", None, "wrong buyer_is_maker"),
    ],
)
async def test_a_bad_line_costs_itself_alone(
    paths: Paths, tmp_path: Path, field: str, value: object, kind: str
) -> None:
    file = tmp_path / "trades.json"
    bad = json.dumps({**json.loads(_line(2)), field: value}).encode()
    file.write_bytes(HEAD + b",\n".join([_line(1), bad, _line(3)]) + b"\n]}\n")
    report = await _import(paths, file)
    assert (report.read, report.rejected) == (2, {kind: 1})
    assert "the first is line 3" in report.damages[0]


@given(st.binary(max_size=120))
def test_no_line_breaks_the_reading(content: bytes) -> None:
    lines = [(1, HEAD), (2, content), (3, b"]}\n")]
    for found in json_rows(lines, "it"):
        assert isinstance(found, tuple | BadLine)


@given(
    st.integers(0, 2**44 - 1),
    st.integers(1, 10**18 - 1),
    st.integers(1, 10**18 - 1),
    st.integers(0, 10**14),
    st.booleans(),
)
def test_every_row_is_read_as_it_was_written(
    trade_id: int, price: int, quantity: int, time_ms: int, maker: bool
) -> None:
    row: TradeRow = ("BTCUSDT", trade_id, price, quantity, time_ms << 1 | maker)
    written = {
        "id": trade_id,
        "time": (EPOCH + timedelta(milliseconds=time_ms)).isoformat(),
        "price": f"{price // 10**8}.{price % 10**8:08d}",
        "quantity": f"{quantity // 10**8}.{quantity % 10**8:08d}",
        "buyer_is_maker": maker,
    }
    lines = [(1, HEAD), (2, json.dumps(written).encode() + b"\n"), (3, b"]}\n")]
    assert list(json_rows(lines, "it")) == [row]


def test_a_file_without_an_end_is_damaged() -> None:
    with pytest.raises(DamagedError, match="it breaks off after line 1"):
        list(json_rows([(1, HEAD)], "it"))


async def _import(paths: Paths, file: Path, symbol: str | None = None) -> ImportReport:
    async with open_database(paths) as database:
        return await import_files([file], database, symbol=symbol)


def _line(trade_id: int) -> bytes:
    return (
        b'{"id": %d, "time": "2026-01-01T00:00:00.123000+00:00", "price": "87659.5", "quantity": "0.25", '
        b'"buyer_is_maker": true}' % trade_id
    )
