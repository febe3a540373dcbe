"""What a scan says of itself: while it runs, when it is stopped, and when an allowance or a disk had a word in it."""

from collections.abc import Sequence
from dataclasses import replace

from cockpit.commands import ScanResult
from cockpit.scan.candidate import WAITS, ScanProgress
from tests.tui.conftest import Screen, picture, settled, told
from tests.tui.demo import DemoSession

SENTENCE = "12 names wait for past reports: alpha_vantage had 3 requests left for 15 names; more in 9 h"


def ended(session: DemoSession, message: str = "", *, cancelled: bool = False) -> ScanProgress:
    now = session.clock.now()
    return ScanProgress(now, 8, 8, 0, now, message, cancelled)


async def test_what_a_scan_has_to_say_stands_above_its_rows_until_the_next_one(
    session: DemoSession, screen: Screen
) -> None:
    async with screen(session) as (app, pilot):
        rows = app.main.candidates.table.size.height
        session.boards.scan.put("scan", ended(session, SENTENCE))
        await settled(app, pilot)
        assert "12 names wait for past reports: alpha_vantage" in picture(app)
        assert app.main.candidates.table.size.height == rows - 1
        await pilot.press("2", "z")
        await settled(app, pilot)
        assert SENTENCE in picture(app)
        session.boards.scan.put("scan", ended(session))
        await settled(app, pilot)
        assert "names wait" not in picture(app)


async def test_a_scan_by_key_tells_it_wherever_one_is(session: DemoSession, screen: Screen) -> None:
    scan = session.demo.scan

    async def poor(tickers: Sequence[str] | None = None, days: int | None = None) -> ScanResult:
        result = await scan(tickers, days)
        session.boards.scan.put("scan", ended(session, SENTENCE))
        return result

    session.demo.scan = poor  # type: ignore[method-assign]  # the demo never runs out of anything
    async with screen(session, (60, 20)) as (app, pilot):
        await pilot.press("5", "s")
        await settled(app, pilot)
        assert SENTENCE in told(app)


async def test_a_name_that_waits_is_marked_where_its_reports_would_be_counted(
    session: DemoSession, screen: Screen
) -> None:
    known = session.boards.candidates.get("NVDA")
    assert known is not None
    session.boards.candidates.put("NVDA", replace(known, quarters=0, vrp=None, flags=(WAITS,)))
    async with screen(session) as (app, _pilot):
        row = next(line for line in picture(app).split("\n") if "NVDA  25 Nov" in line)
        assert row.split("NVDA  25 Nov AMC")[1].split()[5] == "…"


async def test_the_footer_offers_to_stop_while_there_is_something_to_stop(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        assert "s scan" in picture(app).split("\n")[-1]
        assert "stop scan" not in picture(app)
        await pilot.press("x")
        assert "no scan is running" in told(app)
        session.boards.scan.put("scan", ScanProgress(session.clock.now(), 48, 31))
        await settled(app, pilot)
        assert "x stop scan" in picture(app).split("\n")[-1]
        assert "s scan" not in picture(app).split("\n")[-1]
        await pilot.press("x")
        assert "scan stopped after 31 of 48 names; what was found stays" in told(app)


async def test_a_stopped_scan_says_so_in_the_title_and_nothing_twice(session: DemoSession, screen: Screen) -> None:
    session.boards.scan.put("scan", ended(session, "stopped; what was found stays", cancelled=True))
    async with screen(session) as (app, _pilot):
        assert "stopped now" in picture(app)
        assert "what was found stays" not in picture(app)
