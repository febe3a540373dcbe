"""The settings in force, and what becomes of them when others are written while the session runs.

New settings are taken whole or not at all. Those that a running session can follow are in force at once; the rest, such
as where the data is, wait for the next start.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from cockpit.board import Board
from cockpit.errors import ConfigurationError
from cockpit.settings import Settings, UiSettings

log = logging.getLogger(__name__)

Section = TypeVar("Section", bound=BaseModel)

_VENDORS = ("tradier", "alpha_vantage", "stocktwits", "reddit", "binance")
_CACHE = ("entries", "megabytes", "early_share", "not_found_seconds")
_TIMES_TO_LIVE = ("quotes", "chain", "expirations", "history", "calendar", "reports")
FOLLOWED = frozenset(
    {
        *("scan", "spreads", "scoring", "sizing", "strategies", "alerts", "keymap"),
        *("ui.theme", "ui.hz", "ui.stale_seconds", "ui.chart"),
        *(f"providers.{vendor}.{name}" for vendor in _VENDORS for name in ("limits", "timeout")),
        *(f"cache.{name}" for name in _CACHE),
        *(f"cache.{kind}_seconds" for kind in _TIMES_TO_LIVE),
        *("portfolio.fill_model", "portfolio.commission", "portfolio.max_quote_age"),
        *("sentiment.names", "sentiment.keep_seconds"),
        *("ticks.batch_rows", "ticks.batch_seconds", "ticks.idle_seconds"),
        *("ticks.keep_days", "ticks.keep_kline_days", "ticks.disk_share"),
    }
)
"""Settings, and whole sections of them, that a running session follows."""

NEWS = "settings"
"""The one key of the board of news."""

_NAMED = 6


@dataclass(frozen=True, slots=True)
class SettingsNews:
    """What became of the last change, for the screen.

    Attributes:
        number: counts the changes of this session, from 1.
        sentence: what is in force now, or why nothing is; empty where nobody needs to be told.
        refused: the files as they are cannot be used; the settings before them stay in force.
        ui: how the screen is to look.
        keymap: keys by action.
    """

    number: int
    sentence: str
    refused: bool
    ui: UiSettings
    keymap: Mapping[str, str]


class LiveSettings:
    """Holds the settings in force and tells the services of new ones.

    Args:
        settings: those that the session began with.
        board: where the screen finds what became of a change, under the key ``settings``.
    """

    def __init__(self, settings: Settings, board: Board[str, SettingsNews]) -> None:
        self.in_force = settings
        self._board = board
        self._checks: list[Callable[[Settings], object]] = []
        self._followers: list[Callable[[Settings, Settings], None]] = []
        self._waiting: list[str] = []
        self._refused = False
        self._number = 0

    def require(self, check: Callable[[Settings], object]) -> None:
        """Ask this before new settings are taken; a ConfigurationError that it raises refuses them."""
        self._checks.append(check)

    def follow(self, follower: Callable[[Settings, Settings], None]) -> None:
        """Call with the settings in force before and now, whenever a part of them changes that can be followed."""
        self._followers.append(follower)

    def offer(self, settings: Settings, also: str = "") -> None:
        """Take new settings, whole.

        Args:
            settings: valid ones.
            also: what else has changed with them, such as a theme's file; told like a setting.

        Raises:
            ConfigurationError: a check refuses them; those before stay in force.
        """
        for check in self._checks:
            check(settings)
        before, now = self.in_force, followed(self.in_force, settings)
        changed = [*different(before, now), *([also] if also else [])]
        waiting = list(different(now, settings))
        self.in_force = now
        if now != before:
            for follower in self._followers:
                follower(before, now)
        parts = [f"settings applied: {_listed(changed)}"] if changed else []
        if waiting and (changed or waiting != self._waiting):
            parts.append(f"takes effect at the next start: {_listed(waiting)}")
        if not parts and (self._refused or self._waiting != waiting):
            parts.append("the settings are in order again, as they were")
        self._waiting = waiting
        self._tell("; ".join(parts), refused=False)

    def refuse(self, error: ConfigurationError) -> None:
        """Tell that what is written now cannot be used."""
        self._tell(f"settings refused, those before stay in force: {error}", refused=True)

    def _tell(self, sentence: str, *, refused: bool) -> None:
        self._refused = refused
        self._number += 1
        if sentence:
            log.log(logging.WARNING if refused else logging.INFO, "%s", sentence)
        ui, keymap = self.in_force.ui, self.in_force.keymap
        self._board.put(NEWS, SettingsNews(self._number, sentence, refused, ui, keymap))


def followed(before: Section, written: Section, prefix: str = "") -> Section:
    """The settings in force once ``written`` is taken: what cannot be followed stays as it was before."""
    update: dict[str, Any] = {}
    for name in type(before).model_fields:
        key = f"{prefix}{name}"
        old, new = getattr(before, name), getattr(written, name)
        if key in FOLLOWED:
            update[name] = new
        elif isinstance(old, BaseModel):
            update[name] = followed(old, new, f"{key}.")
    return before.model_copy(update=update)


def different(one: BaseModel, other: BaseModel, prefix: str = "") -> Iterator[str]:
    """Dotted keys of the settings in which the two differ."""
    for name in type(one).model_fields:
        left, right = getattr(one, name), getattr(other, name)
        if left == right:
            continue
        if isinstance(left, BaseModel) and isinstance(right, BaseModel):
            yield from different(left, right, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _listed(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    return f"{', '.join(keys[:_NAMED])}{more}"
