"""What the keys and commands of the health pane do about a vendor, and the word that each ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.tui.chosen import commands, say_nothing_here

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cockpit.commands import Commands
    from cockpit.tui.app import CockpitApp
    from cockpit.tui.main_screen import MainScreen


def chosen_vendor(app: CockpitApp, screen: MainScreen) -> str | None:
    """The vendor under the mark; a word on the screen where there is none."""
    vendor = screen.health.vendor
    if vendor is None:
        say_nothing_here(app, "no vendor has reported yet; 5 goes to the health")
    return vendor


def drop_cache(app: CockpitApp, vendor: str = "", symbol: str = "") -> None:
    """Ask, and then forget what a vendor, or all of them, answered about a symbol or at all: answers may be dear."""
    from cockpit.tui.screens.confirm import ConfirmScreen

    about = f" about {symbol}" if symbol else ""
    whose = vendor or "all vendors"

    async def drop(known: Commands) -> str:
        count = await known.drop_cache(vendor, symbol)
        answers = f"{count} answer{'s' if count != 1 else ''}"
        return f"dropped {answers} of {whose}{about}; what is needed again is asked again"

    question = f"Drop all that {whose} answered{about}? Asking again uses the limits."
    app.push_screen(ConfirmScreen("Drop the cache", question, "drop", lambda: _told(app, drop)))


def reset_breaker(app: CockpitApp, vendor: str) -> None:
    """Ask a vendor again that was left alone."""

    async def reset(known: Commands) -> str:
        before = await known.reset_breaker(vendor)
        if before == "closed":
            return f"the breaker of {vendor} was closed already; its failures so far are forgotten"
        return f"the breaker of {vendor} was {before} and is closed; the next request goes through"

    _told(app, reset)


def probe(app: CockpitApp, vendor: str) -> None:
    """Ask a vendor something cheap."""

    async def ask(known: Commands) -> str:
        seconds = await known.probe(vendor)
        return f"{vendor} answers, within {max(1.0, seconds * 1000):.0f} ms"

    _told(app, ask)


def _told(app: CockpitApp, command: Callable[[Commands], Awaitable[str]]) -> None:
    """Run a command of the session, and tell the sentence that it ends with."""
    known = commands(app)
    if known is None:
        return

    async def run(known: Commands = known) -> None:
        app.say(await command(known))

    app.perform(run())
