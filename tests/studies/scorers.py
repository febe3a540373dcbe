"""Which scorer puts trades in the order of what they are really worth: ``python -m tests.studies.scorers [SEEDS]``.

Every name of a scan of the served embedded market, whose true expected result per unit of risk is known, is ranked by
each scorer; the rank correlation (Spearman) with the truth is set beside the one that the exact posterior mean of the
edge reaches, which knows the laws of the market and sees the same quotes and the same past reactions. An insider knows
in addition what kinds of names there are.

``ev`` scores 0 where it expects nothing or a leg cannot be traded: with the refused ones, half of all spreads are tied,
and ties have no order. The posterior under the same rule (``posterior, 0``) is what can be reached there.

A second table asks what the veto on a poor premium costs: how often it stops the trap name at each bound, and how many
names are refused whose best spread would truly have earned something.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cockpit.context import open_context
from cockpit.emulator.market import Market
from cockpit.scan.candidate import Candidate
from cockpit.scan.liquidity import Tier
from cockpit.spreads.structure import Rejection, Spread, StructureKind
from cockpit.spreads.track_record import spearman
from cockpit.validation import load_settings
from tests.studies.truth import Insight, insight

DEFAULT_SEEDS = (7, 11, 23, 42, 101, 137)
POSTERIOR = "posterior"
RULED = "posterior, 0"
TRAP = "ULTA"
"""The name whose options price less than its reports do."""
BOUNDS = (0.0, 0.9, 1.0, 1.05, 1.1, 1.25, 1.5)
"""Of the plain ratio of implied to past moves, under which nothing would be proposed."""


@dataclass(frozen=True, slots=True)
class Trade:
    """One proposed or rejected structure with its truth.

    Attributes:
        proposed: the one that the scan puts first of its name.
        truth: expected dollars per dollar at risk, after costs.
        scores: by scorer; the best guesses at the truth and some single figures beside them.
    """

    seed: int
    symbol: str
    kind: StructureKind
    rejected: bool
    proposed: bool
    truth: float
    scores: dict[str, float]


@dataclass(frozen=True, slots=True)
class Choice:
    """What would be proposed of one name if its premium did not matter.

    Attributes:
        premium: the plain ratio of implied to past moves.
        truth: expected dollars per dollar at risk of the spread with the highest score.
    """

    trap: bool
    premium: float
    truth: float


@dataclass(frozen=True, slots=True)
class Study:
    """All trades of some seeds.

    Attributes:
        names: names with figures.
        traps: per seed, whether the trap name was proposed; None where it did not report within the scan.
        choices: of the names on which something else than the premium would let a spread be proposed.
    """

    trades: tuple[Trade, ...]
    names: int
    traps: tuple[bool | None, ...]
    choices: tuple[Choice, ...]


async def study(seeds: Iterable[int], days: int = 14) -> Study:
    """Scan the market of every seed at its default start and set each spread beside its truth."""
    trades: list[Trade] = []
    traps: list[bool | None] = []
    choices: list[Choice] = []
    names = 0
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            lifted = '["1000000/1m"]'
            flags = {
                "paths.data_dir": json.dumps(folder),
                "sim.seed": str(seed),
                "sim.quotas": "false",
                "providers.tradier.limits": lifted,
                "providers.alpha_vantage.limits": lifted,
            }
            settings = load_settings(flags=list(flags.items()), environment={}).settings
            async with open_context(settings, as_of=settings.sim.start) as context:
                result = await context.commands.scan(days=days)
                now = context.clock.now()
        market = Market(seed)
        traps.append(_trap(result.candidates))
        for candidate in result.candidates:
            spreads = [one for one in result.spreads.get(candidate.symbol, ()) if one.ev is not None]
            if candidate.vrp is None or not spreads:
                continue
            names += 1
            known = insight(market, candidate.symbol, now, candidate.reactions)
            trades.extend(_trade(seed, candidate, spread, known) for spread in spreads)
            choices.extend(_choice(candidate, spreads, known))
    return Study(tuple(trades), names, tuple(traps), tuple(choices))


View = tuple[str, Callable[[Trade], bool]]
VIEWS: tuple[View, ...] = (
    ("the proposed spread of every name", lambda trade: trade.proposed),
    ("tradable spreads", lambda trade: not trade.rejected),
    ("tradable iron condors", lambda trade: not trade.rejected and trade.kind is StructureKind.IRON_CONDOR),
    ("every spread, refused ones too", lambda trade: True),
)


def correlations(trades: Sequence[Trade]) -> dict[str, float]:
    """The rank correlation of every scorer with the truth, the posterior's among them; 0 where a side never varies."""
    truth = [trade.truth for trade in trades]
    return {name: spearman([trade.scores[name] for trade in trades], truth) or 0.0 for name in trades[0].scores}


def top_fifth(trades: Sequence[Trade], scorer: str) -> float:
    """Mean true edge of the fifth that a scorer puts first."""
    ordered = sorted(trades, key=lambda trade: -trade.scores[scorer])
    head = ordered[: max(len(ordered) // 5, 1)]
    return sum(trade.truth for trade in head) / len(head)


def _trade(seed: int, candidate: Candidate, spread: Spread, known: Insight) -> Trade:
    best_guess = known.posterior_edge(spread, known.ratios)
    scores = {
        "insider": known.posterior_edge(spread, known.insider),
        POSTERIOR: best_guess,
        RULED: 0.0 if spread.tier is Tier.REJECT else max(best_guess, 0.0),
        **{one.scorer: one.total for one in spread.totals},
    }
    scores["ev / risk"] = (spread.ev or 0.0) / spread.max_loss
    scores["vrp shrunk"] = candidate.vrp or 0.0
    scores["vrp plain"] = candidate.vrp_mean or 0.0
    return Trade(
        seed,
        candidate.symbol,
        spread.kind,
        spread.rejected is not None,
        spread.spread_id == candidate.best_spread,
        known.edge(spread),
        scores,
    )


def _choice(candidate: Candidate, spreads: Sequence[Spread], known: Insight) -> Iterable[Choice]:
    free = [one for one in spreads if one.rejection in (None, Rejection.PREMIUM) and one.score.total > 0.0]
    if free and candidate.vrp_mean is not None:
        best = max(free, key=lambda one: one.score.total)
        yield Choice(candidate.symbol == TRAP, candidate.vrp_mean, known.edge(best))


def _trap(candidates: Sequence[Candidate]) -> bool | None:
    trap = next((one for one in candidates if one.symbol == TRAP and one.problem is None), None)
    return None if trap is None else trap.best_spread is not None and bool(trap.score)


def report(found: Study) -> str:
    """The table."""
    lines = [f"{found.names} names, {len(found.trades)} spreads, {len(found.traps)} seeds"]
    lines.append(f"trap name proposed: {', '.join({True: 'yes', False: 'no', None: '-'}[one] for one in found.traps)}")
    for title, wanted in VIEWS:
        trades = [trade for trade in found.trades if wanted(trade)]
        values = correlations(trades)
        lines.append(f"\n{title} ({len(trades)}): mean true edge {sum(t.truth for t in trades) / len(trades):+.3f}")
        lines.append(f"  {'scorer':12} {'Spearman':>9} {'of posterior':>13} {'of its zeros':>13} {'top fifth':>10}")
        for name, value in values.items():
            shares = f"{value / values[POSTERIOR]:13.2f} {value / values[RULED]:13.2f}"
            lines.append(f"  {name:12} {value:9.3f} {shares} {top_fifth(trades, name):+10.3f}")
    return "\n".join((*lines, *_vetoes(found.choices)))


def _vetoes(choices: Sequence[Choice]) -> Iterable[str]:
    traps = sum(one.trap for one in choices)
    good = sum(one.truth > 0.0 for one in choices)
    yield f"\nno proposal under a plain ratio of ({len(choices)} names, {traps} traps, {good} with a true edge)"
    yield f"  {'bound':>6} {'traps proposed':>15} {'true edges refused':>19} {'mean true edge':>15}"
    for bound in BOUNDS:
        kept = [one for one in choices if one.premium >= bound]
        mean = sum(one.truth for one in kept) / max(len(kept), 1)
        refused = good - sum(one.truth > 0.0 for one in kept)
        yield f"  {bound:6.2f} {sum(one.trap for one in kept):15} {refused:19} {mean:+15.3f}"


if __name__ == "__main__":
    print(report(asyncio.run(study([int(word) for word in sys.argv[1:]] or DEFAULT_SEEDS))))
