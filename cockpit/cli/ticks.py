"""``cockpit ticks``: trades into and out of the database, and bars."""

import asyncio
import csv
import math
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.formats import Column, Sheet, clock_time, exact, fixed, format_option, percent, plain, print_sheet
from cockpit.cli.interruption import complete
from cockpit.cli.invocation import Instant, Invocation, pass_invocation, program_options
from cockpit.cli.spans import instant_of, span_of
from cockpit.cli.stored import stored_symbol
from cockpit.cli.streams import CLEAR_LINE, rewrites_lines
from cockpit.errors import DamagedError, StorageError, UsageError

if TYPE_CHECKING:
    from cockpit.storage.database import Database
    from cockpit.storage.gap_marks import GapMark, GapMarks
    from cockpit.ticks.importer import ImportReport
    from cockpit.ticks.kline import SourcedBar
    from cockpit.ticks.session_file import SessionFile

_since = click.option("--from", "start", type=Instant(), help="From this time on.")
_output = click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Into this file.")
_until = click.option("--to", "end", type=Instant(), help="Up to, and without, this time.")
_STOPPED = "stopped; what was read is stored, and reading the files again stores nothing twice"
_FORMS = {".json": "json", ".parquet": "parquet"}


@click.group()
def ticks() -> None:
    """Import, export and sum up trades."""


@ticks.command("import")
@click.argument("files", type=click.Path(path_type=Path, exists=True, dir_okay=False), nargs=-1, required=True)
@click.option("--symbol", help="Of files whose names do not tell it.")
@format_option
@program_options()
@pass_invocation
def import_files(invocation: Invocation, files: tuple[Path, ...], symbol: str | None, form: str) -> None:
    """Store the trades of recordings, Binance's bulk files (CSV or zip), exports and other cockpits' databases.

    Aggregated trades do not tell the single quantities: they are counted into the bars only. Finished bars (kline
    files) do not tell their trades: they are kept apart, and read where there are no trades. Times in microseconds are
    stored in milliseconds.

    What is stored already is left alone, so a file that was cut short can be read again once it is whole. A damaged
    file costs its damaged lines only; they are told, and the exit code is 5.
    """
    print_import(store_files(invocation, files, symbol), form)


def store_files(invocation: Invocation, files: Sequence[Path], symbol: str | None = None) -> "ImportReport":
    """Import files into the database; what came of it.

    Raises:
        UsageError: a file cannot be read, or does not tell its symbol.
        StorageError: the database cannot be written, for instance since another cockpit owns it.
    """

    async def work() -> "ImportReport":
        from cockpit.ticks import importer

        async with invocation.database() as database:
            if database.refusal:
                raise StorageError(database.refusal)
            with _progress(files) as progress:
                return await importer.import_files(
                    files, database, symbol=None if symbol is None else symbol.upper(), progress=progress
                )

    return complete(work(), interrupted=_STOPPED)


def print_import(report: "ImportReport", form: str) -> None:
    """Print what came of an import.

    Raises:
        DamagedError: a file is damaged; what is good in it is stored and printed.
    """
    print_sheet(Sheet("import", "imports", _REPORT, [report]), form)
    if report.damages:
        raise DamagedError("\ncockpit: ".join(report.damages))


@ticks.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="So long; otherwise until ctrl+C.")
@program_options()
@pass_invocation
def record(invocation: Invocation, file: Path, seconds: float | None) -> None:
    """Record what the exchange sends to a new file, without a screen; the trades are stored as well.

    The file grows by a whole piece a second: whatever ends the recording, it can be replayed and imported.
    """
    if seconds is not None and math.isnan(seconds):
        raise UsageError("--seconds takes a number, such as 60")
    recorded: list[SessionFile] = []

    async def work() -> None:
        from cockpit.cli.checked import settings_files
        from cockpit.context import open_context

        settings = invocation.settings
        written = settings_files(invocation, settings.profile)
        async with open_context(settings, background=True, record=file, feed_only=True, written=written) as context:
            session_file = context.session_file
            assert session_file is not None
            recorded.append(session_file)
            loop = asyncio.get_running_loop()
            end = math.inf if seconds is None else loop.time() + seconds
            while loop.time() < end and not session_file.ended:
                if sys.stderr.isatty():
                    click.echo(f"{CLEAR_LINE}{_recorded(session_file)}", nl=False, err=True)
                await asyncio.sleep(min(1.0, max(0.0, end - loop.time())))

    try:
        complete(work())
    finally:
        for one in recorded:
            click.echo(f"{CLEAR_LINE if rewrites_lines() else ''}{_recorded(one)}", err=True)
    if recorded[0].lost:
        raise StorageError(f"{recorded[0].lost} frames are missing in {file}: the disk was too slow for them")


@ticks.command()
@click.argument("symbol")
@_since
@_until
@click.option("--format", "form", type=click.Choice(("csv", "json", "parquet")), help="The output's suffix, or csv.")
@_output
@program_options()
@pass_invocation
def export(
    invocation: Invocation,
    symbol: str,
    start: datetime | None,
    end: datetime | None,
    form: str | None,
    output: Path | None,
) -> None:
    """Write out the stored trades of a symbol, oldest first.

    CSV has the columns of Binance's own files. Every form can be imported again; a name that ends in .zip is packed.
    Parquet needs the extra "parquet".
    """
    chosen = form or _FORMS.get(output.suffix if output is not None else "", "csv")
    if chosen == "parquet" and output is None:
        raise UsageError("Parquet is no text for a terminal; name a file with --output FILE")

    async def work() -> None:
        span = span_of(start, end)
        async with _database(invocation, symbol) as (database, name):
            if chosen == "parquet":
                from cockpit.ticks.parquet_files import write_parquet

                assert output is not None
                await write_parquet(output, database, name, *span)
                return
            from cockpit.ticks import export as files

            text = (files.json_text if chosen == "json" else files.csv_text)(database, name, *span)
            if output is None:
                async for part in text:
                    sys.stdout.write(part)
                return
            with files.text_file(output, f"{name}-trades.{chosen}") as stream:
                async for part in text:
                    stream.write(part.encode())

    complete(work())


@ticks.command()
@click.argument("symbol")
@click.option("--timeframe", default="1m", show_default=True, help="1s, 1m, 5m, 15m, 1h, 4h or 1d.")
@click.option("--flat", is_flag=True, help="Fill the time in which nothing was traded with flat bars.")
@_since
@_until
@format_option
@program_options()
@pass_invocation
def bars(
    invocation: Invocation,
    symbol: str,
    timeframe: str,
    flat: bool,
    start: datetime | None,
    end: datetime | None,
    form: str,
) -> None:
    """Sum the stored trades of a symbol up into bars; where there are none, take imported klines.

    "source" tells which. A bar with any stored trade comes from the trades alone. "covered" is the share of a bar's
    time that klines tell of: below 1 some are missing. "gaps" and "backfilled" are the trades of the gaps that
    touch a bar: those that are missing still, from the stream or from a file, and those that were fetched later.
    """
    columns: list[Column[SourcedBar]] = list(_BAR)

    async def work() -> list["SourcedBar"]:
        from cockpit.storage.gap_marks import read_gap_marks
        from cockpit.storage.sourced_bars import read_sourced_bars

        async with _database(invocation, symbol, klines=True) as (database, name):
            span = span_of(start, end)
            columns.extend(_mark_columns(await read_gap_marks(database, name, *span)))
            found = read_sourced_bars(database, name, timeframe, *span, flat=flat)
            if form != "csv":
                return [bar async for bar in found]
            # A table needs to know its widest cell and JSON is one document, but lines can leave as they come.
            rows = csv.writer(sys.stdout, lineterminator="\n")
            rows.writerow([column.key for column in columns])
            async for bar in found:
                rows.writerow([plain(column.value(bar)) for column in columns])
            return []

    found = complete(work())
    if form != "csv":
        sheet = Sheet("bars", "bars", columns, found, "No trade and no kline is stored in that time.")
        print_sheet(sheet, form, symbol=symbol.upper(), timeframe=timeframe)


@asynccontextmanager
async def _database(
    invocation: Invocation, symbol: str, *, klines: bool = False
) -> AsyncIterator[tuple["Database", str]]:
    """The database and the symbol as it is stored; with ``klines`` also one that only klines are stored of.

    Raises:
        UsageError: nothing of that symbol is stored.
    """
    settings = invocation.settings
    async with invocation.database() as database:
        yield database, await stored_symbol(settings, database, symbol, klines=klines)


def _recorded(file: "SessionFile") -> str:
    return f"{file.path}: {file.frames:,} frames, {file.size / 2**20:.1f} MB"


@contextmanager
def _progress(files: Sequence[Path]) -> Iterator["Callable[[ImportReport], None]"]:
    """Tells how far an import is, on stderr: one line that is rewritten on a terminal, a line a file elsewhere."""
    terminal = rewrites_lines()
    told = 0

    def tell(report: "ImportReport") -> None:
        nonlocal told
        which = f"{files[report.files - 1].name} ({report.files}/{len(files)})"
        if terminal:
            what, read, new = "trades", report.read + report.aggregated, report.inserted + report.summed
            if report.klines:
                what, read, new = "trades and bars", read + report.klines, new + report.inserted_klines
            sys.stderr.write(f"{CLEAR_LINE}{which}: {read:,} {what} read, {new:,} of them new")
        elif report.files > told and len(files) > 1:
            sys.stderr.write(f"{which}\n")
        told = report.files
        sys.stderr.flush()

    try:
        yield tell
    finally:
        if terminal and told:
            click.echo(err=True)


def _kinds(rejected: Mapping[str, int]) -> str | None:
    return ", ".join(f"{count} {kind}" for kind, count in rejected.items()) or None


def _mark_columns(marks: "GapMarks") -> Iterator[Column["SourcedBar"]]:
    """What the ledger of gaps says of each bar that comes from the stream; klines know of no gap."""

    def of(one: "SourcedBar") -> "GapMark | None":
        return marks.of(one.bar) if one.source.value == "trades" else None

    def few(count: int) -> str:
        return str(count) if count else ""

    def missing(one: "SourcedBar") -> int | None:
        return None if (mark := of(one)) is None else mark.missing

    def backfilled(one: "SourcedBar") -> int | None:
        return None if (mark := of(one)) is None else mark.backfilled

    yield Column("gaps", "gaps", missing, few, right=True, missing="")
    yield Column("backfilled", "backfilled", backfilled, few, right=True, missing="")


_REPORT: list[Column["ImportReport"]] = [
    Column("files", "files", lambda report: report.files, right=True),
    Column("symbols", "symbols", lambda report: report.symbols, ", ".join),
    Column("read", "trades", lambda report: report.read, right=True),
    Column("inserted", "new", lambda report: report.inserted, right=True),
    Column("duplicates", "stored before", lambda report: report.duplicates, right=True),
    Column("aggregated", "aggregated", lambda report: report.aggregated, right=True),
    Column("summed", "into bars", lambda report: report.summed, right=True),
    Column("klines", "klines", lambda report: report.klines, right=True),
    Column("inserted_klines", "new klines", lambda report: report.inserted_klines, right=True),
    Column("missing", "missing ids", lambda report: report.missing, right=True),
    Column("rejected", "rejected", lambda report: sum(report.rejected.values()), right=True),
    Column("rejected_kinds", "of these", lambda report: _kinds(report.rejected), missing=""),
    Column("first_time", "from", lambda report: report.first_time, clock_time),
    Column("last_time", "to", lambda report: report.last_time, clock_time),
]
_BAR: list[Column["SourcedBar"]] = [
    Column("open_time", "from", lambda one: instant_of(one.bar.open_ms), clock_time),
    Column("open", "open", lambda one: one.bar.open, exact, right=True),
    Column("high", "high", lambda one: one.bar.high, exact, right=True),
    Column("low", "low", lambda one: one.bar.low, exact, right=True),
    Column("close", "close", lambda one: one.bar.close, exact, right=True),
    Column("volume", "volume", lambda one: one.bar.volume, exact, right=True),
    Column("quote_volume", "quote volume", lambda one: one.bar.quote_volume, fixed(2), right=True),
    Column("vwap", "vwap", lambda one: one.bar.vwap, exact, right=True, missing=""),
    Column("trades", "trades", lambda one: one.bar.trades, right=True),
    Column("taker_volume", "bought by takers", lambda one: one.bar.taker_volume, exact, right=True),
    Column("source", "source", lambda one: one.source.value),
    Column("covered", "covered %", lambda one: one.covered, percent(0), right=True, missing=""),
]
