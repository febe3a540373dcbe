"""Flattens by hand what a strategy holds that runs no more."""

from datetime import datetime

from cockpit.errors import UsageError
from cockpit.storage.strategies import StoredRun, StrategyRows
from cockpit.strategies.journal import held_after
from cockpit.strategies.paper import fills_at
from cockpit.strategies.terms import Terms
from cockpit.ticks.quote import BookTop


async def flatten(rows: StrategyRows, run: StoredRun, top: BookTop, terms: Terms, at: datetime) -> str:
    """Fill at the touch, with the fee, what brings the position to nothing, and end the run; what came of it, in words.

    Raises:
        UsageError: it holds nothing, or has been ended meanwhile.
        StorageError: nothing can be written now.
    """
    holding = held_after(run.fills)
    fills = fills_at(top, terms, holding, 0.0)
    if not fills:
        raise UsageError(f"{run.label} holds nothing")
    flat = held_after(fills, holding)
    (fill,) = fills
    traded = f"{'bought' if fill.quantity > 0 else 'sold'} {abs(fill.quantity).normalize():f} at {fill.price:,f}"
    sentence = f"flattened by hand: {traded}, fee {fill.fee:,.2f}; it made {flat.realised - flat.fees:+,.2f} after fees"
    if not await rows.flatten(run, fill, sentence, at):
        raise UsageError(f"{run.label} has been ended meanwhile")
    return f"{run.label} {sentence}"
