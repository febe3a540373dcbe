"""Words for limits that the screen and the command line share."""

_SPANS = {1.0: "a second", 60.0: "a minute", 3600.0: "an hour", 86_400.0: "a day"}
_HOUR = 3600


def span_words(seconds: float) -> str:
    """``a minute``; ``in 10 s`` for a span without a name."""
    return _SPANS.get(seconds, f"in {seconds:g} s")


def reset_clock(seconds: float) -> str:
    """Time left as a clock: ``00:38``, ``59:59``, and from an hour on ``9h05``; never below zero."""
    left = max(0, int(seconds + 0.999))  # it reads 00:00 only when nothing is left
    if left < _HOUR:
        return f"{left // 60:02d}:{left % 60:02d}"
    return f"{left // _HOUR}h{left // 60 % 60:02d}"
