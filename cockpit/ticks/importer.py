"""Trades from files into the database, as fast as the disk takes them; aggregated trades into its bars;
klines beside them.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from cockpit.errors import CockpitError, DamagedError
from cockpit.providers.ports import Rejected
from cockpit.storage.aggregates import store_aggregates
from cockpit.storage.database import Database
from cockpit.storage.klines import store_klines
from cockpit.storage.ticks import TradeRow, store_rows, trade_row
from cockpit.ticks.aggregate import Aggregate
from cockpit.ticks.database_files import read_database
from cockpit.ticks.file_forms import Found, check_symbol, is_database, opened
from cockpit.ticks.id_spans import IdSpans
from cockpit.ticks.kline import Kline
from cockpit.ticks.rejects import Rejects
from cockpit.ticks.text_files import BadLine

_BATCH = 10_000
_BAD_LINES_AT_FIRST = 20
_BAD_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Attributes:
        files: begun so far.
        read: single trades read from the files.
        inserted: of those, how many were new; duplicates: how many were stored already.
        aggregated: trades that aggregated ones stand for; summed: how many of them were new to the bars.
        klines: finished bars read from the files; inserted_klines: of those, how many were new.
        ignored: frames of a recording that hold no trade.
        rejected: what was not taken, counted by kind.
        missing: trade ids that the files skip.
        first_time, last_time: of the trades and bars, by the venue's clock; None where there is none.
        damages: what is wrong with a file, a sentence each; what is good in it is stored all the same.
    """

    files: int
    read: int
    inserted: int
    duplicates: int
    aggregated: int
    summed: int
    ignored: int
    rejected: Mapping[str, int]
    missing: int
    first_time: datetime | None
    last_time: datetime | None
    symbols: tuple[str, ...]
    damages: tuple[str, ...] = ()
    klines: int = 0
    inserted_klines: int = 0


async def import_files(
    files: Sequence[Path],
    database: Database,
    *,
    symbol: str | None = None,
    progress: Callable[[ImportReport], None] | None = None,
) -> ImportReport:
    """Store what recordings, Binance's bulk files, exports and other cockpits' databases hold.

    The form of a file is told by its content. A damaged file costs no more than its damaged lines: all others are
    stored, the damage is in the report, and reading the whole file later stores nothing twice.

    Args:
        files: read one after the other.
        database: what of the files is stored already is counted and left alone.
        symbol: of files whose names do not tell it.
        progress: told after every commit.

    Raises:
        UsageError: a file cannot be read, does not tell its symbol, or holds bars of another length than is stored; or
            ``symbol`` is none. Then nothing is stored.
        StorageError: the database cannot be written.
    """
    if symbol is not None:
        check_symbol(symbol)
    tally = _Tally()
    samples = Rejects()
    sources = [await asyncio.to_thread(_Source, file, symbol, samples) for file in files]
    for source in sources:
        tally.files += 1
        before = tally.taken
        async with aclosing(source.batches(database.path.parent)) as batches:
            async for batch in batches:
                inserted = await store_rows(database, batch.trades) if batch.trades else 0
                tally.add(batch, inserted)
                if batch.aggregates:
                    tally.summed += await store_aggregates(database, batch.aggregates)
                if batch.klines:
                    tally.inserted_klines += await store_klines(database, batch.klines)
                if progress is not None:
                    progress(tally.report())
        if source.bad_lines:
            tally.damages.append(source.sentence())
        if source.damage is not None:
            what = "bars" if source.holds_klines else "trades"
            count = tally.taken - before
            kept = f"the {count} {what} before it are stored" if count else "nothing of it is stored"
            tally.damages.append(f"{source.damage}; {kept}")
    return tally.report()


@dataclass(slots=True)
class _Batch:
    """What a stretch of a file holds."""

    aggregates: list[Aggregate] = field(default_factory=list)
    klines: list[Kline] = field(default_factory=list)
    trades: list[TradeRow] = field(default_factory=list)
    ignored: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Tally:
    files: int = 0
    read: int = 0
    inserted: int = 0
    aggregated: int = 0
    summed: int = 0
    klines: int = 0
    inserted_klines: int = 0
    ignored: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    spans: dict[str, IdSpans] = field(default_factory=dict)
    first_ms: int | None = None
    last_ms: int | None = None
    damages: list[str] = field(default_factory=list)

    @property
    def taken(self) -> int:
        return self.read + self.aggregated + self.klines

    def add(self, batch: _Batch, inserted: int) -> None:
        self.read += len(batch.trades)
        self.inserted += inserted
        self.ignored += batch.ignored
        self.rejected += batch.rejected
        for one in batch.aggregates:
            self.aggregated += one.last_id - one.first_id + 1
            self.spans.setdefault(one.symbol, IdSpans()).add(one.first_id, one.last_id)
        self.klines += len(batch.klines)
        times = [row[4] >> 1 for row in batch.trades] + [one.time_ms for one in batch.aggregates]
        for kline in batch.klines:
            self.spans.setdefault(kline.symbol, IdSpans())
            times += kline.open_ms, kline.open_ms + kline.length_ms - 1
        if not times:
            return
        ids: dict[str, list[int]] = {}
        for row in batch.trades:
            ids.setdefault(row[0], []).append(row[1])
        for symbol, some in ids.items():
            self.spans.setdefault(symbol, IdSpans()).add_all(some)
        first, last = min(times), max(times)
        self.first_ms = first if self.first_ms is None else min(self.first_ms, first)
        self.last_ms = last if self.last_ms is None else max(self.last_ms, last)

    def report(self) -> ImportReport:
        return ImportReport(
            files=self.files,
            read=self.read,
            inserted=self.inserted,
            duplicates=self.read - self.inserted,
            aggregated=self.aggregated,
            summed=self.summed,
            ignored=self.ignored,
            rejected=dict(self.rejected),
            missing=sum(spans.missing for spans in self.spans.values()),
            first_time=_instant(self.first_ms),
            last_time=_instant(self.last_ms),
            symbols=tuple(self.spans),
            damages=tuple(self.damages),
            klines=self.klines,
            inserted_klines=self.inserted_klines,
        )


class _Source:
    """One file on its way in.

    Attributes:
        bad_lines: lines that are not what the file is made of, by kind.
        damage: what ended the reading before the end of the file.
        holds_klines: True once a kline has been found in it.
    """

    def __init__(self, file: Path, symbol: str | None, samples: Rejects) -> None:
        self.bad_lines: Counter[str] = Counter()
        self.damage: CockpitError | None = None
        self.holds_klines = False
        self._file = file
        self._samples = samples
        self._first: BadLine | None = None
        self._found: Iterator[Found] = iter(())
        self.is_database = is_database(file)
        if self.is_database:
            return
        try:
            self._found = opened(file, symbol)
        except DamagedError as error:
            self.damage = error

    def sentence(self) -> str:
        """What is wrong with single lines of it."""
        assert self._first is not None
        count = self.bad_lines.total()
        kinds = ", ".join(f"{number} {kind}" for kind, number in self.bad_lines.most_common())
        what = "bar" if self.holds_klines else "trade"
        some = f"a line is no {what}" if count == 1 else f"{count} lines are no {what}s"
        return f"{self._file}: {some} ({kinds}), the first is line {self._first.line}: {self._first.sample!r}"

    async def batches(self, work: Path) -> AsyncGenerator[_Batch, None]:
        """What the file holds, the next batch being read while one is stored; ``work`` is a folder with room."""
        if self.is_database:
            async for stored in self._from_database(work):
                yield stored
            return
        reading = asyncio.create_task(asyncio.to_thread(self._take))
        try:
            while (batch := await reading) is not None:
                reading = asyncio.create_task(asyncio.to_thread(self._take))
                yield batch
        finally:
            await asyncio.wait({reading})

    async def _from_database(self, work: Path) -> AsyncGenerator[_Batch, None]:
        batch = _Batch()
        try:
            async for one in read_database(self._file, work):
                if isinstance(one, Kline):
                    batch.klines.append(one)
                else:
                    batch.trades.append(trade_row(one))
                if len(batch.trades) + len(batch.klines) == _BATCH:
                    yield batch
                    batch = _Batch()
        except DamagedError as error:
            self.damage = error
        if batch.trades or batch.klines:
            yield batch

    def _take(self) -> _Batch | None:
        """The next trades and what stands between them; None at the end. What precedes a damage comes before it."""
        batch = _Batch()
        trades = batch.trades
        try:
            for one in self._found:
                if type(one) is tuple:
                    trades.append(one)
                    if len(trades) == _BATCH:
                        return batch
                elif isinstance(one, Aggregate):
                    batch.aggregates.append(one)
                    if len(batch.aggregates) == _BATCH:
                        return batch
                elif isinstance(one, Kline):
                    self.holds_klines = True
                    batch.klines.append(one)
                    if len(batch.klines) == _BATCH:
                        return batch
                elif one is None:
                    batch.ignored += 1
                elif isinstance(one, BadLine):
                    self._bad(one, batch)
                elif isinstance(one, Rejected):
                    batch.rejected[one.kind] += 1
        except CockpitError as error:
            self.damage = error
            self._found = iter(())
        return batch if trades or batch.aggregates or batch.klines or batch.ignored or batch.rejected else None

    def _bad(self, bad: BadLine, batch: _Batch) -> None:
        batch.rejected[bad.kind] += 1
        self.bad_lines[bad.kind] += 1
        self._first = self._first or bad
        count = self.bad_lines.total()
        self._samples.add(f"{self._file}, line {bad.line}", bad.kind, bad.sample, monotonic())
        if count > _BAD_LINES_AT_FIRST and count > _BAD_SHARE * bad.line:
            raise DamagedError(f"{self._file}, line {bad.line}: no file of trades or bars goes on like this")


def _instant(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000.0, UTC)
