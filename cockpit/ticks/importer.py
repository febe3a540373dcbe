"""Trades from files into the database, as fast as the disk takes them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cockpit.errors import CockpitError, DamagedError, StorageError
from cockpit.providers.binance_frames import decode_frame
from cockpit.providers.ports import Rejected
from cockpit.storage.database import Database
from cockpit.storage.ticks import check_trade, store_trades
from cockpit.ticks.gaps import TradeSequence
from cockpit.ticks.recording import Recording, lines
from cockpit.ticks.trade import Trade
from cockpit.ticks.trade_files import is_zip, read_trade_file

_BATCH = 5000
_ANY_SYMBOL: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Attributes:
        read: trades read from the files.
        inserted: of those, how many were new; duplicates: how many were stored already.
        ignored: frames of a recording that hold no trade.
        rejected: what was not taken, counted by kind.
        missing: trade ids that the files skip.
        first_time, last_time: of the trades, by the venue's clock; None where there is none.
    """

    files: int
    read: int
    inserted: int
    duplicates: int
    ignored: int
    rejected: Mapping[str, int]
    missing: int
    first_time: datetime | None
    last_time: datetime | None
    symbols: tuple[str, ...]


async def import_files(
    files: Sequence[Path],
    database: Database,
    *,
    progress: Callable[[ImportReport], None] | None = None,
) -> ImportReport:
    """Store the trades of recordings and of Binance's bulk files; the form is told by the content.

    Args:
        files: read one after the other.
        database: what of the files is stored already is counted and left alone.
        progress: told after every commit.

    Raises:
        DamagedError: a file breaks off or is none of these; what came before the damage is stored, and the sentence
            says how much that is.
        UsageError: a file cannot be read.
        StorageError: the database cannot be written.
    """
    tally = _Count()
    for file in files:
        tally.files += 1
        before = tally.read
        batches = _batches(await asyncio.to_thread(_reader, file), tally)
        try:
            while batch := await asyncio.to_thread(next, batches, None):
                inserted = await store_trades(database, batch)
                tally.inserted += inserted
                tally.duplicates += len(batch) - inserted
                if progress is not None:
                    progress(tally.report())
        except DamagedError as error:
            raise DamagedError(f"{error}; the {tally.read - before} trades before it are stored") from error
    return tally.report()


@dataclass(slots=True)
class _Count:
    files: int = 0
    read: int = 0
    inserted: int = 0
    duplicates: int = 0
    ignored: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    sequences: dict[str, TradeSequence] = field(default_factory=dict)
    first_ms: int | None = None
    last_ms: int | None = None

    def add(self, trade: Trade) -> None:
        self.read += 1
        self.sequences.setdefault(trade.symbol, TradeSequence()).advance(trade.trade_id)
        self.first_ms = trade.time_ms if self.first_ms is None else min(self.first_ms, trade.time_ms)
        self.last_ms = trade.time_ms if self.last_ms is None else max(self.last_ms, trade.time_ms)

    def report(self) -> ImportReport:
        return ImportReport(
            files=self.files,
            read=self.read,
            inserted=self.inserted,
            duplicates=self.duplicates,
            ignored=self.ignored,
            rejected=dict(self.rejected),
            missing=sum(sequence.missing for sequence in self.sequences.values()),
            first_time=_instant(self.first_ms),
            last_time=_instant(self.last_ms),
            symbols=tuple(self.sequences),
        )


def _batches(found: Iterator[Trade | Rejected | None], count: _Count) -> Iterator[list[Trade]]:
    """Storable trades, so many at once. What was read before a damage comes out before the error does."""
    batch: list[Trade] = []
    damage: CockpitError | None = None
    while damage is None:
        try:
            one = next(found)
        except StopIteration:
            break
        except CockpitError as error:
            damage = error
            break
        if one is None:
            count.ignored += 1
        elif isinstance(one, Rejected):
            count.rejected[one.kind] += 1
        elif _storable(one, count):
            count.add(one)
            batch.append(one)
            if len(batch) == _BATCH:
                yield batch
                batch = []
    if batch:
        yield batch
    if damage is not None:
        raise damage


def _storable(trade: Trade, count: _Count) -> bool:
    try:
        check_trade(trade)
    except StorageError:
        count.rejected["not storable"] += 1
        return False
    return True


def _reader(file: Path) -> Iterator[Trade | Rejected | None]:
    if is_zip(file) or _is_csv(file):
        return iter(read_trade_file(file))
    return _from_recording(Recording(file))


def _is_csv(file: Path) -> bool:
    """True where the first line has the commas of a table and not the braces of a frame."""
    first = next((line for _, line in lines(file) if line.strip()), b"")
    return first.count(b",") >= 3 and b"{" not in first and b"://" not in first


def _from_recording(recording: Recording) -> Iterator[Trade | Rejected | None]:
    bad_lines = 0
    for recorded in recording:
        for _ in range(recording.bad_lines - bad_lines):
            yield Rejected("no frame", "")
        bad_lines = recording.bad_lines
        event = decode_frame(recorded.frame, _ANY_SYMBOL)
        yield event if isinstance(event, Trade | Rejected) else None


def _instant(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000.0, UTC)
