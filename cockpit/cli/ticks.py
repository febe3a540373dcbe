"""``cockpit ticks``: trades into and out of the database, and bars from them."""

import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.formats import Column, Sheet, clock_time, fixed, format_choice, format_option, plain, print_sheet
from cockpit.cli.interruption import complete
from cockpit.cli.invocation import Instant, Invocation, pass_invocation, program_options
from cockpit.errors import StorageError, UsageError

if TYPE_CHECKING:
    from cockpit.storage.database import Database
    from cockpit.ticks.bars import Bar
    from cockpit.ticks.importer import ImportReport

_since = click.option("--from", "start", type=Instant(), help="From this time on.")
_until = click.option("--to", "end", type=Instant(), help="Up to, and without, this time.")


@click.group()
def ticks() -> None:
    """Import, export and sum up trades."""


@ticks.command("import")
@click.argument("files", type=click.Path(path_type=Path, exists=True, dir_okay=False), nargs=-1, required=True)
@format_option
@program_options()
@pass_invocation
def import_files(invocation: Invocation, files: tuple[Path, ...], form: str) -> None:
    """Store the trades of recordings and of the exchange's own files; what is stored already is left alone."""
    store_files(invocation, files, form)


def store_files(invocation: Invocation, files: Sequence[Path], form: str) -> None:
    """Import files into the database and print what came of it.

    Raises:
        DamagedError: a file breaks off or is no recording.
        StorageError: the database cannot be written, for instance since another cockpit owns it.
    """

    async def work() -> "ImportReport":
        from cockpit.ticks import importer

        async with invocation.database() as database:
            if database.refusal:
                raise StorageError(database.refusal)
            try:
                return await importer.import_files(files, database, progress=_tell if sys.stderr.isatty() else None)
            finally:
                if sys.stderr.isatty():
                    click.echo(err=True)

    print_sheet(Sheet("import", "imports", _REPORT, [complete(work())]), form)


@ticks.command()
@click.argument("symbol")
@_since
@_until
@format_choice("csv", "json")
@program_options()
@pass_invocation
def export(invocation: Invocation, symbol: str, start: datetime | None, end: datetime | None, form: str) -> None:
    """Write out the stored trades of a symbol, oldest first."""

    async def work() -> None:
        from cockpit.storage.ticks import read_trades

        async with _database(invocation, symbol) as (database, name):
            lines = _Lines(name, form)
            async for trade in read_trades(database, name, _milliseconds(start), _milliseconds(end)):
                lines.write(
                    {
                        "id": trade.trade_id,
                        "time": _instant(trade.time_ms).isoformat(),
                        "price": plain(trade.price),
                        "quantity": plain(trade.quantity),
                        "buyer_is_maker": trade.buyer_is_maker,
                    }
                )
            lines.end()

    complete(work())


@ticks.command()
@click.argument("symbol")
@click.option("--timeframe", default="1m", show_default=True, help="1m, 5m, 15m, 1h, 4h or 1d.")
@_since
@_until
@format_option
@program_options()
@pass_invocation
def bars(
    invocation: Invocation, symbol: str, timeframe: str, start: datetime | None, end: datetime | None, form: str
) -> None:
    """Sum the stored trades of a symbol up into bars."""

    async def work() -> list["Bar"]:
        from cockpit.storage.bars import read_bars

        async with _database(invocation, symbol) as (database, name):
            found = read_bars(database, name, timeframe, _milliseconds(start), _milliseconds(end))
            return [bar async for bar in found]

    sheet = Sheet("bars", "bars", _BAR, complete(work()), "No trade is stored in that time.")
    print_sheet(sheet, form, symbol=symbol.upper(), timeframe=timeframe)


@asynccontextmanager
async def _database(invocation: Invocation, symbol: str) -> AsyncIterator[tuple["Database", str]]:
    """The database and the symbol as it is stored.

    Raises:
        UsageError: nothing of that symbol is stored.
    """
    from cockpit.storage.ticks import stored_symbols

    name = symbol.upper()
    async with invocation.database() as database:
        stored = await stored_symbols(database)
        if name not in stored:
            there = f"there are {', '.join(stored)}" if stored else "nothing is stored yet"
            raise UsageError(f"no trade of {name} is stored; {there}")
        yield database, name


class _Lines:
    """Trades as they come, so that a long history does not have to fit into memory."""

    def __init__(self, symbol: str, form: str) -> None:
        self._json = form == "json"
        self._any = False
        if self._json:
            sys.stdout.write(f'{{"schema": "cockpit.ticks/1", "symbol": {json.dumps(symbol)}, "trades": [')
        else:
            sys.stdout.write("id,time,price,quantity,buyer_is_maker\n")

    def write(self, trade: dict[str, object]) -> None:
        """Write one trade."""
        if self._json:
            sys.stdout.write(f"{',' if self._any else ''}\n{json.dumps(trade)}")
            self._any = True
        else:
            sys.stdout.write(f"{','.join(map(str, trade.values()))}\n")

    def end(self) -> None:
        """Write what comes after the last."""
        if self._json:
            sys.stdout.write("\n]}\n")


def _tell(report: "ImportReport") -> None:
    sys.stderr.write(f"\r{report.read} trades read, {report.inserted} of them new")
    sys.stderr.flush()


def _milliseconds(instant: datetime | None) -> int | None:
    return None if instant is None else round(instant.timestamp() * 1000)


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


_REPORT: list[Column["ImportReport"]] = [
    Column("files", "files", lambda report: report.files, right=True),
    Column("symbols", "symbols", lambda report: report.symbols, ", ".join),
    Column("read", "trades", lambda report: report.read, right=True),
    Column("inserted", "new", lambda report: report.inserted, right=True),
    Column("duplicates", "stored before", lambda report: report.duplicates, right=True),
    Column("missing", "missing ids", lambda report: report.missing, right=True),
    Column("rejected", "rejected", lambda report: sum(report.rejected.values()), right=True),
    Column("first_time", "from", lambda report: report.first_time, clock_time),
    Column("last_time", "to", lambda report: report.last_time, clock_time),
]
_BAR: list[Column["Bar"]] = [
    Column("open_time", "from", lambda bar: _instant(bar.open_ms), clock_time),
    Column("open", "open", lambda bar: bar.open, str, right=True),
    Column("high", "high", lambda bar: bar.high, str, right=True),
    Column("low", "low", lambda bar: bar.low, str, right=True),
    Column("close", "close", lambda bar: bar.close, str, right=True),
    Column("volume", "volume", lambda bar: bar.volume, str, right=True),
    Column("quote_volume", "quote volume", lambda bar: bar.quote_volume, fixed(2), right=True),
    Column("trades", "trades", lambda bar: bar.trades, right=True),
    Column("taker_volume", "bought by takers", lambda bar: bar.taker_volume, str, right=True),
]
