"""The scan as its users see it: boards that fill, names that fail alone, and a stop that keeps what was found."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from cockpit.boards import Boards
from cockpit.commands import ScanResult
from cockpit.errors import ProviderError, Refusal, StorageError, UsageError
from cockpit.scan.candidate import ScanProgress
from cockpit.scan.earnings import Timing
from cockpit.scan.expiry import covers
from cockpit.scan.scanner import Scanner
from cockpit.settings import ScanSettings, Settings
from cockpit.spreads.exposure import OpenBook
from tests.scan.market import EXPIRIES, NOW, Earnings, StillClock, Venue, chain, market, refusal, report

NAMES = ("AAA", "BBB", "CCC")


class Shelf:
    """Keeps what it is given, or refuses it."""

    def __init__(self, error: StorageError | None = None) -> None:
        self.kept: list[ScanResult] = []
        self.error = error

    async def save(self, result: ScanResult) -> None:
        if self.error is not None:
            raise self.error
        self.kept.append(result)


def scanner(
    earnings: Earnings,
    venue: Venue,
    boards: Boards,
    *,
    settings: Settings | None = None,
    store: Shelf | None = None,
    clock: StillClock | None = None,
) -> Scanner:
    return Scanner(
        earnings=earnings,
        venue=venue,
        clock=clock or StillClock(),
        boards=boards,
        settings=settings or Settings(),
        book=lambda: OpenBook(100_000.0),
        store=store,
    )


def progress(boards: Boards) -> ScanProgress:
    found = boards.scan.get("scan")
    assert found is not None
    return found


async def test_a_scan_fills_the_boards_and_is_kept() -> None:
    boards, shelf = Boards(), Shelf()
    result = await scanner(*market(NAMES), boards, store=shelf).scan()

    assert [candidate.symbol for candidate in result.candidates] == list(NAMES)
    assert shelf.kept == [result]
    for candidate in result.candidates:
        assert boards.candidates.get(candidate.symbol) == candidate
        assert boards.spreads.get(candidate.symbol) == result.spreads[candidate.symbol]
        assert candidate.problem is None
        assert candidate.score is not None
        assert candidate.score > 50.0
        assert candidate.best_spread == result.spreads[candidate.symbol][0].spread_id
        assert candidate.event_sd == pytest.approx(0.08, abs=0.002)
        assert candidate.quarters == 12
    end = progress(boards)
    assert (end.total, end.done, end.failed, end.finished_at, end.cancelled) == (3, 3, 0, NOW, False)


async def test_the_same_inputs_and_clock_give_the_same_result() -> None:
    earnings, venue = market(NAMES)
    first = await scanner(earnings, venue, Boards()).scan()
    second = await scanner(earnings, venue, Boards()).scan()
    assert first == second


async def test_a_failing_name_carries_its_reason_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    earnings, venue = market(NAMES)
    venue.failing["AAA"] = refusal(Refusal.UNAVAILABLE, "does not answer")
    venue.failing["BBB"] = KeyError("strikes")
    boards = Boards()
    result = await scanner(earnings, venue, boards).scan()

    problems = {candidate.symbol: candidate.problem for candidate in result.candidates}
    assert problems["AAA"] == "vendor: does not answer"
    assert problems["BBB"] is not None
    assert "could not be analysed" in problems["BBB"]
    assert problems["CCC"] is None
    assert result.candidates[0].symbol == "CCC"
    assert progress(boards).failed == 2
    assert "scan of BBB" in caplog.text


async def test_a_refused_calendar_ends_the_scan_with_its_sentence() -> None:
    earnings, venue = market(NAMES)
    earnings.failing["calendar"] = refusal(Refusal.QUOTA, "25 requests a day are spent")
    boards = Boards()
    with pytest.raises(ProviderError):
        await scanner(earnings, venue, boards).scan()
    assert progress(boards).message == "vendor: 25 requests a day are spent"
    assert progress(boards).finished_at == NOW


async def test_a_venue_that_refuses_all_ends_the_scan_and_leaves_the_boards_as_they_are() -> None:
    earnings, venue = market(NAMES)
    boards = Boards()
    one = scanner(earnings, venue, boards)
    await one.scan()
    before = dict(boards.candidates.items()), dict(boards.spreads.items())
    venue.failing["quotes"] = refusal(Refusal.AUTH, "the token is refused")
    with pytest.raises(ProviderError, match="the token is refused"):
        await one.scan()
    assert (dict(boards.candidates.items()), dict(boards.spreads.items())) == before
    assert progress(boards).message == "vendor: the token is refused"
    assert progress(boards).finished_at is not None


async def test_a_vendor_without_the_past_leaves_the_premium_unknown() -> None:
    earnings, venue = market(["AAA"])
    earnings.failing["AAA"] = refusal(Refusal.QUOTA)
    result = await scanner(earnings, venue, Boards()).scan()
    (candidate,) = result.candidates
    assert candidate.problem is None
    assert candidate.implied_move is not None
    assert (candidate.vrp, candidate.score, candidate.best_spread) == (None, None, None)
    assert "past reports: quota" in candidate.flags
    assert all(spread.size.contracts == 0 and spread.ev is None for spread in result.spreads["AAA"])


async def test_unknown_tickers_become_rows_that_say_so() -> None:
    boards = Boards()
    result = await scanner(*market(NAMES), boards).scan(["bbb", "ZZZ", "BBB"])
    problems = {candidate.symbol: candidate.problem for candidate in result.candidates}
    assert problems == {"BBB": None, "ZZZ": "the calendar has no coming report of ZZZ"}
    assert progress(boards).total == 2


async def test_a_name_without_a_price_says_so() -> None:
    earnings, venue = market(["AAA"])
    del venue.prices["AAA"]
    result = await scanner(earnings, venue, Boards()).scan()
    assert result.candidates[0].problem == "venue has no price for AAA"


@pytest.mark.parametrize("text", ["", "A B", "TOOLONGNAME", "$SPX", "1A", "BRK..B"])
async def test_a_word_that_is_no_ticker_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="is no ticker"):
        await scanner(*market(NAMES), Boards()).scan([text])


async def test_one_letter_and_dotted_tickers_are_taken() -> None:
    result = await scanner(*market(["T", "BRK.B"]), Boards()).scan(["t", "brk.b"])
    assert {candidate.symbol: candidate.problem for candidate in result.candidates} == {"T": None, "BRK.B": None}


async def test_only_reports_within_the_days_are_looked_at() -> None:
    earnings, venue = market(NAMES)
    earnings.reports[1] = replace(earnings.reports[1], report_date=date(2026, 12, 20))
    earnings.reports[2] = replace(earnings.reports[2], report_date=date(2026, 11, 24), timing=Timing.BMO)
    result = await scanner(earnings, venue, Boards()).scan(days=14)
    assert [candidate.symbol for candidate in result.candidates] == ["AAA"]
    assert len((await scanner(earnings, venue, Boards()).scan(days=30)).candidates) == 2


async def test_an_empty_calendar_says_why_there_is_nothing() -> None:
    boards = Boards()
    result = await scanner(*market([]), boards).scan()
    assert result.candidates == ()
    assert progress(boards).message == "the calendar has no report that soon"


async def test_the_next_of_several_reports_counts() -> None:
    earnings, venue = market(["AAA"])
    earnings.reports.insert(0, report("AAA", day=date(2027, 3, 3)))
    earnings.reports.append(report("AAA", day=date(2026, 8, 31)))
    result = await scanner(earnings, venue, Boards()).scan()
    assert [candidate.report_date for candidate in result.candidates] == [date(2026, 12, 2)]


async def test_cheap_names_are_left_out_unless_asked_for() -> None:
    earnings, venue = market(NAMES)
    venue.prices["AAA"] = 3.0
    boards = Boards()
    found = await scanner(earnings, venue, boards).scan()
    assert "AAA" not in {candidate.symbol for candidate in found.candidates}
    assert progress(boards).done == 3
    asked = await scanner(earnings, venue, Boards()).scan(["AAA"])
    assert [candidate.symbol for candidate in asked.candidates] == ["AAA"]


async def test_names_that_vanished_leave_the_boards_after_a_whole_scan() -> None:
    earnings, venue = market(NAMES)
    boards = Boards()
    one = scanner(earnings, venue, boards)
    await one.scan()
    earnings.reports.pop()
    await one.scan(["AAA"])
    assert "CCC" in boards.candidates
    await one.scan()
    assert "CCC" not in boards.candidates
    assert "CCC" not in boards.spreads
    assert "AAA" in boards.spreads


async def test_a_stopped_scan_keeps_what_it_found() -> None:
    earnings, venue = market(NAMES)
    venue.gates["CCC"] = asyncio.Event()
    boards, shelf = Boards(), Shelf()
    boards.candidates.put("OLD", replace((await scanner(*market(["OLD"]), Boards()).scan()).candidates[0]))
    task = asyncio.create_task(scanner(earnings, venue, boards, store=shelf).scan())
    cursor = boards.scan.cursor()
    while (boards.scan.get("scan") or ScanProgress(NOW)).done < 2:
        cursor.drain()
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert {symbol for symbol, _ in boards.candidates.items()} == {"OLD", "AAA", "BBB"}
    end = progress(boards)
    assert (end.cancelled, end.done, end.finished_at) == (True, 2, NOW)
    assert shelf.kept == []


async def test_no_more_names_are_looked_at_side_by_side_than_the_settings_say() -> None:
    names = [f"N{number}" for number in range(12)]
    earnings, venue = market(names)
    settings = Settings(scan=ScanSettings(concurrency=3))
    await scanner(earnings, venue, Boards(), settings=settings).scan()
    assert venue.busiest == 3
    assert venue.asked.count("quotes") == 1


async def test_a_name_costs_two_chains_and_one_more_where_something_may_be_traded() -> None:
    earnings, venue = market(["AAA"])
    first = [f"chain AAA {EXPIRIES[1]}", f"chain AAA {EXPIRIES[2]}"]
    off = Settings.model_validate({"scan": {"closer_look": 0}})
    found = await scanner(earnings, venue, Boards(), settings=off).scan()
    assert venue.asked == ["quotes", *first]
    assert found.candidates[0].before_note == "27 Nov was not read"

    venue.asked.clear()
    found = await scanner(earnings, venue, Boards()).scan()
    assert venue.asked == ["quotes", *first, f"chain AAA {EXPIRIES[0]}"]
    assert found.candidates[0].before_note == ""

    poor = market(["AAA"], size=0.09)[1]
    await scanner(earnings, poor, Boards()).scan()
    assert poor.asked == ["quotes", *first], "where nothing would be traded nothing more is asked"
    await scanner(earnings, poor, Boards()).scan(["AAA"])
    assert poor.asked[-2:] == [f"chain AAA {EXPIRIES[0]}", f"chain AAA {EXPIRIES[3]}"], "asked for by name: looked at"


async def test_only_the_best_of_many_names_are_looked_at_closely() -> None:
    earnings, venue = market(NAMES)
    venue.history["AAA"] = market(["AAA"], size=0.055)[1].history["AAA"]
    two = Settings.model_validate({"scan": {"closer_look": 2}})
    one = scanner(earnings, venue, Boards(), settings=two)
    result = await one.scan()
    extra = [asked for asked in venue.asked if asked.endswith(str(EXPIRIES[0]))]
    assert sorted(extra) == [f"chain {symbol} {EXPIRIES[0]}" for symbol in ("BBB", "CCC")]
    notes = {candidate.symbol: candidate.before_note for candidate in result.candidates}
    assert notes == {"AAA": "27 Nov was not read", "BBB": "", "CCC": ""}
    again = await one.scan()
    assert all(a is b for a, b in zip(again.candidates, result.candidates, strict=True)), "nothing is computed anew"


async def test_a_closer_look_that_breaks_leaves_the_first_one(caplog: pytest.LogCaptureFixture) -> None:
    earnings, venue = market(["AAA"])
    venue.refused[EXPIRIES[0]] = KeyError("strikes")
    candidate = (await scanner(earnings, venue, Boards()).scan()).candidates[0]
    assert candidate.problem is None
    assert candidate.event_before is None
    assert candidate.best_spread is not None
    assert "closer look at AAA" in caplog.text


async def test_an_expiry_before_the_report_that_is_refused_is_a_doubt_and_no_failure() -> None:
    earnings, venue = market(["AAA"])
    venue.refused[EXPIRIES[0]] = refusal(Refusal.UNAVAILABLE)
    candidate = (await scanner(earnings, venue, Boards()).scan()).candidates[0]
    assert "chain of 27 Nov: unavailable" in candidate.flags
    assert candidate.event_before is None
    assert candidate.event_sd == pytest.approx(0.08, abs=0.002)


async def test_an_expiry_before_the_report_that_is_quoted_widely_is_not_believed() -> None:
    earnings, venue = market(["AAA"])
    venue.chains["AAA", EXPIRIES[0]] = chain("AAA", EXPIRIES[0], event=0.0, half=0.25)
    candidate = (await scanner(earnings, venue, Boards()).scan()).candidates[0]
    assert candidate.event_before is None
    assert candidate.before_note.startswith("27 Nov is quoted too widely: liquidity ")


async def test_expiries_that_contradict_each_other_are_a_doubt() -> None:
    earnings, venue = market(["AAA"])
    venue.chains["AAA", EXPIRIES[0]] = chain("AAA", EXPIRIES[0], event=0.0, ambient=0.6)
    candidate = (await scanner(earnings, venue, Boards()).scan()).candidates[0]
    assert "event estimates differ" in candidate.flags


@pytest.mark.parametrize(
    ("timing", "day", "stated", "expected"),
    [
        (Timing.AMC, date(2026, 11, 27), True, EXPIRIES[0]),
        (Timing.AMC, date(2026, 11, 27), False, None),
        (Timing.BMO, date(2026, 11, 27), True, None),
        (Timing.UNKNOWN, date(2026, 11, 27), True, None),
        (Timing.BMO, date(2026, 12, 11), True, EXPIRIES[1]),
    ],
)
async def test_the_expiry_before_surely_ends_before(
    timing: Timing, day: date, stated: bool, expected: date | None
) -> None:
    earnings, venue = market(["AAA"])
    known = timing if stated else Timing.UNKNOWN
    earnings.reports = [report("AAA", timing=known, day=day)]
    await scanner(earnings, venue, Boards()).scan(["AAA"])
    read = [date.fromisoformat(asked[-10:]) for asked in venue.asked if asked.startswith("chain")]
    assert [expiry for expiry in read if not covers(expiry, day, known)] == ([] if expected is None else [expected])


async def test_unchanged_inputs_are_not_analysed_again() -> None:
    earnings, venue = market(["AAA"])
    clock = StillClock()
    one = scanner(earnings, venue, Boards(), clock=clock)
    first = (await one.scan()).candidates[0]
    clock.time += timedelta(seconds=20)
    assert (await one.scan()).candidates[0] is first
    venue.prices["AAA"] = 100.5
    assert (await one.scan()).candidates[0] is first, "the price that goes with the chain has not changed"
    traded = ("AAA", EXPIRIES[1])
    venue.chains[traded] = replace(venue.chains[traded], spot=100.5)
    changed = (await one.scan()).candidates[0]
    assert changed.spot == 100.5
    clock.time += timedelta(minutes=5)
    assert (await one.scan()).candidates[0].scanned_at == clock.time


async def test_a_result_that_cannot_be_kept_is_still_shown() -> None:
    boards = Boards()
    shelf = Shelf(StorageError("the disk is full"))
    result = await scanner(*market(NAMES), boards, store=shelf).scan()
    assert len(result.candidates) == 3
    assert progress(boards).message == "not kept: the disk is full"


async def test_better_names_come_first() -> None:
    earnings, venue = market(NAMES)
    poor = market(["AAA"], size=0.075)[1]
    venue.history["AAA"] = poor.history["AAA"]
    result = await scanner(earnings, venue, Boards()).scan()
    scores = [candidate.score or 0.0 for candidate in result.candidates]
    assert scores == sorted(scores, reverse=True)
    assert result.candidates[-1].symbol == "AAA"
