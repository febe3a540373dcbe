"""What the embedded market's people write about a name: how many they are, which side they take, and when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cockpit.emulator.rng import draws

_BULL = (
    "Loading up on {name} calls before the print",
    "{name} looks undervalued here, adding to my longs",
    "{name} breakout incoming, this one will rip & run",
    "Strong quarter for {name}, expecting a beat",
)
_BEAR = (
    "Bought {name} puts, guidance will miss",
    "{name} is overvalued, selling into strength",
    "Short {name} here, looks weak",
    "{name} about to dump, downside ahead",
)
_PLAIN = (
    "What is everyone expecting from {name} this week?",
    "{name} implied move looks wide to me",
    "Anyone listening to the {name} call tonight?",
    "{name} earnings thread",
)
_QUIETEST, _LOUDEST = 3, 60


@dataclass(frozen=True, slots=True)
class Voice:
    """One post: its number within the name's day, and its side (+1, -1, or 0 for none)."""

    number: int
    at: datetime
    text: str
    side: int


def voices(seed: int, symbol: str, now: datetime, source: str) -> Iterator[Voice]:
    """Posts about a name, newest first, as they stand at a moment; the same for the same seed, name and moment.

    Each day of a name has its own mood and loudness; posts fall at fixed times within it, so that a later moment sees
    the earlier posts again, and newer ones before them.
    """
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for back in range(2):
        start = day - timedelta(days=back)
        random = draws(seed, "opinions", source, symbol, start.date())
        mood = random.uniform(-0.8, 0.8)
        count = random.randint(_QUIETEST, _LOUDEST)
        seconds = sorted((random.randrange(86_400) for _ in range(count)), reverse=True)
        for number, second in enumerate(seconds):
            tagged = random.random() < 0.45
            side = 0 if not tagged else 1 if random.random() < 0.5 + mood / 2 else -1
            text = random.choice((_PLAIN, _BULL, _BEAR)[side]).format(name=f"${symbol}")
            at = start + timedelta(seconds=second)
            if at <= now:
                yield Voice(count - number, at, text, side)
