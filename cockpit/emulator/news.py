"""Alpha Vantage's NEWS_SENTIMENT over the embedded market: articles with a score for each ticker they name."""

import json
from collections.abc import Mapping
from itertools import islice

from cockpit.emulator.clock import EmulatorClock
from cockpit.emulator.market import Market
from cockpit.emulator.opinions import voices
from cockpit.emulator.rng import draws

_LABELS = ((0.35, "Bullish"), (0.15, "Somewhat-Bullish"), (-0.15, "Neutral"), (-0.35, "Somewhat-Bearish"))
_MOST = 50


def news_body(market: Market, clock: EmulatorClock, params: Mapping[str, str]) -> str:
    """The body for ``tickers``, of which the first is looked at; an unknown one has no articles."""
    name = market.name(params.get("tickers", "").split(",")[0].strip().upper())
    text = params.get("limit", "")
    limit = min(_MOST, int(text)) if text.isdecimal() else _MOST
    feed = []
    if name is not None:
        symbol = name.equity.symbol
        for voice in islice(voices(market.seed, symbol, clock.now(), "news"), limit):
            random = draws(market.seed, "news", symbol, voice.at)
            score = round(voice.side * random.uniform(0.15, 0.6) + random.uniform(-0.1, 0.1), 6)
            feed.append(
                {
                    "title": voice.text,
                    "url": f"https://news.example/{symbol.lower()}/{voice.number}",
                    "time_published": f"{voice.at:%Y%m%dT%H%M%S}",
                    "authors": [],
                    "summary": voice.text,
                    "source": "Embedded Wire",
                    "topics": [{"topic": "Earnings", "relevance_score": "0.9"}],
                    "overall_sentiment_score": score,
                    "overall_sentiment_label": _label(score),
                    "ticker_sentiment": [
                        {
                            "ticker": symbol,
                            "relevance_score": f"{random.uniform(0.2, 1.0):.6f}",
                            "ticker_sentiment_score": f"{score:.6f}",
                            "ticker_sentiment_label": _label(score),
                        }
                    ],
                }
            )
    return json.dumps(
        {
            "items": str(len(feed)),
            "sentiment_score_definition": "x <= -0.35: Bearish; -0.35 < x <= -0.15: Somewhat-Bearish; "
            "-0.15 < x < 0.15: Neutral; 0.15 <= x < 0.35: Somewhat_Bullish; x >= 0.35: Bullish",
            "relevance_score_definition": "0 < x <= 1, with a higher score indicating higher relevance.",
            "feed": feed,
        }
    )


def _label(score: float) -> str:
    return next((label for least, label in _LABELS if score >= least), "Bearish")
