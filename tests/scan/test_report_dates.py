"""How far a report's date is trusted: by other calendars, by habit, and what a scan makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.boards import Boards
from cockpit.commands import ScanResult
from cockpit.errors import ProviderError, Refusal
from cockpit.scan.candidate import Candidate
from cockpit.scan.earnings import DateClaim, PastReport, Timing
from cockpit.scan.explain import explain
from cockpit.scan.report_dates import RHYTHM, expected_by_rhythm, usual_timing, weigh
from cockpit.scan.scanner import Scanner
from cockpit.settings import Settings
from cockpit.spreads.exposure import OpenBook
from tests.scan.market import EXPIRIES, REPORT_DAY, StillClock, market, past_reports, refusal, report

DAY = timedelta(days=1)


@dataclass
class Calendar:
    """Another calendar in memory."""

    claims: dict[str, tuple[DateClaim, ...]]
    failure: ProviderError | None = None
    asked: list[tuple[str, ...]] = field(default_factory=list)
    name: str = "corporate"

    async def report_dates(self, symbols: Sequence[str]) -> dict[str, tuple[DateClaim, ...]]:
        self.asked.append(tuple(symbols))
        if self.failure is not None:
            raise self.failure
        return {symbol: self.claims[symbol] for symbol in symbols if symbol in self.claims}


def says(day: date, timing: Timing = Timing.UNKNOWN, source: str = "corporate") -> DateClaim:
    return DateClaim(source, day, timing, True)


def quarterly(count: int, timing: Timing = Timing.AMC, last: date = REPORT_DAY - 91 * DAY) -> list[PastReport]:
    return [PastReport("ACME", last - 91 * number * DAY, timing) for number in range(count)]


def test_a_second_calendar_that_names_the_day_confirms_it() -> None:
    trust = weigh(report(), [says(REPORT_DAY)])
    assert (trust.confirmations, trust.flags, trust.veto(2)) == (2, (), None)


def test_another_day_is_said_vetoes_and_moves_the_expiry() -> None:
    trust = weigh(report(), [says(REPORT_DAY + DAY)])
    assert (trust.confirmations, trust.flags, trust.last_day) == (1, ("dates differ",), REPORT_DAY + DAY)
    veto = trust.veto(2)
    assert veto is not None
    assert "corporate says 2026-12-03" in veto
    assert trust.veto(1) is None


def test_a_claim_of_the_next_quarter_says_nothing_of_this_one() -> None:
    trust = weigh(report(), [says(REPORT_DAY + 91 * DAY)])
    assert (trust.confirmations, trust.flags, trust.last_day) == (1, ("one date source",), REPORT_DAY)
    assert "no other knows" in str(trust.veto(2))


def test_without_another_calendar_nothing_is_flagged() -> None:
    assert weigh(report(), None).flags == ()


def test_a_timing_that_no_calendar_states_is_estimated_from_habit() -> None:
    unstated = report(timing=Timing.UNKNOWN)
    trust = weigh(unstated, None, quarterly(8, Timing.BMO))
    assert (trust.timing, trust.timing_confirmed, trust.flags) == (Timing.BMO, False, ("timing estimated",))
    stated = weigh(unstated, [says(REPORT_DAY, Timing.AMC)], quarterly(8, Timing.BMO))
    assert (stated.timing, stated.timing_confirmed, stated.flags) == (Timing.AMC, True, ("unusual timing",))
    mixed = [
        replace(one, timing=timing) for one, timing in zip(quarterly(8), [Timing.BMO, Timing.AMC] * 4, strict=True)
    ]
    assert weigh(unstated, None, mixed).timing is Timing.UNKNOWN


def test_two_stated_timings_are_a_doubt() -> None:
    assert weigh(report(timing=Timing.BMO), [says(REPORT_DAY, Timing.AMC)]).flags == ("timings differ",)


def test_the_rhythm_doubts_but_confirms_nothing() -> None:
    past = quarterly(8)
    rhythm = expected_by_rhythm(past)
    assert rhythm == DateClaim(RHYTHM, REPORT_DAY, Timing.AMC, None, 7)
    late = weigh(report(day=REPORT_DAY + 12 * DAY), None, past)
    assert (late.flags, late.confirmations) == (("off its rhythm",), 1)
    assert weigh(report(), None, past).confirmations == 1


def test_no_rhythm_is_made_of_a_short_or_irregular_past() -> None:
    assert expected_by_rhythm(quarterly(4)) is None
    irregular = [PastReport("X", REPORT_DAY - days * DAY, Timing.AMC) for days in (91, 150, 300, 400, 420, 600)]
    assert expected_by_rhythm(irregular) is None
    assert usual_timing(quarterly(2)) is None


@given(
    st.lists(st.integers(-60, 60), max_size=4),
    st.lists(st.tuples(st.integers(1, 2000), st.sampled_from(Timing)), max_size=14, unique_by=lambda one: one[0]),
    st.sampled_from(Timing),
)
def test_any_claims_and_any_past_are_weighed(
    offsets: list[int], past: list[tuple[int, Timing]], timing: Timing
) -> None:
    claims = [says(REPORT_DAY + offset * DAY, source=f"s{index}") for index, offset in enumerate(offsets)]
    reports = [PastReport("ACME", REPORT_DAY - days * DAY, timing) for days, timing in sorted(past)]
    trust = weigh(report(timing=timing), claims, reports)
    assert 1 <= trust.confirmations <= 1 + len(claims)
    assert REPORT_DAY <= trust.last_day <= REPORT_DAY + 10 * DAY
    assert trust.veto(1) is None
    assert trust.timing_confirmed is (timing is not Timing.UNKNOWN)


async def scanned(
    calendar: Calendar | None, symbols: Sequence[str] = ("ACME",), tickers: Sequence[str] | None = None, least: int = 1
) -> tuple[ScanResult, dict[str, Candidate]]:
    earnings, venue = market(symbols)
    settings = Settings().model_copy(
        update={"scan": Settings().scan.model_copy(update={"min_confirmations": least, "days": 30})}
    )
    scanner = Scanner(
        earnings=earnings,
        venue=venue,
        clock=StillClock(),
        boards=Boards(),
        settings=settings,
        book=lambda: OpenBook(100_000.0),
        store=None,
        dates=calendar,
    )
    result = await scanner.scan(tickers)
    return result, {candidate.symbol: candidate for candidate in result.candidates}


async def test_all_names_are_asked_for_at_once() -> None:
    calendar = Calendar({name: (says(REPORT_DAY),) for name in ("AAA", "BBB", "CCC")})
    _, found = await scanned(calendar, ("AAA", "BBB", "CCC"))
    assert [sorted(asked) for asked in calendar.asked] == [["AAA", "BBB", "CCC"]]
    assert {(one.confirmations, one.timing_confirmed) for one in found.values()} == {(2, True)}


async def test_the_expiry_holds_every_day_that_a_calendar_names() -> None:
    _, early = await scanned(Calendar({"ACME": (says(REPORT_DAY),)}))
    _, late = await scanned(Calendar({"ACME": (says(EXPIRIES[1]),)}))
    assert (early["ACME"].expiry, late["ACME"].expiry) == (EXPIRIES[1], EXPIRIES[2])
    assert "dates differ" in late["ACME"].flags


async def test_too_few_confirmations_leave_a_name_untraded_with_the_reason() -> None:
    result, found = await scanned(Calendar({"ACME": (says(REPORT_DAY + DAY),)}), least=2)
    assert result.spreads["ACME"] == ()
    assert "scan.min_confirmations" in str(found["ACME"].problem)
    assert "unconfirmed date" in found["ACME"].flags
    assert found["ACME"].spot == 100.0


@pytest.mark.parametrize("kind", [Refusal.AUTH, Refusal.NOT_FOUND, Refusal.UNAVAILABLE, Refusal.MALFORMED])
async def test_a_calendar_that_fails_stops_nothing(kind: Refusal) -> None:
    result, found = await scanned(Calendar({}, refusal(kind)))
    assert found["ACME"].problem is None
    assert result.spreads["ACME"]
    assert "one date source" in found["ACME"].flags


async def test_a_name_that_only_the_other_calendar_knows_can_be_looked_at() -> None:
    earnings, venue = market(["ACME"])
    earnings.reports.clear()
    scanner = Scanner(
        earnings=earnings,
        venue=venue,
        clock=StillClock(),
        boards=Boards(),
        settings=Settings(),
        book=lambda: OpenBook(100_000.0),
        store=None,
        dates=Calendar({"ACME": (says(REPORT_DAY, Timing.AMC),)}),
    )
    (found,) = (await scanner.scan(["ACME"])).candidates
    assert (found.problem, found.report_date, found.timing) == (None, REPORT_DAY, Timing.AMC)


async def test_the_explanation_shows_each_source() -> None:
    _, found = await scanned(Calendar({"ACME": (says(REPORT_DAY + DAY),)}))
    section = next(one for one in explain(found["ACME"], ()).sections if one.title == "Report date")
    assert [row.label for row in section.rows] == [
        "calendar",
        "corporate",
        RHYTHM,
        "calendars that agree",
        "timing",
    ]


def test_a_past_of_the_market_in_memory_has_a_rhythm() -> None:
    past = past_reports()
    rhythm = expected_by_rhythm(past)
    assert rhythm is not None
    assert rhythm.day == past[3].report_date + 364 * DAY
