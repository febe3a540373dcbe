"""The symbol that a command asks for, as it is stored; or the words that tell where it is, or how it gets there."""

from typing import TYPE_CHECKING

from cockpit.errors import UsageError

if TYPE_CHECKING:
    from cockpit.settings import Settings
    from cockpit.storage.database import Database


async def stored_symbol(settings: "Settings", database: "Database", symbol: str, *, klines: bool = True) -> str:
    """The name of a symbol that trades are stored of, or with ``klines`` also klines alone.

    Raises:
        UsageError: nothing of it is stored in this profile.
    """
    from cockpit.storage.klines import kline_series
    from cockpit.storage.ticks import stored_symbols

    name = symbol.upper()
    stored = await stored_symbols(database)
    if klines:
        stored = sorted({*stored, *await kline_series(database)})
    if name in stored:
        return name
    what = "no trade and no kline" if klines else "no trade"
    there = f"it has {', '.join(stored)}" if stored else "nothing is stored there yet"
    other = _other_profile(settings, name, klines=klines)
    remedy = f"the profile {other} has some: add --profile {other}" if other else "get some: cockpit ticks import FILE"
    raise UsageError(f"{what} of {name or repr(name)} is stored in the profile {settings.profile} ({there}); {remedy}")


def _other_profile(settings: "Settings", name: str, *, klines: bool) -> str | None:
    """The first of this user's other profiles that has the symbol; None where none has."""
    from typing import get_args

    from cockpit.settings import Profile
    from cockpit.storage.elsewhere import symbols_in

    for profile in get_args(Profile):
        database = settings.model_copy(update={"profile": profile}).folders().database
        if profile != settings.profile and name in symbols_in(database, klines=klines):
            return str(profile)
    return None
