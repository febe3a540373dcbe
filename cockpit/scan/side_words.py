"""Which side a post takes, by the words of traders: for sources whose authors do not tag their posts."""

import re

_WORD = re.compile(r"[a-z']+")
_BULLISH = frozenset(
    [
        "bull",
        "bullish",
        "buy",
        "calls",
        "call",
        "long",
        "longs",
        "moon",
        "mooning",
        "rocket",
        "breakout",
        "beat",
        "beats",
        "beating",
        "upgrade",
        "upgraded",
        "undervalued",
        "rally",
        "rallying",
        "green",
        "rip",
        "ripping",
        "squeeze",
        "dip",
        "accumulate",
        "strong",
        "outperform",
        "upside",
    ]
)
_BEARISH = frozenset(
    [
        "bear",
        "bearish",
        "sell",
        "selling",
        "puts",
        "put",
        "short",
        "shorts",
        "shorting",
        "crash",
        "crashing",
        "dump",
        "dumping",
        "miss",
        "misses",
        "missed",
        "downgrade",
        "downgraded",
        "overvalued",
        "tank",
        "tanking",
        "red",
        "drill",
        "drilling",
        "bagholder",
        "weak",
        "underperform",
        "downside",
        "bubble",
    ]
)
_TURNING = frozenset(
    ["not", "no", "never", "isn't", "aren't", "don't", "doesn't", "won't", "can't", "ain't", "without"]
)


def side_of(text: str) -> float | None:
    """-1 to +1 by the balance of bullish and bearish words; None where there are none or they balance.

    A word right after a negation counts for the other side ("not bullish").
    """
    balance = total = 0
    turned = False
    for word in _WORD.findall(text.lower().replace("\u2019", "'")):
        side = (word in _BULLISH) - (word in _BEARISH)
        if side:
            balance += -side if turned else side
            total += 1
        turned = word in _TURNING
    return balance / total if balance else None
