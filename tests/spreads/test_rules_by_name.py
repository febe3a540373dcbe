"""Rules by their names in the settings, rejections by their kinds, and what is shown without being traded."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from cockpit.options.chain import OptionChain
from cockpit.options.contract import OptionQuote, Right
from cockpit.options.payoff import Payoff, PayoffLeg
from cockpit.scan.candidate import Candidate
from cockpit.scan.findings import Findings, Inputs, find, shared
from cockpit.scan.moves import Reaction
from cockpit.settings import EvTargets, EvWeights, ScoringSettings, Settings, SizingSettings, SpreadSettings
from cockpit.spreads.builder import wing_width
from cockpit.spreads.exposure import Exposure, OpenBook
from cockpit.spreads.law import outlook
from cockpit.spreads.metrics import pop_by_history
from cockpit.spreads.propose import Proposals, proposals
from cockpit.spreads.scoring import ExpectedValue, VersionOne, scorers
from cockpit.spreads.sizing import contracts, discrete_kelly, simultaneous_share
from cockpit.spreads.structure import Rejection, Spread, StructureKind, StudyKind
from cockpit.spreads.verdict import breakeven_credit, breakeven_premium, expected_value_at
from tests.scan.market import EXPIRIES, NOW, chain, report
from tests.spreads.test_proposals import DEFAULTS, HISTORY, PAST, candidate, configured, edited
from tests.spreads.test_scoring_sizing import FULL, changed

BOOK = OpenBook(100_000.0)


def proposal(of: OptionChain | None = None, config: Settings = DEFAULTS) -> Proposals:
    of = of or chain()
    return proposals(candidate(of, config), (of, chain(expiry=EXPIRIES[3])), NOW, config, BOOK)


def named(kind: StructureKind, of: OptionChain | None = None, config: Settings = DEFAULTS) -> Spread:
    return next(spread for spread in proposal(of, config).spreads if spread.kind is kind)


@pytest.mark.parametrize(
    ("rule", "spot", "width"),
    [
        ("percent", 200.0, 5.0),
        ("dollars", 200.0, 5.0),
        ("dollars", 19.0, 3.0),
        ("v1", 100.0, 5.0),
        ("v1", 300.0, 9.0),
    ],
)
def test_width_rules(rule: str, spot: float, width: float) -> None:
    assert wing_width(spot, SpreadSettings.model_validate({"width_rule": rule})) == pytest.approx(width)


def test_an_unknown_rule_is_refused_with_the_settings() -> None:
    wrong: tuple[tuple[str, str, object], ...] = (
        ("spreads", "width_rule", "wide"),
        ("spreads", "tails", "thin"),
        ("spreads", "min_reward_risk_vertical", -0.1),
        ("scoring", "min_score", 101.0),
        ("sizing", "sector_cap", 0.0),
    )
    for section, key, value in wrong:
        with pytest.raises(ValidationError):
            configured(**{section: {key: value}})
    with pytest.raises(ValidationError):
        EvTargets(vrp=1.0)


def worthless_short(quote: OptionQuote) -> OptionQuote:
    return replace(quote, bid=0.0) if (quote.right, quote.strike) == (Right.PUT, 100.0) else quote


def dear_wing(quote: OptionQuote) -> OptionQuote:
    return replace(quote, bid=2.0, ask=2.02) if (quote.right, quote.strike) == (Right.PUT, 87.5) else quote


def thin(quote: OptionQuote) -> OptionQuote:
    return replace(quote, open_interest=3) if quote.strike == 87.5 else quote


NEAR = {"short_rule": "im_mult", "short_im_mult": 1.0}


@pytest.mark.parametrize(
    ("rejection", "config", "change"),
    [
        (Rejection.NO_BID, {}, worthless_short),
        (Rejection.NO_CREDIT, {"spreads": NEAR}, dear_wing),
        (Rejection.COSTS, {"portfolio": {"commission": 30.0}}, None),
        (Rejection.MIN_CREDIT, {"spreads": {"min_credit": 1.0}}, None),
        (Rejection.REWARD_RISK, {"spreads": {"min_reward_risk_vertical": 0.5}}, None),
        (Rejection.LEG_TIER, {}, thin),
        (Rejection.SCORE, {"scoring": {"min_score": 99.0}}, None),
    ],
)
def test_every_rejection_has_its_kind_and_its_sentence(
    rejection: Rejection, config: dict[str, dict[str, object]], change: object
) -> None:
    of = edited(chain(), change) if callable(change) else chain()
    # A vertical looks for a strike that somebody bids for; the body of a butterfly is where the forward is.
    kind = StructureKind.IRON_BUTTERFLY if rejection is Rejection.NO_BID else StructureKind.BULL_PUT
    spread = named(kind, of, configured(**config))
    assert spread.rejection is rejection
    assert spread.rejected
    assert (spread.size.contracts, spread.size.bound_by) == (0, "rejected")


def test_verticals_have_their_own_floor() -> None:
    spread = named(StructureKind.BULL_PUT)
    assert 0.07 < spread.reward_risk < 0.25
    assert spread.rejected is None
    strict = named(StructureKind.BULL_PUT, config=configured(spreads={"min_reward_risk_vertical": 0.25}))
    assert strict.rejected is not None
    assert "spreads.min_reward_risk_vertical 0.25" in strict.rejected
    condor = named(StructureKind.IRON_CONDOR, config=configured(spreads={"min_reward_risk": 9.0}))
    assert condor.rejected is not None
    assert "spreads.min_reward_risk 9" in condor.rejected


def test_what_cannot_be_built_keeps_its_reason() -> None:
    of = chain()
    calls = OptionChain("ACME", of.expiry, tuple(of.side(Right.CALL)), 100.0, NOW, "memory")
    found = proposals(candidate(of), (calls,), NOW, DEFAULTS, BOOK)
    reasons = {one.kind: one.reason for one in found.unbuilt}
    assert reasons[StructureKind.BULL_PUT] == "no put strike satisfies the short rule outside_move"
    assert reasons[StructureKind.IRON_BUTTERFLY] == "no strike lists both a call and a put"
    assert [spread.kind for spread in found.spreads] == [StructureKind.BEAR_CALL]

    def crossed(quote: OptionQuote) -> OptionQuote:
        return replace(quote, bid=9.0, ask=8.0) if (quote.right, quote.strike) == (Right.CALL, 100.0) else quote

    unpriced = {one.kind: one.reason for one in proposal(edited(of, crossed)).unbuilt}
    assert unpriced[StructureKind.IRON_BUTTERFLY] == "C100 has no two-sided market"


def test_every_scorer_runs_on_every_spread() -> None:
    for config in (DEFAULTS, configured(scoring={"scorer": "v2"})):
        for spread in proposal(config=config).spreads:
            assert {one.scorer for one in spread.totals} == {"ev", "v1", "v1_scaled", "v2"}
            assert spread.totals[0].scorer == spread.score.scorer == config.scoring.scorer
            assert spread.totals[0].total == spread.score.total
    assert scorers(ScoringSettings(scorer="v1"))[0].name == "v1"


def test_targets_are_settings() -> None:
    facts = changed(ev=12.0)
    assert ExpectedValue(EvWeights(), EvTargets(ev=0.06)).score(facts).total == pytest.approx(100.0)
    assert ExpectedValue(EvWeights(), EvTargets(ev=0.24)).score(facts).parts[0].points == pytest.approx(80.0 / 4.0)


@pytest.mark.parametrize("name", ["pop", "ev", "vrp", "vrp_shrunk", "dispersion", "reward_risk", "theta"])
def test_what_is_no_number_counts_as_missing(name: str) -> None:
    facts = changed(**{name: float("nan")})
    assert getattr(facts, name) is None
    for scorer in (ExpectedValue(), VersionOne()):
        total = scorer.score(facts).total
        assert 0.0 <= total <= scorer.score(FULL).total


def test_the_skew_leans_verticals_in_v2() -> None:
    of = chain()
    neutral, bearish = candidate(of), replace(candidate(of), bias="strong_bearish")
    config = configured(scoring={"scorer": "v2"})

    def totals(which: Candidate) -> dict[StructureKind, float]:
        found = proposals(which, (of,), NOW, config, BOOK)
        return {spread.kind: spread.score.total for spread in found.spreads}

    plain, leaning = totals(neutral), totals(bearish)
    assert leaning[StructureKind.BEAR_CALL] == pytest.approx(min(plain[StructureKind.BEAR_CALL] + 8.0, 100.0))
    assert leaning[StructureKind.BULL_PUT] == pytest.approx(plain[StructureKind.BULL_PUT] - 3.0)
    assert leaning[StructureKind.IRON_CONDOR] == plain[StructureKind.IRON_CONDOR]


def test_studies_are_shown_and_never_proposed() -> None:
    found = proposal()
    studies = {one.kind: one for one in found.studies}
    straddle, strangle, calendar = (studies[kind] for kind in StudyKind)
    assert straddle.legs == ("-P100 04 Dec", "-C100 04 Dec")
    assert (straddle.max_loss, strangle.max_loss) == (None, None)
    assert straddle.credit is not None
    assert straddle.breakevens == pytest.approx((100.0 - straddle.credit + 0.007, 100.0 + straddle.credit - 0.007))
    assert straddle.ev is not None
    assert straddle.ev_exit is not None
    assert straddle.ev > 0.0
    assert calendar.legs == ("-C100 04 Dec", "+C100 18 Dec")
    assert calendar.credit is not None
    assert calendar.credit < 0.0
    assert (calendar.ev, calendar.max_loss) == (None, None)
    assert calendar.ev_exit is not None
    # Selling the report's variance dear and paying for the ambient one: most is earned where the price stays.
    assert -100.0 < calendar.ev_exit < 100.0
    traded = {spread.kind.value for spread in found.spreads}
    assert not traded & {kind.value for kind in StudyKind}
    alone = proposals(candidate(chain()), (chain(),), NOW, DEFAULTS, BOOK).studies
    assert "no later expiry" in (alone[2].problem or "")


def test_the_morning_after_stands_beside_the_expiry() -> None:
    for spread in proposal().spreads:
        assert spread.exit_at is not None
        assert spread.ev_exit is not None
        assert spread.pop_exit is not None
        assert spread.ev is not None
        # The exit pays the market and the commission once more.
        assert spread.ev_exit < spread.ev + 1.0
        assert abs(spread.ev_exit - spread.ev) < 0.2 * spread.max_loss
        assert 0.0 <= spread.pop_exit <= 1.0
    without = proposals(replace(candidate(chain()), vrp=None), (chain(),), NOW, DEFAULTS, BOOK).spreads
    assert all((spread.ev_exit, spread.exit_at) == (None, None) for spread in without)


def test_fat_tails_are_a_setting() -> None:
    fat, normal = (named(StructureKind.IRON_CONDOR, config=configured(spreads={"tails": t})) for t in ("fat", "normal"))
    assert fat.pop != normal.pop
    assert fat.pop == pytest.approx(normal.pop, abs=0.04)
    assert fat.size.full_kelly != normal.size.full_kelly


def test_the_probability_by_history() -> None:
    legs = (PayoffLeg(1, -1, 90.0), PayoffLeg(-1, -1, 95.0), PayoffLeg(-1, 1, 105.0), PayoffLeg(1, 1, 110.0))
    payoff = Payoff(legs, 1.0)

    def past(*moves: float) -> list[Reaction]:
        return [Reaction(PAST[0].report_date, PAST[0].timing, NOW.date(), NOW.date(), move, 0.0, 0.0) for move in moves]

    assert pop_by_history(payoff, 100.0, past(0.01, -0.02, 0.03)) == pytest.approx(6.5 / 7.0)
    # A move is taken up and down, so one side of the structure does not flatter it.
    assert pop_by_history(payoff, 100.0, past(0.08)) == pytest.approx(0.5 / 3.0)
    assert pop_by_history(payoff, 100.0, []) is None


def test_what_turns_the_verdict() -> None:
    one, spread = candidate(chain()), named(StructureKind.IRON_CONDOR)
    one = replace(one, tails="fat")
    value = expected_value_at(one, spread)
    assert value is not None
    expected = outlook(one)
    assert expected is not None
    assert value(min(max(expected.premium, 0.8), 1.5)) == pytest.approx(spread.ev)
    premium, credit = breakeven_premium(one, spread), breakeven_credit(spread)
    assert premium is not None
    assert credit is not None
    assert value(premium) == pytest.approx(0.0, abs=1e-6)
    assert one.vrp is not None
    assert premium < one.vrp
    assert credit < spread.fill
    assert breakeven_premium(replace(one, event_sd=None), spread) is None
    assert breakeven_premium(one, replace(spread, fill=-5.0)) is None


def findings(symbol: str) -> Findings:
    chains = (chain(symbol), chain(symbol, expiry=EXPIRIES[2]))
    return find(Inputs(report(symbol), 100.0, chains, HISTORY, PAST, BOOK), NOW, DEFAULTS)


def test_bets_of_one_night_share_the_portfolios_cap() -> None:
    names = [f"N{number}" for number in range(12)]
    found = {name: findings(name) for name in names}
    changed = shared(found, DEFAULTS, BOOK)
    assert set(changed) == set(names)
    staked = sum(one.spreads[0].size.contracts * one.spreads[0].max_loss for one in changed.values())
    assert staked <= 0.30 * 1e5
    size = changed["N0"].spreads[0].size
    assert size.bound_by == "simultaneous"
    assert size.share == pytest.approx(0.5)
    assert shared({name: found[name] for name in names[:6]}, DEFAULTS, BOOK) == {}
    assert shared({}, DEFAULTS, BOOK) == {}


def test_simultaneous_bets() -> None:
    assert simultaneous_share([0.1, 0.1], 0.3) == 1.0
    assert simultaneous_share([0.2, 0.4], 0.3) == pytest.approx(0.5)
    assert simultaneous_share([], 0.3) == simultaneous_share([0.0], 0.3) == 1.0


@pytest.mark.parametrize(
    ("name", "risk"),
    [
        ("report_day_cap", {"report_day_risk": 14_000.0}),
        ("sector_cap", {"sector_risk": 19_000.0}),
        ("symbol_cap", {"symbol_risk": 9_000.0}),
        ("portfolio_cap", {"open_risk": 29_000.0}),
        ("buying_power", {"buying_power": 900.0}),
    ],
)
def test_each_cap_can_bind_and_is_named(name: str, risk: dict[str, float]) -> None:
    size = contracts(0.5, 100.0, Exposure(100_000.0, **risk), SizingSettings())
    assert size.bound_by == name
    assert size.contracts in (9, 10)
    assert size.caps[0].name == name
    assert [cap.contracts for cap in size.caps] == sorted(cap.contracts for cap in size.caps)
    more = Exposure(100_000.0, **{key: 1e6 for key in risk if key != "buying_power"})
    over = contracts(0.5, 100.0, more, SizingSettings())
    assert over.contracts == 0 or name == "buying_power"


@pytest.mark.parametrize(
    ("kelly", "loss", "equity"),
    [
        (float("nan"), 1.0, 1.0),
        (1.5, 1.0, 1.0),
        (0.1, 0.0, 1.0),
        (0.1, -5.0, 1.0),
        (0.1, float("inf"), 1.0),
        (0.1, 1.0, float("nan")),
    ],
)
def test_a_size_of_nonsense_is_none(kelly: float, loss: float, equity: float) -> None:
    size = contracts(kelly, loss, Exposure(equity), SizingSettings())
    assert (size.contracts, size.bound_by) == (0, "invalid")


def test_a_sure_win_is_bet_whole() -> None:
    assert discrete_kelly([0.5, -0.2], [1.0, 0.0]) == 1.0
    assert discrete_kelly([0.5, -0.2], [0.9, 0.1]) == 1.0
    assert discrete_kelly([-0.5], [1.0]) == 0.0
