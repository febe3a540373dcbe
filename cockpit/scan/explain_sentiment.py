"""What people write about a name, source by source, for its explanation."""

from collections.abc import Iterator
from datetime import datetime

from cockpit.scan.candidate import Candidate
from cockpit.scan.explanation import UNKNOWN, Row, Section
from cockpit.scan.sentiment import DOUBT, Sentiment
from cockpit.scan.wording import age


def sentiment_section(candidate: Candidate) -> Section | None:
    """None where nobody was asked."""
    sentiment = candidate.sentiment
    return None if sentiment is None else Section("Sentiment", tuple(_rows(candidate, sentiment)))


def _rows(candidate: Candidate, sentiment: Sentiment) -> Iterator[Row]:
    formula = f"mean by the root of each sample x {sentiment.sample}/({sentiment.sample} + {DOUBT:.0f})"
    yield Row("sentiment", _score(sentiment.score), f"-1 to +1; {formula}; shown only, it never scores")
    for one in sentiment.opinions:
        newest = "" if one.newest_at is None else f"; newest {_age(candidate, one.newest_at)}"
        yield Row(one.source, _score(one.score), f"{one.sample} of {one.read} take a side, {one.method}{newest}")
    for reason in sentiment.silent:
        source, _, why = reason.partition(": ")
        yield Row(source, UNKNOWN, why)


def _age(candidate: Candidate, at: datetime) -> str:
    seconds = (candidate.scanned_at - at).total_seconds()
    return f"{age(seconds)} before the scan" if seconds >= 0 else f"{age(-seconds)} after the scan"


def _score(score: float | None) -> str:
    return UNKNOWN if score is None else f"{score:+.2f}"
