"""The pure part of the portfolio stays pure, and a book that does not follow from its fills is found out."""

import subprocess
import sys
from decimal import Decimal

from cockpit.portfolio.book import Book, disagreement
from cockpit.portfolio.ledger import Fill

PURE = ("book", "fills", "ledger", "margin", "marks", "position", "refusals", "settlement", "tickets")


def test_the_arithmetic_loads_no_input_and_no_output() -> None:
    program = "\n".join(f"import cockpit.portfolio.{name}" for name in PURE)
    program += "\nimport sys\nprint(*{'asyncio', 'sqlite3', 'aiosqlite', 'aiohttp'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == ""


def test_fills_that_say_something_else_are_named() -> None:
    hundred = Decimal(100)
    book = Book(Decimal(1000))
    there = Fill("P1:X", Decimal(-1), Decimal(1), multiplier=hundred)
    back = Fill("P1:X", Decimal(1), Decimal(1), multiplier=hundred)
    assert disagreement(book, []) is None
    assert disagreement(book, [there, back]) is None
    assert disagreement(book, [there]) == "the fills leave 1,100.00 in cash, the positions 1,000.00"
    nothing = Fill("P1:X", Decimal(-1), Decimal(0), multiplier=hundred)
    assert disagreement(book, [nothing]) == "the fills hold -1 of P1:X, the positions 0"
