"""A copy of the database each day, while it is small enough for nobody to notice."""

import asyncio
import logging

from cockpit.errors import CockpitError
from cockpit.storage.copies import age_seconds, back_up, copies
from cockpit.storage.database import Database

log = logging.getLogger(__name__)

_FIRST_LOOK_SECONDS = 60.0
_LOOK_SECONDS = 3600.0
_DAY_SECONDS = 86_400.0
_LARGEST = 512 * 1024 * 1024
_ROOM = 4


async def copy_daily(database: Database) -> None:
    """Copy for ever. A database above 512 MB is left to ``cockpit doctor --backup``, and so is a nearly full disk."""
    if database.read_only:
        return
    await asyncio.sleep(_FIRST_LOOK_SECONDS)
    while True:
        await copy_if_due(database)
        await asyncio.sleep(_LOOK_SECONDS)


async def copy_if_due(database: Database) -> bool:
    """Copy where the newest copy is a day old, or there is none; True where that was done."""
    newest = next(iter(copies(database.path)), None)
    if newest is not None and age_seconds(newest) < _DAY_SECONDS:
        return False
    size, space = (await database.status()).database_bytes, database.space
    if size > _LARGEST or space.warning or space.free < _ROOM * size:
        return False
    try:
        copy = await asyncio.to_thread(back_up, database.path)
    except CockpitError as error:
        log.warning("%s", error)
        return False
    log.info("the database has been copied to %s", copy)
    return True
