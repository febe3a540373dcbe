"""What the keys and commands of scans and of the simulated clock do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.errors import ScanStoppedError
from cockpit.tui.chosen import commands, say_nothing_here

if TYPE_CHECKING:
    from cockpit.commands import Commands
    from cockpit.tui.app import CockpitApp


def scan(app: "CockpitApp", tickers: Sequence[str] | None = None) -> None:
    """Scan; the panes show it as it goes."""
    known = commands(app)
    if known is None or app.session is None:
        return
    boards = app.session.boards

    async def run(known: "Commands" = known) -> None:
        try:
            await known.scan(tickers)
        except ScanStoppedError:
            return  # by a key or by another scan, and both say so
        progress = boards.scan.get("scan")
        if progress is not None and progress.message:
            app.say(progress.message, "warning")

    app.perform(run())


def cancel_scan(app: "CockpitApp") -> None:
    """Stop the scan that runs."""
    known = commands(app)
    if known is None or app.session is None:
        return
    progress = app.session.boards.scan.get("scan")
    if progress is None or progress.finished_at is not None:
        say_nothing_here(app, "no scan is running; s starts one")
        return
    known.cancel_scan()
    app.say(f"scan stopped after {progress.done} of {progress.total or '?'} names; what was found stays")


def next_session(app: "CockpitApp") -> None:
    """Move the simulated market to its next open."""
    known = commands(app)
    if known is None:
        return

    async def move(known: "Commands" = known) -> None:
        from cockpit.options.calendar import NEW_YORK

        now = await known.next_session()
        app.say(f"the market now stands at {now.astimezone(NEW_YORK):%a %d %b %H:%M} ET")

    app.perform(move())
