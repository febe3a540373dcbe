"""A user's first minutes: prices move, a scan fills, a spread is opened, survives a restart and is closed."""

import re

import pytest

from tests.terminal.conftest import Start
from tests.terminal.driver import Terminal

pytestmark = pytest.mark.terminal


def test_it_paints_and_prices_move(start: Start) -> None:
    terminal = start()
    terminal.sees("SIM")
    for pane in ("Ticks", "Candidates", "Spreads", "Portfolio", "Health"):
        terminal.sees(pane)
    terminal.until(lambda: bool(re.search(r"BTCUSDT +[\d,]+\.\d", terminal.text)), "saw a price of BTCUSDT")
    first = terminal.line_with("BTCUSDT")
    terminal.until(lambda: terminal.line_with("BTCUSDT") != first, "saw the price move")


def test_a_position_survives_a_restart_and_can_be_closed(start: Start) -> None:
    terminal = start()
    spread_is_there(terminal)
    terminal.press("3")
    terminal.press("o")
    terminal.sees("confirm")
    terminal.press("enter")
    terminal.loses("confirm")
    terminal.until(lambda: positions(terminal) > 0, "saw a position in the portfolio")
    terminal.press("q")
    assert terminal.ends() == 0

    again = start()
    again.until(lambda: positions(again) > 0, "saw the position after a restart")
    again.press("4")
    again.press("c")
    again.sees("confirm")
    again.press("enter")
    again.loses("confirm")
    again.until(lambda: positions(again) == 0, "saw the position go")
    again.press("q")
    assert again.ends() == 0


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (40, 10)])
def test_small_terminals_are_served(start: Start, columns: int, lines: int) -> None:
    terminal = start(columns=columns, lines=lines)
    terminal.sees("SIM")
    assert "Traceback" not in terminal.text
    terminal.press("q")
    assert terminal.ends() == 0


def test_a_change_of_size_repaints(start: Start) -> None:
    terminal = start(columns=80, lines=24)
    terminal.sees("Portfolio")
    terminal.resize(120, 40)
    terminal.until(lambda: any(line[100:].strip() for line in terminal.screen.display[30:]), "used the new room")
    terminal.resize(40, 10)
    terminal.resize(120, 40)
    terminal.sees("Candidates")
    terminal.press("q")
    assert terminal.ends() == 0


def spread_is_there(terminal: Terminal) -> None:
    """Wait until the scan is over, go to its best name, and wait for the spreads of it."""
    terminal.until(lambda: bool(re.search(r"Candidates.*ago", terminal.text)), "saw a scan end")
    terminal.press("2", "g")
    terminal.until(lambda: bool(re.search(r"P\d[\d.]*/[\d.]+", terminal.text)), "saw the strikes of a spread")


def positions(terminal: Terminal) -> int:
    """How many legs of open positions the portfolio pane shows."""
    return len(re.findall(r"[-+][PC]\d+", terminal.text))
