"""What Alpha Vantage's news feed says of one symbol; the vendor scores each article for each ticker it names."""

from datetime import UTC, datetime
from typing import Any

from cockpit.providers.decoding import number_in
from cockpit.scan.sentiment import Opinion, mean_opinion

_NEUTRAL = 0.15


def opinion_in(body: Any, symbol: str, source: str) -> tuple[Opinion, int] | None:
    """The opinion, and how many articles were unusable; None where the body is of another shape.

    The vendor calls a score between -0.15 and 0.15 neutral: such an article takes no side. Others weigh by their
    relevance to the symbol.
    """
    feed = body.get("feed") if isinstance(body, dict) else None
    if not isinstance(feed, list):
        # No articles: the vendor answers with a count of none, or with nothing at all.
        empty = body == {} or (isinstance(body, dict) and str(body.get("items")) == "0")
        return (mean_opinion(source, (), 0, None, "scored by the vendor"), 0) if empty else None
    sides: list[tuple[float, float]] = []
    times: list[datetime] = []
    dropped = 0
    for article in feed:
        voice = _voice(article, symbol)
        at = _published(article)
        if voice is None or at is None:
            dropped += 1
            continue
        times.append(at)
        score, relevance = voice
        if abs(score) >= _NEUTRAL and relevance > 0:
            sides.append((max(-1.0, min(1.0, score)), min(relevance, 1.0)))
    return mean_opinion(source, sides, len(times), max(times, default=None), "scored by the vendor"), dropped


def _voice(article: Any, symbol: str) -> tuple[float, float] | None:
    """Score and relevance of an article for the symbol; the vendor sends both as strings."""
    tickers = article.get("ticker_sentiment") if isinstance(article, dict) else None
    for one in tickers if isinstance(tickers, list) else ():
        if isinstance(one, dict) and one.get("ticker") == symbol:
            score, relevance = number_in(one.get("ticker_sentiment_score")), number_in(one.get("relevance_score"))
            return None if score is None or relevance is None else (score, relevance)
    return None


def _published(article: Any) -> datetime | None:
    """``20261124T153000``, UTC."""
    text = article.get("time_published") if isinstance(article, dict) else None
    if not isinstance(text, str) or len(text) != 15:
        return None
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
