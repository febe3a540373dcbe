"""A look into the database of another profile, to tell that what is asked for is there. It is only read."""

import sqlite3
from contextlib import closing
from pathlib import Path

from cockpit.storage.addresses import address_as_it_is

_TRADED = "SELECT symbol FROM ticks_symbols"
_KLINES = "SELECT symbol FROM ticks_kline_series"


def symbols_in(database: Path, *, klines: bool = True) -> frozenset[str]:
    """Symbols that trades, or with ``klines`` also klines alone, are stored of; none where the file cannot be read."""
    if not database.is_file():
        return frozenset()
    try:
        with closing(sqlite3.connect(address_as_it_is(database), uri=True)) as connection:
            return frozenset(
                str(row[0]) for row in connection.execute(f"{_TRADED} UNION {_KLINES}" if klines else _TRADED)
            )
    except sqlite3.Error:
        return frozenset()
