"""Klines are imported as they are: in every form, whole, once, and never mixed with trades."""

import gzip
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cockpit.errors import UsageError
from cockpit.paths import Paths
from cockpit.storage.bars import read_bars
from cockpit.storage.database import open_database
from cockpit.storage.gaps import holes, open_gaps
from cockpit.storage.klines import kline_series, read_klines, store_klines
from cockpit.ticks.importer import ImportReport, import_files
from cockpit.ticks.kline import INTERVALS, Kline
from cockpit.ticks.kline_files import kline_rows
from cockpit.ticks.text_files import BadLine
from tests.ticks.klines import kline, line, text
from tests.ticks.trades import START_MS, stored_ids, trades

HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)


@pytest.mark.parametrize("micro", [False, True], ids=["milliseconds", "microseconds"])
@pytest.mark.parametrize("header", [False, True], ids=["bare", "header"])
@pytest.mark.parametrize("form", ["csv", "gz", "zip"])
async def test_klines_are_read_in_every_form(
    paths: Paths, tmp_path: Path, micro: bool, header: bool, form: str
) -> None:
    came = [kline(number) for number in range(120)]
    content = (f"{HEADER}\n" if header else "") + text(came, micro=micro)
    file = tmp_path / f"BTCUSDT-1m-2026-01-01.{form}"
    if form == "zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("BTCUSDT-1m-2026-01-01.csv", content)
    else:
        file.write_bytes(gzip.compress(content.encode()) if form == "gz" else content.encode())
    report = await _import(paths, file)
    assert (report.klines, report.inserted_klines, report.read, report.symbols) == (120, 120, 0, ("BTCUSDT",))
    assert report.first_time == datetime.fromtimestamp(START_MS / 1000, UTC)
    assert await _stored(paths) == came


@pytest.mark.parametrize("name", INTERVALS)
async def test_every_interval_is_told_by_name_or_by_the_rows(paths: Paths, tmp_path: Path, name: str) -> None:
    came = [kline(number, INTERVALS[name]) for number in range(3)]
    named, bare = tmp_path / f"BTCUSDT-{name}-2026-01.csv", tmp_path / "bars.csv"
    named.write_text(text(came))
    bare.write_text(text(came))
    report = await _import(paths, named, bare, symbol="BTCUSDT")
    assert (report.klines, report.inserted_klines) == (6, 3)
    assert await _stored(paths, INTERVALS[name]) == came


async def test_a_real_line_keeps_every_digit(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "ADABTC-1h-2025-01.csv"
    file.write_text(
        "1735689600000000,4.15070000,4.15870000,4.15060000,4.15540000,539.23000000,1735693199999999,"
        "2240.39860900,13,401.82000000,1669.98121300,0\n"
    )
    assert (await _import(paths, file)).damages == ()
    async with open_database(paths) as database:
        (found,) = [one async for one in read_klines(database, "ADABTC", INTERVALS["1h"])]
    assert (found.open_ms, found.high_e8, found.trades) == (1735689600000, 415870000, 13)
    assert [str(one) for one in (found.volume, found.quote_volume, found.taker_volume, found.taker_quote_volume)] == [
        *("539.23000000", "2240.39860900", "401.82000000", "1669.98121300")
    ]


async def test_bars_of_other_lengths_are_refused_before_anything_is_stored(paths: Paths, tmp_path: Path) -> None:
    good = tmp_path / "BTCUSDT-1m-2026-01.csv"
    good.write_text(text([kline(0)]))
    for name in ("3d", "1w", "1mo"):
        file = tmp_path / f"BTCUSDT-{name}-2026.csv"
        file.write_text(text([kline(0)]))
        with pytest.raises(UsageError, match=f"holds bars of {name}; those of 1s, 1m, .* can be stored"):
            await _import(paths, good, file)
    assert await _stored(paths) == []


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        (0, "1767225600", "wrong open time"),
        (0, str(START_MS + 1), "wrong close time"),
        (1, "-5", "wrong open"),
        (2, "NaN", "wrong high"),
        (2, "1", "wrong high"),
        (3, "0.0", "zero price"),
        (3, "9999999", "wrong low"),
        (4, "1e3", "wrong close"),
        (5, "", "wrong volume"),
        (6, str(START_MS + 59_998), "wrong close time"),
        (6, str(START_MS - 1), "wrong close time"),
        (7, "inf", "wrong quote volume"),
        (8, "0", "wrong trades"),
        (8, "-1", "wrong trades"),
        (9, "999999", "wrong taker volume"),
        (10, "99999999999", "wrong taker quote volume"),
        (11, "0,0", "wrong number of columns"),
    ],
)
async def test_a_bad_line_costs_itself_alone(paths: Paths, tmp_path: Path, column: int, value: str, kind: str) -> None:
    file = tmp_path / "BTCUSDT-1m-2026-01.csv"
    fields = line(kline(0)).rstrip().split(",")
    fields[column] = value
    file.write_text(text([kline(1)]) + ",".join(fields) + "\n" + text([kline(2)]))
    report = await _import(paths, file)
    assert (report.klines, report.rejected) == (2, {kind: 1})
    assert report.damages[0].startswith(f"{file}: a line is no bar (1 {kind}), the first is line 2: ")
    assert await _stored(paths) == [kline(1), kline(2)]


async def test_a_misplaced_bar_is_none_of_its_interval(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "BTCUSDT-1m-2026-01.csv"
    file.write_text(text([kline(0), replace(kline(1), open_ms=START_MS + 60_500), kline(0, 300_000), kline(2)]))
    assert (await _import(paths, file)).rejected == {"wrong open time": 1, "wrong close time": 1}
    assert await _stored(paths) == [kline(0), kline(2)]


async def test_a_file_cut_short_is_read_again_without_doubles(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "BTCUSDT-1m-2026-01.csv"
    came = [kline(number) for number in range(12_345)]
    file.write_text(text(came)[:-40])
    report = await _import(paths, file)
    assert (report.inserted_klines, report.rejected) == (12_344, {"half-written last line": 1})
    assert "line 12345" in report.damages[0]
    file.write_text(text(came))
    report = await _import(paths, file)
    assert (report.klines, report.inserted_klines, report.damages) == (12_345, 1, ())
    assert await _stored(paths) == came


async def test_a_damaged_archive_gives_the_bars_before_the_damage(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "BTCUSDT-1m-2026-01.csv.gz"
    packed = gzip.compress(text([kline(number) for number in range(20_000)]).encode())
    file.write_bytes(packed[: len(packed) // 2])
    report = await _import(paths, file)
    assert report.klines > 1000
    assert f"the {report.klines} bars before it are stored" in report.damages[0]


async def test_an_unfinished_bar_gives_way_to_the_finished_one(paths: Paths) -> None:
    whole = kline(0)
    part = replace(whole, trades=whole.trades - 1, volume=Decimal("1.5"), taker_volume=Decimal("0.5"))
    async with open_database(paths) as database:
        assert await store_klines(database, [part]) == 1
        assert await store_klines(database, [whole]) == 1
        assert await store_klines(database, [part, whole]) == 0
    assert await _stored(paths) == [whole]


async def test_klines_never_mix_with_trades_bars_and_gaps(paths: Paths, tmp_path: Path) -> None:
    bars, single = tmp_path / "BTCUSDT-1m-2026-01.csv", tmp_path / "BTCUSDT-trades-2026-01-01.csv"
    bars.write_text(text([kline(number) for number in range(60)]))
    came = trades(1, 100)
    single.write_text("".join(f"{one.trade_id},{one.price},{one.quantity},0,{one.time_ms},true\n" for one in came))
    report = await _import(paths, bars, single)
    assert (report.klines, report.read, report.missing) == (60, 100, 0)
    assert stored_ids(paths) == list(range(1, 101))
    async with open_database(paths) as database:
        assert sum([bar.trades async for bar in read_bars(database, "BTCUSDT")]) == 100
        assert await open_gaps(database) == []
        assert await holes(database, "BTCUSDT", 100, 10) == []


async def test_another_cockpits_klines_come_with_its_trades(paths: Paths, tmp_path: Path) -> None:
    other = Paths(tmp_path / "other", tmp_path / "other")
    came = [kline(number) for number in range(10)]
    async with open_database(other) as database:
        await store_klines(database, [*came, kline(0, 3_600_000)])
    report = await _import(paths, other.database)
    assert (report.klines, report.inserted_klines, report.read) == (11, 11, 0)
    assert await _stored(paths) == came
    async with open_database(paths) as database:
        assert await kline_series(database) == {"BTCUSDT": [60_000, 3_600_000]}


_UNITS = st.integers(1, 10**17)
_AMOUNTS = st.decimals(0, 10**19, places=8, allow_nan=False, allow_infinity=False)


@st.composite
def _klines(draw: st.DrawFn) -> Kline:
    length = draw(st.sampled_from(sorted(INTERVALS.values())))
    start = draw(st.integers(10**12 // length + 1, (10**13 - 1) // length - 1)) * length
    low, first, second, high = sorted(draw(st.tuples(_UNITS, _UNITS, _UNITS, _UNITS)))
    trades = draw(st.integers(0, 10**9))
    volumes = sorted(draw(st.tuples(_AMOUNTS, _AMOUNTS))) if trades else [Decimal(0)] * 2
    quoted = sorted(draw(st.tuples(_AMOUNTS, _AMOUNTS)))
    return Kline(
        *("BTCUSDT", length, start, first, high, low, second),
        *(volumes[1] + bool(trades), quoted[1], trades, volumes[0], quoted[0]),
    )


@given(_klines(), st.booleans())
def test_every_kline_is_read_as_it_was_written(one: Kline, micro: bool) -> None:
    assert list(kline_rows([(1, line(one, micro=micro).encode())], "BTCUSDT")) == [one]


@given(st.binary(max_size=200))
@example(b",".join([b"0000000000000"] * 12))
@example(b"1767225600000,1,1,1,1,0,1767225599999,0,0,0,0,0\n")
def test_no_line_breaks_the_reading(content: bytes) -> None:
    for found in kline_rows([(2, content)], "BTCUSDT"):
        assert isinstance(found, Kline | BadLine)


@given(st.data())
def test_a_changed_line_is_a_kline_that_agrees_with_itself_or_none(data: st.DataObject) -> None:
    content = bytearray(line(kline(0)).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.sampled_from(b"0123456789.,-e \n"))
    for found in kline_rows([(2, bytes(content))], "BTCUSDT", 60_000):
        if isinstance(found, Kline):
            assert found.open_ms % found.length_ms == 0
            assert 0 < found.low_e8 <= min(found.open_e8, found.close_e8)
            assert max(found.open_e8, found.close_e8) <= found.high_e8
            assert found.taker_volume <= found.volume


async def _import(paths: Paths, *files: Path, symbol: str | None = None) -> ImportReport:
    async with open_database(paths) as database:
        return await import_files(files, database, symbol=symbol)


async def _stored(paths: Paths, length_ms: int = 60_000) -> list[Kline]:
    async with open_database(paths) as database:
        return [one async for one in read_klines(database, "BTCUSDT", length_ms)]
