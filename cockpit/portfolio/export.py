"""Every fill of the book as rows of text, for spreadsheets and for other programs."""

from collections.abc import Iterable

from cockpit.options.contract import parse_occ_symbol
from cockpit.portfolio.margin import CONTRACT
from cockpit.storage.portfolio import FillRecord

COLUMNS = (
    *("execution", "order_id", "filled_at", "position", "symbol", "structure", "action"),
    *("option", "expiry", "right", "strike", "quantity", "price", "fee", "cash", "fill_model", "note"),
)
"""Names of a row's values, in order."""


def fill_rows(records: Iterable[FillRecord]) -> list[dict[str, str]]:
    """One row a fill, keyed by :data:`COLUMNS`.

    Prices are dollars per share, ``quantity`` is signed contracts, ``cash`` the dollars that the fill brought in
    (negative: took) after its fee, times are ISO 8601 in UTC. What does not apply is empty.
    """
    return [_row(record) for record in records]


def _row(record: FillRecord) -> dict[str, str]:
    contract = parse_occ_symbol(record.option)
    cash = -record.quantity * record.price * CONTRACT - record.fee
    return {
        "execution": str(record.execution),
        "order_id": record.order_id,
        "filled_at": record.filled_at.isoformat(),
        "position": record.position_id,
        "symbol": record.symbol,
        "structure": record.kind.value,
        "action": record.action,
        "option": record.option,
        "expiry": contract[1].isoformat() if contract else "",
        "right": contract[2].value if contract else "",
        "strike": f"{contract[3]:g}" if contract else "",
        "quantity": str(record.quantity),
        "price": str(record.price),
        "fee": str(record.fee),
        "cash": str(cash),
        "fill_model": record.fill_model or "",
        "note": record.note or "",
    }
