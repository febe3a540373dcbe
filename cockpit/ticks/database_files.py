"""Trades and klines of another cockpit's database, read from a copy: neither it nor its owner is ever disturbed."""

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

from cockpit.errors import CockpitError, DamagedError
from cockpit.paths import Paths
from cockpit.storage.addresses import address
from cockpit.storage.database import open_database
from cockpit.storage.klines import kline_series, read_klines
from cockpit.storage.ticks import read_trades, stored_symbols
from cockpit.ticks.kline import Kline
from cockpit.ticks.trade import Trade

_PAGES_AT_ONCE = 10_000


async def read_database(path: Path, work: Path) -> AsyncIterator[Trade | Kline]:
    """Its trades by symbol and rising id, then its klines by symbol, interval and time.

    Args:
        path: a cockpit's database of this or an older schema, in use or not, or a copy of one.
        work: a folder with room for a copy, which is brought to the present schema.

    Raises:
        DamagedError: it is damaged, or no cockpit's.
    """
    with tempfile.TemporaryDirectory(dir=work, prefix="import-") as folder:
        copy = Paths(Path(folder), Path(folder))
        try:
            await asyncio.to_thread(_copy, path, copy.database)
            async with open_database(copy) as database:
                for symbol in await stored_symbols(database):
                    async for trade in read_trades(database, symbol):
                        yield trade
                for symbol, lengths in (await kline_series(database)).items():
                    for length_ms in lengths:
                        async for kline in read_klines(database, symbol, length_ms):
                            yield kline
        except CockpitError as error:
            raise DamagedError(f"{path}: {str(error).replace(str(copy.database), 'it')}") from None
        except sqlite3.DatabaseError as error:
            raise DamagedError(f"{path} is damaged: {error}") from None


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(address(source, "ro"), uri=True)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new, pages=_PAGES_AT_ONCE)
