"""All boards of a session: the only thing that a screen reads."""

from dataclasses import dataclass, field

from cockpit.board import Board
from cockpit.health.alert import Alert
from cockpit.health.status import HealthRow
from cockpit.live_settings import SettingsNews
from cockpit.portfolio.position import Account, Position
from cockpit.scan.candidate import Candidate, ScanProgress
from cockpit.spreads.structure import Spread
from cockpit.strategies.standing import Standing
from cockpit.ticks.playback import Playback
from cockpit.ticks.quote import Ticker


@dataclass(frozen=True, slots=True)
class Boards:
    """One board a pane, by the pane's own key.

    Attributes:
        ticks: by exchange symbol.
        candidates: by ticker.
        spreads: by ticker, best first.
        positions: by position id.
        account: the one key ``account``.
        replay: the one key ``replay``; empty where nothing is replayed.
        scan: the one key ``scan``.
        health: by part: ``feed``, ``provider:NAME``, ``storage``, ``process``, ``task:NAME``,
            ``strategy:LABEL``.
        strategies: by label, ``sma_cross BTCUSDT 1m``.
        alerts: those whose condition holds, by rule and row.
        settings: what became of the last change of the settings, by the one key ``settings``.
    """

    ticks: Board[str, Ticker] = field(default_factory=Board)
    candidates: Board[str, Candidate] = field(default_factory=Board)
    spreads: Board[str, tuple[Spread, ...]] = field(default_factory=Board)
    positions: Board[str, Position] = field(default_factory=Board)
    account: Board[str, Account] = field(default_factory=Board)
    replay: Board[str, Playback] = field(default_factory=Board)
    scan: Board[str, ScanProgress] = field(default_factory=Board)
    health: Board[str, HealthRow] = field(default_factory=Board)
    strategies: Board[str, Standing] = field(default_factory=Board)
    alerts: Board[str, Alert] = field(default_factory=Board)
    settings: Board[str, SettingsNews] = field(default_factory=Board)
