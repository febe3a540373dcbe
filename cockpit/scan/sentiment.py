"""What people write about a name: each source's opinion with its sample, and all of them together.

Opinions run from -1 (all bearish) to +1 (all bullish). Few voices prove little, so a mean is drawn towards 0 by
:data:`DOUBT` voices that say nothing. Sentiment is shown and explained; it never scores and never trades.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

DOUBT = 10.0


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one source says of a name.

    Attributes:
        source: the vendor's name in the settings.
        score: mean of the voices, -1 to +1; None where none of them takes a side.
        sample: voices that take a side.
        read: voices read.
        newest_at: of the newest voice read, UTC; None where there is none.
        method: how a voice's side is known: ``tagged by its author``, ``scored by the vendor``, ``by its words``.
    """

    source: str
    score: float | None
    sample: int
    read: int
    newest_at: datetime | None
    method: str


@dataclass(frozen=True, slots=True)
class Sentiment:
    """All sources together.

    Attributes:
        score: -1 to +1, drawn towards 0 where voices are few; None where nobody takes a side.
        sample: voices that take a side.
        newest_at: of the newest voice; the age on screen counts from here.
        opinions: by source, in the order of the settings.
        silent: sources that gave nothing, each with the reason as a sentence.
    """

    score: float | None
    sample: int
    newest_at: datetime | None
    opinions: tuple[Opinion, ...] = ()
    silent: tuple[str, ...] = ()


def together(opinions: Sequence[Opinion], silent: Iterable[str] = ()) -> Sentiment:
    """Weigh sources by the square root of their sample, so that the loudest does not drown the others."""
    sided = [(one, one.score) for one in opinions if one.score is not None and one.sample > 0]
    sample = sum(one.sample for one, _ in sided)
    newest = max((one.newest_at for one in opinions if one.newest_at is not None), default=None)
    if not sided:
        return Sentiment(None, 0, newest, tuple(opinions), tuple(silent))
    weights = [sqrt(one.sample) for one, _ in sided]
    mean = sum(weight * score for weight, (_, score) in zip(weights, sided, strict=True)) / sum(weights)
    return Sentiment(mean * sample / (sample + DOUBT), sample, newest, tuple(opinions), tuple(silent))


def mean_opinion(
    source: str, sides: Iterable[tuple[float, float]], read: int, newest_at: datetime | None, method: str
) -> Opinion:
    """The weighted mean of voices that take a side.

    Args:
        source: the vendor's name.
        sides: score (-1 to +1) and weight (above 0) of each.
        read: voices read, those without a side too.
        newest_at: of the newest.
        method: how a side is known.
    """
    known = list(sides)
    total = sum(weight for _, weight in known)
    score = sum(side * weight for side, weight in known) / total if total > 0 else None
    return Opinion(source, score, len(known), read, newest_at, method)
