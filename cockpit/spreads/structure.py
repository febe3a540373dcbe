"""What a spread is: legs, figures, score and size."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cockpit.options.contract import Greeks, OptionQuote, Right
from cockpit.scan.liquidity import Tier
from cockpit.spreads.exposure import Exposure


class StructureKind(StrEnum):
    """The structures that are built for a candidate; the value is the word in ids and settings."""

    BULL_PUT = "bull_put"
    BEAR_CALL = "bear_call"
    IRON_CONDOR = "iron_condor"
    IRON_BUTTERFLY = "iron_butterfly"

    @property
    def label(self) -> str:
        """As shown on screen: ``iron condor``."""
        return self.value.replace("_", " ")

    @property
    def two_sided(self) -> bool:
        """True where both puts and calls are sold."""
        return self in (StructureKind.IRON_CONDOR, StructureKind.IRON_BUTTERFLY)

    @property
    def code(self) -> str:
        """Two letters for ids: BP, BC, IC, IB."""
        return "".join(word[0] for word in self.value.split("_")).upper()


class Rejection(StrEnum):
    """Why a spread is not to be traded; the sentence for a reader is beside it."""

    NO_BID = "no_bid"
    NO_CREDIT = "no_credit"
    CREDIT_OVER_WIDTH = "credit_over_width"
    COSTS = "costs"
    MIN_CREDIT = "min_credit"
    REWARD_RISK = "reward_risk"
    LEG_TIER = "leg_tier"
    EXPIRIES = "expiries"
    SCORE = "score"
    PREMIUM = "premium"


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """A structure that a chain does not give, and why, as one sentence."""

    kind: StructureKind
    reason: str


@dataclass(frozen=True, slots=True)
class Leg:
    """Some of one option: +1 bought, -1 sold a contract of the spread."""

    quantity: int
    quote: OptionQuote

    @property
    def label(self) -> str:
        """For instance ``-P130``."""
        strike = f"{self.quote.strike:g}"
        return f"{'+' if self.quantity > 0 else '-'}{self.quote.right.value}{strike}"


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One factor of a score: its value, its weight in points, and the points it earned."""

    name: str
    value: float | None
    weight: float
    points: float


@dataclass(frozen=True, slots=True)
class Score:
    """A total of 0 to 100 with the parts that add up to it.

    Attributes:
        scorer: name of the formula, for instance ``ev``.
        flags: inputs that were missing (their parts earned nothing) and reasons for a hard zero.
    """

    scorer: str
    total: float
    parts: tuple[ScorePart, ...]
    rationale: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit of a size: its name, and the whole contracts that it alone would allow."""

    name: str
    contracts: int


@dataclass(frozen=True, slots=True)
class Size:
    """How many contracts, and what bound them.

    Attributes:
        full_kelly: fraction of equity at risk that maximises growth; None where it cannot be had.
        fraction: what was asked of it after halving, the cap a trade and the share of simultaneous bets.
        contracts: 0 is an answer.
        bound_by: the constraint that was the tightest, for instance ``kelly`` or ``trade_cap``.
        scale: factor on the growth-optimal fraction, 0.5 for a history with a heavy tail.
        share: factor left to it by the other bets of its report day.
        caps: every limit that was weighed, the tightest first.
        exposure: what they were weighed against; None where nothing was.
    """

    full_kelly: float | None
    fraction: float
    contracts: int
    bound_by: str
    scale: float = 1.0
    share: float = 1.0
    caps: tuple[Cap, ...] = ()
    exposure: Exposure | None = None


@dataclass(frozen=True, slots=True)
class ScorerTotal:
    """What one scorer gave a spread."""

    scorer: str
    total: float


@dataclass(frozen=True, slots=True)
class Spread:
    """A row of the spreads pane: a defined-risk structure on one expiry.

    Prices are dollars per share, money is dollars per contract of the spread (100 shares a leg) and includes
    opening commission. A credit is positive.

    Attributes:
        spread_id: stable name, for instance ``NVDA:261127:IC:128/130/154/156``.
        mid: net credit at mid prices; natural: at the far sides; fill: what the paper broker would give now.
        max_profit, max_loss: at expiry; ``max_loss`` is positive.
        breakevens: prices at expiry where the result changes sign, rising.
        pop: probability of a profit at the breakevens under the physical law; pop_delta: 1 minus deltas of the shorts,
            None for a butterfly, whose shorts are at the money; pop_hist: by the ``pop_hist_reports`` past reactions,
            None where there are none.
        ev: expected profit in dollars after costs under the physical law, held to expiry.
        ev_exit, pop_exit: the same where it is bought back on the morning after the report (``exit_at``), at model
            values less the fill model's share of today's spreads and a second commission.
        reward_risk: max_profit over max_loss.
        greeks: of one contract of the spread in dollars; an unknown leg makes the sum unknown.
        tier: worst of all legs.
        rejected: why it is not to be traded, as one sentence; None where it may be. ``rejection`` is its kind.
        quoted_at: oldest leg.
        totals: of every scorer on the same facts, the ranking one first.
        report_date, sector: of the name, for the caps; a sector is None where no source gives it.
    """

    spread_id: str
    symbol: str
    kind: StructureKind
    expiry: date
    legs: tuple[Leg, ...]
    mid: float
    natural: float
    fill: float
    max_profit: float
    max_loss: float
    breakevens: tuple[float, ...]
    reward_risk: float
    commission: float
    pop: float | None
    pop_delta: float | None
    ev: float | None
    greeks: Greeks | None
    tier: Tier
    score: Score
    size: Size
    rejected: str | None
    quoted_at: datetime | None
    rejection: Rejection | None = None
    ev_exit: float | None = None
    pop_exit: float | None = None
    exit_at: datetime | None = None
    totals: tuple[ScorerTotal, ...] = ()
    report_date: date | None = None
    sector: str | None = None
    pop_hist: float | None = None
    pop_hist_reports: int = 0

    @property
    def strikes_label(self) -> str:
        """For instance ``P128/130 C154/156``: puts, then calls, each rising."""
        words = []
        for right in (Right.PUT, Right.CALL):
            strikes = sorted(leg.quote.strike for leg in self.legs if leg.quote.right is right)
            if strikes:
                words.append(right.value + "/".join(f"{strike:g}" for strike in strikes))
        return " ".join(words)


class StudyKind(StrEnum):
    """Structures that are shown for comparison and never traded: their risk has no limit, or spans two expiries."""

    STRADDLE = "straddle"
    STRANGLE = "strangle"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Study:
    """What a structure that is not traded here would be worth; dollars as in :class:`Spread`.

    Attributes:
        legs: for instance ``-P100 04 Dec``.
        credit: per share at the fill model; negative for a debit.
        max_loss: None where it has no limit, or is not known at one expiry alone.
        breakevens: at the nearest expiry; empty for a calendar.
        problem: why there are no figures.
    """

    kind: StudyKind
    legs: tuple[str, ...] = ()
    credit: float | None = None
    max_profit: float | None = None
    max_loss: float | None = None
    breakevens: tuple[float, ...] = ()
    pop: float | None = None
    ev: float | None = None
    pop_exit: float | None = None
    ev_exit: float | None = None
    problem: str | None = None


def spread_id(symbol: str, expiry: date, kind: StructureKind, strikes: tuple[float, ...]) -> str:
    """The stable name of a spread: symbol, yymmdd, code and rising strikes, joined by colons."""
    return f"{symbol}:{expiry:%y%m%d}:{kind.code}:" + "/".join(f"{strike:g}" for strike in sorted(strikes))
