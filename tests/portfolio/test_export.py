"""The export: every fill, and its cash adds up to the account's."""

from decimal import Decimal
from pathlib import Path

from cockpit.portfolio.export import COLUMNS, fill_rows
from tests.portfolio.market import condor, open_desk


async def test_rows_add_up_to_the_cash(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.broker.open_position(await desk.broker.opening_ticket(condor()), 3)
        await desk.broker.close_position(await desk.broker.closing_ticket("P1"))
        rows = fill_rows(await desk.broker.fills())
        account = desk.boards.account.get("account")
    assert account is not None
    assert len(rows) == 8
    assert all(tuple(row) == COLUMNS for row in rows)
    assert 100_000 + sum(Decimal(row["cash"]) for row in rows) == account.cash
    first = rows[0]
    assert (first["option"], first["right"], first["strike"]) == ("NVDA261127P00128000", "P", "128")
    assert (first["quantity"], first["action"], first["position"]) == ("3", "open", "P1")
    assert len({row["execution"] for row in rows}) == 2
