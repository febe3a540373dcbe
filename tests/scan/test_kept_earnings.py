"""A free key of a few requests a day scans a week's names: history is kept for good, and the best names come first."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cockpit.boards import Boards
from cockpit.errors import ProviderError, Refusal
from cockpit.health.status import ProviderStatus, Window
from cockpit.paths import profile_paths
from cockpit.scan.candidate import WAITS
from cockpit.scan.earnings import PastReport
from cockpit.scan.kept_earnings import KeptEarnings
from cockpit.scan.scanner import Scanner
from cockpit.settings import Settings
from cockpit.spreads.exposure import OpenBook
from cockpit.storage.database import Database, open_database
from tests.scan.market import NOW, REPORT_DAY, Earnings, StillClock, market, past_reports, refusal

NAMES = tuple(f"N{letter}" for letter in "ABCDEFGHIJ")


class Metered(Earnings):
    """An earnings source of so many past reports a day, which counts them."""

    def __init__(self, source: Earnings, a_day: int) -> None:
        self.__dict__.update(source.__dict__)
        self.a_day = a_day
        self.asked: list[str] = []
        self.used = 0

    async def past_reports(self, symbol: str) -> list[PastReport]:
        if self.used >= self.a_day:
            raise refusal(Refusal.QUOTA, "the day's requests are spent")
        self.used += 1
        self.asked.append(symbol)
        return await super().past_reports(symbol)

    def statuses(self) -> list[ProviderStatus]:
        window = Window(self.a_day, 86_400.0, self.used, 3600.0 * 9)
        return [ProviderStatus(self.name, windows=(Window(1, 1.0, 1, 0.5), window))]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    paths = profile_paths("live", tmp_path)
    paths.create()
    async with open_database(paths) as opened:
        yield opened


def session(
    earnings: Metered, venue: object, database: Database | None, clock: StillClock | None = None
) -> tuple[Scanner, Boards]:
    boards, clock = Boards(), clock or StillClock()
    kept = KeptEarnings(earnings, database, clock, earnings.statuses)
    scanner = Scanner(
        earnings=kept,
        venue=venue,  # type: ignore[arg-type]  # the market of the other tests
        clock=clock,
        boards=boards,
        settings=Settings(),
        book=lambda: OpenBook(100_000.0),
        store=None,
        kept=kept,
    )
    return scanner, boards


async def test_a_week_is_scanned_day_by_day_and_nothing_is_asked_twice(database: Database) -> None:
    source, venue = market(NAMES)
    earnings = Metered(source, 4)
    waiting = []
    for _ in range(4):
        scanner, boards = session(earnings, venue, database)
        result = await scanner.scan()
        waits = [candidate.symbol for candidate in result.candidates if WAITS in candidate.flags]
        waiting.append(len(waits))
        progress = boards.scan.get("scan")
        assert progress is not None
        assert (progress.done, progress.failed) == (10, 0)
        assert ("wait for past reports: calendar had" in progress.message) == bool(waits)
        for candidate in result.candidates:
            assert (candidate.vrp is None) == (candidate.symbol in waits)
            assert candidate.implied_move is not None
        again = await scanner.scan()
        assert {one.symbol for one in again.candidates if WAITS in one.flags} == set(waits)
        earnings.used = 0
    assert waiting == [6, 2, 0, 0]
    assert sorted(earnings.asked) == sorted(NAMES)


async def test_the_liquid_come_before_those_that_cannot_be_traded(database: Database) -> None:
    source, venue = market(NAMES)
    for (symbol, expiry), listed in list(venue.chains.items()):
        if symbol in NAMES[:7]:
            thin = tuple(replace(quote, open_interest=1) for quote in listed.quotes)
            venue.chains[symbol, expiry] = replace(listed, quotes=thin)
    scanner, _ = session(earnings := Metered(source, 3), venue, database)
    await scanner.scan()
    assert sorted(earnings.asked) == list(NAMES[7:])


async def test_after_the_report_history_is_asked_again_until_it_holds_it(database: Database) -> None:
    source, _ = market(("ACME",))
    earnings = Metered(source, 100)
    clock = StillClock()

    async def ask(now: datetime) -> int:
        clock.__init__(now)  # type: ignore[misc]  # the same clock at another time
        kept = KeptEarnings(earnings, database, clock, earnings.statuses)
        await kept.calendar()
        before = len(earnings.asked)
        await kept.past_reports("ACME")
        await kept.save()
        return len(earnings.asked) - before

    assert await ask(NOW) == 1
    assert await ask(NOW) == 0
    late = datetime.combine(REPORT_DAY + timedelta(days=1), NOW.time(), UTC)
    assert await ask(late) == 1, "the report is out"
    assert await ask(late) == 0, "the vendor has not got it yet: not before tomorrow"
    earnings.past["ACME"] = [replace(past_reports()[0], report_date=REPORT_DAY), *past_reports()]
    assert await ask(late + timedelta(days=1)) == 1
    for days in (2, 20, 60):
        assert await ask(late + timedelta(days=days)) == 0


async def test_what_is_kept_serves_where_the_vendor_refuses_newer_ones(database: Database) -> None:
    source, _ = market(("ACME",))
    earnings = Metered(source, 1)
    kept = KeptEarnings(earnings, database, StillClock(), earnings.statuses)
    await kept.calendar()
    first = await kept.past_reports("ACME")
    await kept.save()
    later = KeptEarnings(earnings, database, StillClock(NOW + timedelta(days=40)), earnings.statuses)
    assert await later.past_reports("ACME") == first
    with pytest.raises(ProviderError):
        await later.past_reports("OTHER")


async def test_the_cost_is_told_before_the_scan() -> None:
    source, venue = market(NAMES)
    scanner, _ = session(Metered(source, 4), venue, None)
    cost = await scanner.cost()
    assert cost.ration is not None
    assert cost.sentence == "10 names: up to 41 requests to venue, 10 to calendar, which has 4 left"
    scanner, _ = session(Metered(source, 400), venue, None)
    assert (await scanner.cost()).ration is None
