"""One name at a time: the event is taken out of the chains, and what is odd is said instead of filled in."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from cockpit.options.chain import OptionChain
from cockpit.options.contract import OptionQuote
from cockpit.scan.analysis import analyse
from cockpit.scan.candidate import Candidate
from cockpit.scan.earnings import EarningsReport, PastReport, Timing
from cockpit.scan.liquidity import Tier
from cockpit.scan.moves import DailyBar
from cockpit.settings import ScanSettings
from tests.scan.market import EXPIRIES, NOW, REPORT_DAY, bars, chain, moves_of, past_reports, report

PAST = past_reports()
HISTORY = bars(PAST, moves_of(0.05))


def examined(
    *chains: OptionChain,
    coming: EarningsReport | None = None,
    past: list[PastReport] | None = None,
    history: list[DailyBar] | None = None,
    now: datetime = NOW,
    settings: ScanSettings | None = None,
) -> Candidate:
    return analyse(
        coming or report(),
        100.0,
        chains or (chain(), chain(expiry=EXPIRIES[2])),
        HISTORY if history is None else history,
        PAST if past is None else past,
        now,
        settings or ScanSettings(),
    )


def altered(source: OptionChain, **fields: object) -> OptionChain:
    quotes = tuple(replace(quote, **fields) for quote in source.quotes)  # type: ignore[arg-type]  # fields of a quote
    return replace_quotes(source, quotes)


def replace_quotes(source: OptionChain, quotes: tuple[OptionQuote, ...]) -> OptionChain:
    return OptionChain(source.underlying, source.expiry, quotes, source.spot, source.fetched_at, source.source)


def test_event_and_ambient_variance_are_recovered_from_two_expiries() -> None:
    found = examined()
    assert found.problem is None
    assert found.event_sd == pytest.approx(0.08, abs=5e-4)
    assert found.ambient_vol == pytest.approx(0.30, abs=0.01)
    assert found.event_move == pytest.approx(0.0638, abs=5e-4)
    assert found.implied_move is not None
    assert found.event_move is not None
    assert found.implied_move > found.event_move
    assert found.vrp_basis == "event"
    assert found.event_flag == "ok"
    assert found.realised_vol == pytest.approx(0.30, abs=0.01)
    assert found.tier is Tier.EXCELLENT
    assert found.flags == ()
    assert found.expiry == EXPIRIES[1]
    assert found.weekly is True
    assert found.vrp is not None
    assert found.vrp_mean is not None
    assert 1.15 < found.vrp < found.vrp_mean


def test_every_method_of_the_settings_is_there() -> None:
    for method in ("atmf", "nearest", "interp", "x085"):
        found = examined(settings=ScanSettings.model_validate({"implied_move": method}))
        assert {one.method: one.move for one in found.implied_moves}[method] == found.implied_move
        assert found.implied_method == method


def test_an_expiry_on_the_evening_of_the_report_does_not_cover_it() -> None:
    friday = report(day=EXPIRIES[1])
    found = examined(chain(), chain(expiry=EXPIRIES[2]), chain(expiry=EXPIRIES[3]), coming=friday)
    assert found.expiry == EXPIRIES[2]
    assert examined(coming=report(timing=Timing.BMO, day=EXPIRIES[1])).expiry == EXPIRIES[1]


def test_a_report_without_a_later_expiry_has_no_figures() -> None:
    found = examined(chain(expiry=EXPIRIES[0]))
    assert found.problem == f"no listed expiry covers the report of {REPORT_DAY}"
    assert found.flags == ("no covering expiry",)
    assert found.implied_move is None


def test_a_report_that_is_out_has_no_figures() -> None:
    found = examined(now=NOW + timedelta(days=9))
    assert found.problem == f"ACME has reported on {REPORT_DAY}"


def test_an_unknown_timing_is_flagged_and_expires_as_after_the_close() -> None:
    found = examined(coming=report(timing=Timing.UNKNOWN))
    assert "no timing" in found.flags
    assert found.problem is None


def test_three_quarters_give_no_premium() -> None:
    found = examined(past=PAST[:3])
    assert found.flags == ("3 quarters",)
    assert (found.vrp, found.vrp_mean, found.quarters) == (None, None, 3)
    assert found.historical_mean is not None


def test_a_name_without_a_past_has_no_premium() -> None:
    found = examined(past=[])
    assert found.flags == ("0 quarters",)
    assert (found.vrp, found.historical_mean) == (None, None)


def test_reports_of_today_and_later_are_no_past() -> None:
    coming = PastReport("ACME", date(2026, 11, 24), Timing.BMO)
    assert examined(past=[coming, *PAST]).quarters == 12


def test_crossed_quotes_are_flagged_and_not_used() -> None:
    whole = chain()
    crossed = replace_quotes(
        whole,
        tuple(
            replace(quote, bid=quote.ask, ask=quote.bid) if quote.strike == 102.5 else quote for quote in whole.quotes
        ),
    )
    found = examined(crossed, chain(expiry=EXPIRIES[2]))
    assert "crossed quotes" in found.flags
    assert found.event_sd == pytest.approx(0.08, abs=3e-3)


def test_a_chain_at_zero_has_no_figures() -> None:
    found = examined(altered(chain(), bid=0.0, ask=0.0))
    assert found.problem == f"the chain of {EXPIRIES[1]} has no two-sided quotes at the money"
    assert "0 quarters" not in found.flags


def test_missing_greeks_and_old_quotes_are_flagged() -> None:
    old = altered(chain(), greeks=None, quoted_at=NOW - timedelta(hours=1))
    found = examined(old, chain(expiry=EXPIRIES[2]))
    assert found.flags == ("stale quotes", "greeks missing")
    assert found.event_sd is not None


def test_one_expiry_takes_the_realised_volatility() -> None:
    found = examined(chain())
    assert "one expiry" in found.flags
    assert found.event_flag == "one_expiry"
    assert found.ambient_vol == found.realised_vol
    assert found.event_sd == pytest.approx(0.08, abs=2e-3)
    alone = examined(chain(), history=[], past=[])
    assert (alone.event_sd, alone.ambient_vol) == (None, None)


def test_an_inverted_term_structure_is_said() -> None:
    found = examined(chain(event=0.15), chain(expiry=EXPIRIES[2], event=0.05))
    assert "inverted term structure" in found.flags
    assert found.event_sd is not None


def test_a_term_structure_without_an_event_is_said() -> None:
    found = examined(chain(event=0.0), chain(expiry=EXPIRIES[2], event=0.06))
    assert "no event priced" in found.flags
    assert found.event_move == 0.0


def test_a_forward_far_from_the_price_is_flagged() -> None:
    found = analyse(report(), 97.0, (chain(), chain(expiry=EXPIRIES[2])), HISTORY, PAST, NOW, ScanSettings())
    assert "forward off spot" in found.flags
    assert found.forward == pytest.approx(100.1, abs=0.2)


def test_a_heavy_tail_is_flagged() -> None:
    moves = [0.02] * 11 + [0.20]
    found = examined(history=bars(PAST, moves))
    assert "heavy tail" in found.flags
    assert found.tail_ratio is not None
    assert found.tail_ratio > 2.5
