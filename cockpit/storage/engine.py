"""What the SQLite in use is known for."""

import sqlite3

_FIXED = ((3, 44, 6), (3, 50, 7), (3, 51, 3))


def has_wal_reset_defect(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """True where two connections that write or checkpoint at once can damage a database in WAL.

    All versions from 3.7.0 on have the defect up to 3.51.3, but for the later ones of the lines 3.44 and 3.50.
    """
    return version < _FIXED[-1] and not any(version[:2] == fixed[:2] and version >= fixed for fixed in _FIXED)
