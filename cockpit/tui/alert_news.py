"""Which alerts are to pop up: those that fire while the screen looks on, a few at once, a burst as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.board import Board
    from cockpit.health.alert import Alert

AT_ONCE = 3
"""Most alerts that are told one by one within :data:`SPAN`."""
SPAN = 5.0
"""Seconds for which a notice stands on the screen."""


class AlertNews:
    """Watches the board of alerts. What was on it from the start is no news."""

    def __init__(self, board: Board[str, Alert]) -> None:
        self._board = board
        self._cursor = board.cursor()
        self._known: dict[str, tuple[int, datetime]] = {}
        self._waiting: list[Alert] = []
        self._told: list[float] = []
        self._look()

    def fired(self) -> list[Alert]:
        """Those that have fired since the last look."""
        found = self._look()
        self._waiting.extend(found)
        return found

    def notices(self, now: float) -> list[str]:
        """What to show now, in sentences, of all that has fired.

        Args:
            now: monotonic seconds.
        """
        self._told = [at for at in self._told if now - at < SPAN]
        room = AT_ONCE - len(self._told)
        if not self._waiting or room <= 0:
            return []
        one_by_one = len(self._waiting) <= room
        found = [alert.sentence for alert in self._waiting] if one_by_one else [_burst(self._waiting)]
        self._waiting = []
        self._told.extend([now] * len(found))
        return found

    def _look(self) -> list[Alert]:
        found = []
        for key in self._cursor.drain():
            alert = self._board.get(key)
            if alert is None:
                self._known.pop(key, None)
                continue
            mark = (alert.count, alert.at)
            if self._known.get(key) != mark:
                self._known[key] = mark
                found.append(alert)
        return sorted(found, key=lambda alert: (alert.at, alert.rule, alert.subject))


def _burst(alerts: list[Alert]) -> str:
    named = "\n".join(alert.sentence for alert in alerts[:AT_ONCE])
    return f"{len(alerts)} alerts\n{named}" + (f"\nand {len(alerts) - AT_ONCE} more" if len(alerts) > AT_ONCE else "")
