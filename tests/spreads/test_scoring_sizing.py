"""Scores add up from their parts; sizes obey every cap and never reward a cost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.options.payoff import Payoff, PayoffLeg
from cockpit.scan.liquidity import Tier
from cockpit.settings import EvWeights, ScoringSettings, SizingSettings
from cockpit.spreads.exposure import Exposure
from cockpit.spreads.pricing import FRACTIONS, package_prices
from cockpit.spreads.scoring import Bias, ExpectedValue, Facts, VersionOne, VersionTwo, scorer
from cockpit.spreads.sizing import binary_kelly, contracts, discrete_kelly, payoff_kelly
from cockpit.spreads.structure import Leg, StructureKind
from tests.scan.test_rules import quote

FULL = Facts(
    kind=StructureKind.IRON_CONDOR,
    pop=0.65,
    reward_risk=0.4,
    vrp=2.0,
    contracts=10,
    theta=50.0,
    vega=-100.0,
    tier=Tier.EXCELLENT,
    vrp_shrunk=1.25,
    ev=24.0,
    max_loss=200.0,
    quarters=12,
    dispersion=0.0,
    zone=0.2,
    move=0.08,
)
NOTHING = Facts(StructureKind.BULL_PUT, None, None, None, 0)
CONDOR = (PayoffLeg(1, -1, 90.0), PayoffLeg(-1, -1, 95.0), PayoffLeg(-1, 1, 105.0), PayoffLeg(1, 1, 110.0))


def changed(**fields: object) -> Facts:
    values = {name: getattr(FULL, name) for name in Facts.__slots__}
    return Facts(**{**values, **fields})


def test_full_marks() -> None:
    score = ExpectedValue().score(FULL)
    assert score.total == pytest.approx(100.0)
    assert score.flags == ()
    assert score.rationale == "EV +12.0% of risk, POP 65%, VRP 1.25 on 12 quarters, liquidity A"


def test_each_factor_earns_its_share() -> None:
    score = ExpectedValue().score(
        changed(ev=12.0, pop=0.325, tier=Tier.WARNING, vrp_shrunk=1.05, quarters=6, dispersion=0.5)
    )
    points = {part.name: part.points for part in score.parts}
    expected = {"ev": 40.0, "pop": 2.5, "liquidity": 2.0, "vrp": 1.0, "confidence": 1.25}
    assert points == pytest.approx(expected)
    assert score.total == pytest.approx(sum(expected.values()))


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (changed(ev=0.0), "zero: expected value after costs is +0.00"),
        (changed(ev=-3.5), "zero: expected value after costs is -3.50"),
        (changed(tier=Tier.REJECT), "zero: a leg cannot be traded"),
    ],
)
def test_a_hard_zero_says_why(facts: Facts, reason: str) -> None:
    score = ExpectedValue().score(facts)
    assert score.total == 0.0
    assert reason in score.flags
    assert all(part.points == 0.0 for part in score.parts)


@pytest.mark.parametrize("which", [ExpectedValue(), VersionOne(), VersionOne(scaled=True), VersionTwo()])
def test_what_is_unknown_earns_nothing_and_is_flagged(which: ExpectedValue | VersionOne | VersionTwo) -> None:
    score = which.score(NOTHING)
    assert score.flags
    for part in score.parts:
        if part.value is None and part.name != "liquidity":
            assert part.points == 0.0
            assert f"{part.name} unknown" in score.flags


def test_the_settings_choose_the_scorer_and_its_weights() -> None:
    for name in ("ev", "v1", "v1_scaled", "v2"):
        assert scorer(ScoringSettings.model_validate({"scorer": name})).name == name
    weights = EvWeights(ev=100.0, pop=0.0, liquidity=0.0, vrp=0.0, confidence=0.0)
    assert scorer(ScoringSettings(weights=weights)).score(changed(ev=12.0)).total == pytest.approx(50.0)


def test_alignment_moves_a_vertical_only() -> None:
    condor = VersionTwo().score(changed(bias=Bias.STRONG_BULLISH, pop=0.3)).total
    assert condor == VersionTwo().score(changed(pop=0.3)).total
    aligned = VersionTwo().score(changed(kind=StructureKind.BULL_PUT, bias=Bias.BULLISH, pop=0.3)).total
    opposed = VersionTwo().score(changed(kind=StructureKind.BEAR_CALL, bias=Bias.BULLISH, pop=0.3)).total
    assert aligned - opposed == pytest.approx(8.0)


@given(
    pop=st.floats(0.0, 1.0),
    ev=st.floats(-500.0, 500.0),
    vrp=st.floats(0.0, 5.0),
    tier=st.sampled_from(Tier),
    dispersion=st.floats(0.0, 3.0),
)
def test_scores_stay_on_their_scale_and_add_up(
    pop: float, ev: float, vrp: float, tier: Tier, dispersion: float
) -> None:
    facts = changed(pop=pop, ev=ev, vrp_shrunk=vrp, vrp=vrp, tier=tier, dispersion=dispersion)
    for which in (ExpectedValue(), VersionOne(), VersionTwo()):
        score = which.score(facts)
        assert 0.0 <= score.total <= 100.0
        assert score.total == pytest.approx(sum(part.points for part in score.parts), abs=1e-9)


@given(
    credit=st.floats(0.5, 4.0),
    variance=st.floats(1e-3, 0.05),
    commission=st.floats(0.0, 20.0),
    scale=st.floats(0.1, 10),
)
def test_kelly_knows_no_currency_and_no_cost_raises_it(
    credit: float, variance: float, commission: float, scale: float
) -> None:
    one = payoff_kelly(Payoff(CONDOR, credit), 100.0, variance)
    paid = payoff_kelly(Payoff(CONDOR, credit, commission), 100.0, variance)
    legs = tuple(PayoffLeg(leg.quantity, leg.sign, leg.strike * scale) for leg in CONDOR)
    scaled = payoff_kelly(Payoff(legs, credit * scale), 100.0 * scale, variance)
    assert one is not None
    assert paid is not None
    assert scaled is not None
    assert 0.0 <= paid.fraction <= one.fraction + 1e-9
    assert scaled.fraction == pytest.approx(one.fraction, abs=1e-7)


@given(probability=st.floats(0.01, 0.99), win=st.floats(0.05, 5.0))
def test_the_general_fraction_of_a_two_sided_bet_is_the_closed_one(probability: float, win: float) -> None:
    closed = binary_kelly(probability, win, 1.0).fraction
    assert discrete_kelly([win, -1.0], [probability, 1.0 - probability]) == pytest.approx(closed, abs=1e-9)


def test_bets_that_are_none() -> None:
    assert binary_kelly(float("nan"), 1.0, 1.0).status == "invalid_p"
    assert binary_kelly(1.2, 1.0, 1.0).status == "invalid_p"
    assert binary_kelly(0.5, 1.0, 0.0).status == "zero_loss_unbounded"
    assert binary_kelly(0.5, -1.0, 1.0).status == "invalid_payoff"
    assert binary_kelly(1.0, 1.0, 1.0).fraction == 1.0
    assert payoff_kelly(Payoff((PayoffLeg(-1, 1, 100.0),), 1.0), 100.0, 0.01) is None
    assert payoff_kelly(Payoff(CONDOR, 5.0), 100.0, 0.01) is None


@given(
    kelly=st.floats(0.0, 1.0),
    loss=st.floats(1.0, 5000.0),
    equity=st.floats(1.0, 1e6),
    open_risk=st.floats(0.0, 1e6),
    power=st.floats(0.0, 1e6),
)
def test_no_cap_is_ever_passed(kelly: float, loss: float, equity: float, open_risk: float, power: float) -> None:
    caps = SizingSettings()
    size = contracts(kelly, loss, Exposure(equity, open_risk, buying_power=power), caps)
    risk = size.contracts * loss * (1.0 - 1e-5)
    assert 0 <= size.contracts <= caps.max_contracts
    assert risk <= 0.5 * kelly * equity + 1e-2 or size.contracts == 0
    assert risk <= caps.trade_cap * equity + 1e-2 or size.contracts == 0
    assert risk <= power + 1e-2 or size.contracts == 0
    assert risk <= max(caps.portfolio_cap * equity - open_risk, 0.0) + 1e-2 or size.contracts == 0


def test_an_unknown_fraction_sizes_nothing() -> None:
    size = contracts(None, 100.0, Exposure(1e5), SizingSettings())
    assert (size.contracts, size.bound_by, size.full_kelly) == (0, "unknown", None)


def test_a_package_is_priced_against_the_trader() -> None:
    legs = [Leg(-1, quote(1.00, 1.05)), Leg(1, quote(0.0, 0.05))]
    prices = package_prices(legs, FRACTIONS["quarter"])
    assert prices is not None
    assert prices.mid == Decimal("1.000")
    assert prices.natural == Decimal("0.95")
    assert prices.fill == Decimal("0.98")
    closing = package_prices([Leg(-leg.quantity, leg.quote) for leg in legs], FRACTIONS["quarter"])
    assert closing is not None
    assert closing.fill == Decimal("-1.02")
    assert closing.natural == Decimal("-1.05")


@pytest.mark.parametrize(("bid", "ask"), [(None, 1.0), (1.0, None), (1.1, 1.0), (0.0, 0.0)])
def test_a_package_with_a_broken_leg_has_no_price(bid: float | None, ask: float | None) -> None:
    assert package_prices([Leg(-1, quote()), Leg(1, quote(bid, ask))], FRACTIONS["mid"]) is None
