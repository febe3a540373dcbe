"""What the keys and commands of the health pane do about a vendor, and the word that each ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.tui.trading import commands

if TYPE_CHECKING:
    from cockpit.commands import Commands
    from cockpit.tui.app import CockpitApp
    from cockpit.tui.main_screen import MainScreen

_TWICE_SECONDS = 5.0


class CacheKey:
    """Lets a cache be dropped by the second of two presses about the same vendor: answers may be dear."""

    def __init__(self) -> None:
        self._vendor = ""
        self._pressed_at = float("-inf")

    def pressed(self, vendor: str, now: float) -> bool:
        """True for the second press within five seconds."""
        again = vendor == self._vendor and now - self._pressed_at < _TWICE_SECONDS
        self._vendor, self._pressed_at = ("" if again else vendor), now
        return again


def chosen_vendor(app: CockpitApp, screen: MainScreen) -> str | None:
    """The vendor under the mark; a word on the screen where there is none."""
    vendor = screen.health.vendor
    if vendor is None:
        app.say("no vendor has reported yet; 5 goes to the health")
    return vendor


def drop_cache(app: CockpitApp, vendor: str = "", symbol: str = "") -> None:
    """Forget what a vendor, or all of them, answered about a symbol or at all."""
    known = commands(app)
    if known is None:
        return

    async def drop(known: Commands = known) -> None:
        count = await known.drop_cache(vendor, symbol)
        about = f" about {symbol}" if symbol else ""
        of = f" of {vendor}" if vendor else ""
        answers = f"{count} answer{'s' if count != 1 else ''}"
        app.say(f"dropped {answers}{of}{about}; what is needed again is asked again")

    app.perform(drop())


def reset_breaker(app: CockpitApp, vendor: str) -> None:
    """Ask a vendor again that was left alone."""
    known = commands(app)
    if known is None:
        return

    async def reset(known: Commands = known) -> None:
        before = await known.reset_breaker(vendor)
        if before == "closed":
            app.say(f"the breaker of {vendor} was closed already; its failures so far are forgotten")
        else:
            app.say(f"the breaker of {vendor} was {before} and is closed; the next request goes through")

    app.perform(reset())


def probe(app: CockpitApp, vendor: str) -> None:
    """Ask a vendor something cheap."""
    known = commands(app)
    if known is None:
        return

    async def ask(known: Commands = known) -> None:
        seconds = await known.probe(vendor)
        app.say(f"{vendor} answers, within {max(1.0, seconds * 1000):.0f} ms")

    app.perform(ask())
