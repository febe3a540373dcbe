"""What is done about a damaged database: it is moved aside, never changed, and the newest good copy takes its place."""

import logging
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from cockpit.errors import CockpitError, StorageError
from cockpit.paths import Paths
from cockpit.storage.addresses import address
from cockpit.storage.copies import copies
from cockpit.storage.failures import DamagedDatabaseError, sentences
from cockpit.storage.migrations.runner import check_file, prepare

log = logging.getLogger(__name__)

_BESIDE = ("-wal", "-shm")


def prepare_or_recover(paths: Paths) -> str:
    """Prepare the database; a damaged one is moved aside first. What was done about it, mostly nothing.

    The caller owns the folder.

    Raises:
        StorageError: as :func:`prepare`, or the damaged file cannot be moved.
    """
    try:
        prepare(paths)
    except DamagedDatabaseError as error:
        log.error("%s", error)
        notice = _recover(paths, error)
        log.warning("%s", notice)
        return notice
    return ""


def _recover(paths: Paths, error: DamagedDatabaseError) -> str:
    database, reason = paths.database, error.reason
    aside = database.parent / f"damaged-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
    try:
        aside.mkdir(mode=0o700)
        _move(database, aside, _BESIDE)
        if _is_sound(database):
            prepare(paths)
            return (
                f"the write-ahead log of the database did not fit to it ({reason}) and is in {aside} now: what was "
                "only in there is missing"
            )
        _move(database, aside, ("",))
        for copy in copies(database):
            if _is_sound(copy):
                made = datetime.fromtimestamp(copy.stat().st_mtime, UTC)
                shutil.copyfile(copy, database)
                prepare(paths)
                return (
                    f"the database was damaged ({reason}) and is in {aside} now; the copy of {made:%Y-%m-%d %H:%M} UTC "
                    "is in its place: what came later is missing, paper trades included"
                )
    except OSError as failed:
        raise StorageError(f"{error}; it could not be moved to {aside} for you ({failed.strerror})") from failed
    prepare(paths)
    return f"the database was damaged ({reason}) and is in {aside} now; there is no copy of it, so a new one was begun"


def _move(database: Path, aside: Path, endings: tuple[str, ...]) -> None:
    for ending in endings:
        file = database.with_name(f"{database.name}{ending}")
        if file.exists():
            os.replace(file, aside / file.name)


def _is_sound(database: Path) -> bool:
    """True where a file passes the check as it is, without what lies beside it."""
    if not database.exists() or not database.stat().st_size:
        return False
    try:
        uri = address(database, "ro&immutable=1")
        with sentences(database), closing(sqlite3.connect(uri, uri=True)) as connection:
            check_file(connection, database, thorough=True)
    except CockpitError:
        return False
    return True
