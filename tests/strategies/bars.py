"""Bars and files of strategies for tests."""

from decimal import Decimal
from pathlib import Path
from textwrap import dedent, indent

from cockpit.ticks.bars import MINUTE_MS, Bar

START_MS = 1_767_225_600_000


def bar(number: int, close: float | str = 100, *, length_ms: int = MINUTE_MS, symbol: str = "BTCUSDT") -> Bar:
    """A bar, so many after the first, at one price."""
    price, one = Decimal(str(close)), Decimal(1)
    open_ms = START_MS + number * length_ms
    return Bar(symbol, open_ms, open_ms + length_ms - 1, price, price, price, price, one, price, 1, one)


def strategy_file(folder: Path, on_bar: str, *, name: str = "mine", top: str = "", body: str = "") -> Path:
    """A user's strategy with this code in ``on_bar``, in its class and at the top of its file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.py"
    file.write_text(
        "from cockpit.strategies.api import Bar, Signal, Strategy\n"
        f"{dedent(top)}\n\n"
        "class Mine(Strategy):\n"
        f"{indent(dedent(body), '    ')}\n"
        "    def on_bar(self, bar):\n"
        f"{indent(dedent(on_bar), '        ')}\n"
    )
    return file
