"""Files go into the database whole, once, and with a report that adds up."""

import gzip
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.errors import UsageError
from cockpit.paths import Paths
from cockpit.storage.bars import read_bars
from cockpit.storage.database import open_database
from cockpit.storage.ticks import read_trades, store_trades
from cockpit.ticks.importer import ImportReport, import_files
from cockpit.ticks.trade import Trade
from tests.ticks.trades import START_MS, bars_of, stored_ids, trade, trades
from tests.ticks.venue import book, frame

HEADER = "id,price,qty,quote_qty,time,is_buyer_maker,is_best_match"


async def test_a_real_recording_is_stored_whole(paths: Paths, recordings: Path) -> None:
    file = recordings / "binance" / "btcusdt_20240808.gz"
    async with open_database(paths) as database:
        report = await import_files([file], database)
        assert (report.read, report.inserted, report.duplicates, report.missing) == (9757, 9757, 0, 0)
        assert report.symbols == ("BTCUSDT",)
        assert report.rejected == {}
        assert report.read + report.ignored == 41_249
        assert report.first_time == datetime(2024, 8, 8, 23, 54, 15, 342_000, tzinfo=UTC)
        again = await import_files([file], database)
        assert (again.read, again.inserted, again.duplicates) == (9757, 0, 9757)
        found = [one async for one in read_trades(database, "BTCUSDT")]
        assert [bar async for bar in read_bars(database, "BTCUSDT")] == bars_of(found)
    stored = stored_ids(paths)
    assert stored == list(range(3735683259, 3735683259 + 9757))


@pytest.mark.parametrize("name", ["binance/ws_20211012.txt", "binance_us/ws_20211012.txt"])
async def test_a_recording_without_trades_is_no_error(paths: Paths, recordings: Path, name: str) -> None:
    report = await _import(paths, recordings / name)
    assert (report.read, report.rejected) == (0, {})
    assert report.ignored > 200
    assert report.first_time is None


async def test_both_forms_of_lines_are_read(paths: Paths, tmp_path: Path) -> None:
    came = trades(1, 10)
    nanoseconds, seconds = tmp_path / "nanoseconds", tmp_path / "seconds"
    nanoseconds.write_text("".join(_line(one) for one in came[:5]))
    seconds.write_text(
        "wss://host/stream?streams=btcusdt@trade <-> 1767225600.1\n"
        'wss://host/stream <- 1767225600.2: {"method":"SUBSCRIBE"}\n'
        + "".join(f"{one.time_ms / 1000}: {frame(one)}\n" for one in came[5:])
    )
    report = await _import(paths, nanoseconds, seconds)
    assert (report.files, report.read, report.inserted, report.rejected) == (2, 10, 10, {})
    assert stored_ids(paths) == list(range(1, 11))


async def test_a_few_bad_lines_and_frames_are_counted(paths: Paths, tmp_path: Path) -> None:
    lines = [_line(one) for one in trades(1, 100)]
    lines[10:10] = [
        "what is this\n",
        "\n",
        f"{START_MS}000000 {{broken\n",
        f"{START_MS}000000 {book('BTCUSDT', '1', '2')}\n",
    ]
    file = tmp_path / "recording"
    file.write_text("".join(lines))
    report = await _import(paths, file)
    assert (report.read, report.ignored) == (100, 1)
    assert report.rejected == {"no frame": 1, "not JSON": 1}
    (damage,) = report.damages
    assert "2 lines are no trades (1 no frame, 1 not JSON), the first is line 11: 'what is this'" in damage


async def test_a_hole_in_the_ids_is_reported(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "recording"
    file.write_text("".join(_line(one) for one in [*trades(1, 5), *trades(9, 10)]))
    assert (await _import(paths, file)).missing == 3


async def test_what_comes_before_a_damage_is_stored(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "cut.gz"
    packed = gzip.compress("".join(_line(one) for one in trades(1, 20_000)).encode())
    file.write_bytes(packed[: len(packed) // 2])
    (damage,) = (await _import(paths, file)).damages
    assert re.search(r"cut\.gz is damaged after line \d+: .*; the \d+ trades before it are stored", damage)
    stored = stored_ids(paths)
    assert len(stored) > 5000
    assert stored == list(range(1, len(stored) + 1))
    file.write_bytes(packed)
    whole = await _import(paths, file)
    assert (whole.duplicates, whole.inserted, whole.damages) == (len(stored), 20_000 - len(stored), ())
    assert stored_ids(paths) == list(range(1, 20_001))


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\n\n", b"\x1f\x8b not gzip", b"PK\x05\x06" + bytes(18), bytes(range(256)) * 400),
        *(b"hello\n" * 100, b"{" * 9_000_000),
    ],
    ids=["empty", "blank", "false gzip", "empty zip", "binary", "text", "endless line"],
)
async def test_what_is_no_recording_is_called_damaged(paths: Paths, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "recording.gz"
    file.write_bytes(content)
    report = await _import(paths, file)
    assert report.read == 0
    assert [damage for damage in report.damages if "recording.gz" in damage] == list(report.damages) != []
    assert report.damages[-1].endswith("; nothing of it is stored")


async def test_a_missing_file_and_a_folder_are_named(paths: Paths, tmp_path: Path) -> None:
    for path in (tmp_path / "none.gz", tmp_path):
        with pytest.raises(UsageError, match=f"cannot read {path}"):
            await _import(paths, path)


@pytest.mark.parametrize("micro", [False, True], ids=["milliseconds", "microseconds"])
@pytest.mark.parametrize("header", [False, True], ids=["bare", "header"])
@pytest.mark.parametrize("zipped", [False, True], ids=["csv", "zip"])
async def test_bulk_files_are_read_in_every_form(
    paths: Paths, tmp_path: Path, micro: bool, header: bool, zipped: bool
) -> None:
    came = trades(1, 50)
    text = "\n".join([*([HEADER] if header else []), *(_row(one, micro=micro) for one in came)]) + "\n"
    file = tmp_path / ("BTCUSDT-trades-2026-01-01." + ("zip" if zipped else "csv"))
    if zipped:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("BTCUSDT-trades-2026-01-01.csv", text)
    else:
        file.write_text(text)
    report = await _import(paths, file)
    assert (report.read, report.inserted, report.symbols) == (50, 50, ("BTCUSDT",))
    async with open_database(paths) as database:
        assert [one async for one in read_trades(database, "BTCUSDT")] == came


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("3,17.8,5.69,101.2", "wrong number of columns"),
        ("0,0.2,50.0,0,0,1735689600010866,False,True,1", "wrong number of columns"),
        ("x,17.8,5.69,101.2,1735689600010,True,True", "wrong id"),
        ("1_000,17.8,5.69,101.2,1735689600010,True,True", "wrong id"),
        ("3,17.8,many,101.2,1735689600010,True,True", "wrong quantity"),
        ("3,17.8,5.69,101.2,1735689600,True,True", "wrong time"),
        ("3,17.8,5.69,101.2,1735689600010,maybe,True", "wrong maker"),
        ("3,-17.8,5.69,101.2,1735689600010,True,True", "wrong price"),
        ("3,NaN,5.69,101.2,1735689600010,True,True", "wrong price"),
        ("3,1e3,5.69,101.2,1735689600010,True,True", "wrong price"),
        ("3,0.000000001,5.69,101.2,1735689600010,True,True", "wrong price"),
        ("3,0.0,5.69,101.2,1735689600010,True,True", "zero price or quantity"),
        ("3,17.8,5.69,wat?,1735689600010,True,True", "wrong format"),
        ("\xff\xfe\x00", "wrong number of columns"),
    ],
)
async def test_a_bad_line_of_a_bulk_file_costs_itself_alone(paths: Paths, tmp_path: Path, line: str, kind: str) -> None:
    file = tmp_path / "BTCUSDT-trades-2026-01-01.csv"
    rows = [_row(one) for one in trades(1, 4)]
    file.write_text("\n".join([*rows[:2], line, *rows[2:], ""]))
    report = await _import(paths, file)
    assert (report.read, report.rejected) == (4, {kind: 1})
    (damage,) = report.damages
    assert f"{file}: a line is no trade (1 {kind}), the first is line 3: " in damage
    assert stored_ids(paths) == [1, 2, 3, 4]


async def test_a_half_written_last_line_is_told_and_read_again_later(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "BTCUSDT-trades-2026-01-01.csv"
    text = "".join(f"{_row(one)}\n" for one in trades(1, 50))
    file.write_text(text[:-30])
    report = await _import(paths, file)
    assert (report.read, report.rejected) == (49, {"half-written last line": 1})
    assert "line 50" in report.damages[0]
    file.write_text(text)
    report = await _import(paths, file)
    assert (report.read, report.inserted, report.damages) == (50, 1, ())


async def test_a_damaged_file_does_not_hold_up_the_next(paths: Paths, tmp_path: Path) -> None:
    broken, good = tmp_path / "ETHUSDT-trades-2026-01-01.csv", tmp_path / "BTCUSDT-trades-2026-01-01.csv"
    broken.write_text(_row(trades(1, 1)[0]) + "\nrubbish" * 1000)
    good.write_text("\n".join(_row(one) for one in trades(1, 10)))
    report = await _import(paths, broken, good)
    assert report.symbols == ("ETHUSDT", "BTCUSDT")
    assert len(report.damages) == 2
    assert "no file of trades or bars goes on like this" in report.damages[1]
    assert stored_ids(paths) == list(range(1, 11))


@pytest.mark.parametrize("zipped", [False, True], ids=["csv", "zip"])
async def test_aggregated_trades_make_the_bars_of_their_trades(paths: Paths, tmp_path: Path, zipped: bool) -> None:
    came: list[Trade] = []
    rows = ["agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"]
    for number in range(2000):
        size = number % 4 + 1
        first = came[-1].trade_id + 1 if came else 1
        same = trade(first, maker=number % 3 == 0, time_ms=START_MS + number * 300)
        came += [
            Trade("BTCUSDT", first + one, same.price, same.quantity * (one + 1), same.time_ms, same.buyer_is_maker)
            for one in range(size)
        ]
        total = sum(one.quantity for one in came[-size:])
        rows.append(f"{number},{same.price},{total},{first},{first + size - 1},{same.time_ms},{same.buyer_is_maker}")
    file = tmp_path / "BTCUSDT-aggTrades-2026-01-01.csv"
    file.write_text("\n".join([*rows, ""]))
    if zipped:
        with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
            archive.write(file, file.name)
        file = tmp_path / "packed.zip"
    async with open_database(paths) as database:
        await store_trades(database, came[4002:])  # the last ones are there already, an aggregate cut in two
        report = await import_files([file], database)
        assert (report.read, report.aggregated, report.missing, report.damages) == (0, 5000, 0, ())
        assert report.summed == 4001
        again = await import_files([file], database)
        assert (again.aggregated, again.summed) == (5000, 0)
        await store_trades(database, came)
        assert [bar async for bar in read_bars(database, "BTCUSDT")] == bars_of(came)
    assert stored_ids(paths) == [one.trade_id for one in came[report.summed :]], "no single trade is made up"


async def test_another_cockpits_database_is_read_and_left_alone(paths: Paths, tmp_path: Path) -> None:
    other = Paths(tmp_path / "other", tmp_path / "other")
    came = [*trades(1, 12_000), *trades(5, 9, "ETHUSDT")]
    async with open_database(other) as database:  # and goes on being used
        await store_trades(database, came)
        before = sorted(path.name for path in other.data.iterdir())
        report = await _import(paths, other.database)
        assert sorted(path.name for path in other.data.iterdir()) == before
    assert (report.read, report.inserted, report.symbols, report.damages) == (
        12_005,
        12_005,
        ("BTCUSDT", "ETHUSDT"),
        (),
    )
    async with open_database(paths) as database:
        assert [one async for one in read_trades(database, "BTCUSDT")] == came[:12_000]
    assert [path.name for path in paths.data.iterdir() if path.name.startswith("import-")] == []


async def test_a_database_of_others_or_a_damaged_one_is_refused(paths: Paths, tmp_path: Path) -> None:
    foreign, damaged = tmp_path / "foreign.db", tmp_path / "damaged.db"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE notes (text TEXT)")
    connection.commit()
    connection.close()
    damaged.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    report = await _import(paths, foreign, damaged)
    assert len(report.damages) == 2
    assert all(str(file) in damage for file, damage in zip((foreign, damaged), report.damages, strict=True))


async def test_a_bulk_file_must_tell_its_symbol(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("\n".join(_row(one) for one in trades(1, 2)))
    with pytest.raises(UsageError, match="BTCUSDT-trades-2024-08-08"):
        await _import(paths, file)
    assert (await _import(paths, file, symbol="BTCUSDT")).inserted == 2


async def test_a_broken_zip_is_called_damaged(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "BTCUSDT-trades-2026-01-01.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("BTCUSDT-trades-2026-01-01.csv", "\n".join(_row(one) for one in trades(1, 5000)))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    report = await _import(paths, file)
    assert "BTCUSDT-trades-2026-01-01.zip" in "".join(report.damages)


async def test_progress_is_told_after_every_commit(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "recording"
    file.write_text("".join(_line(one) for one in trades(1, 22_000)))
    told: list[ImportReport] = []
    async with open_database(paths) as database:
        report = await import_files([file], database, progress=told.append)
    assert [one.inserted for one in told] == [10_000, 20_000, 22_000]
    assert told[-1] == report


async def _import(paths: Paths, *files: Path, symbol: str | None = None) -> ImportReport:
    async with open_database(paths) as database:
        return await import_files(files, database, symbol=symbol)


def _line(one: Trade) -> str:
    return f"{one.time_ms}000000 {frame(one)}\n"


def _row(one: Trade, *, micro: bool = False) -> str:
    fields: Iterable[object] = (
        one.trade_id,
        one.price,
        one.quantity,
        one.price * one.quantity,
        f"{one.time_ms}{'123' if micro else ''}",
        json.dumps(one.buyer_is_maker) if micro else one.buyer_is_maker,
        True,
    )
    return ",".join(str(field) for field in fields)
