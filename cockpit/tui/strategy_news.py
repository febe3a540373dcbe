"""What users must be told of strategies at once: that one was stopped or refused. What they trade is no news."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.board import Board
    from cockpit.strategies.standing import Standing


class StrategyNews:
    """Watches the board of strategies. What was on it from the start is no news."""

    def __init__(self, board: Board[str, Standing]) -> None:
        self._board = board
        self._cursor = board.cursor()
        self._told: dict[str, int] = {label: standing.told for label, standing in board.items()}

    def notices(self) -> list[str]:
        """What to show now, in sentences."""
        found = []
        for label in sorted(self._cursor.drain()):
            standing = self._board.get(label)
            if standing is None:
                self._told.pop(label, None)
            elif standing.told > self._told.get(label, 0):
                self._told[label] = standing.told
                found.append(f"{label} {standing.message}")
        return found
