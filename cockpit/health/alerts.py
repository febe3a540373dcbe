"""Alerts: rules on anything that has a number, each fired once, armed again when its condition has ended.

A rule looks at every row of one kind (``vrp>1.8 and oi>200`` at each candidate), at named rows (``spot(NVDA)>200``) or
at single figures (``feed_age>30``). What is missing neither fires a rule nor arms it again.
"""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cockpit.board import Board
from cockpit.clock import Clock
from cockpit.errors import CockpitError, ConfigurationError
from cockpit.filtering import Condition, Field, FilterError, parse_condition
from cockpit.health.alert import Alert
from cockpit.health.alert_rows import AlertRows, AlertTable
from cockpit.health.status import AlertStatus

log = logging.getLogger(__name__)

_PERIOD = 1.0
_PRICE_SECONDS = 15.0
_ALONE = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition that was read, and the rows that it is asked of; ``table`` is None where it names its rows itself."""

    name: str
    text: str
    condition: Condition[Any]
    table: AlertTable | None

    @property
    def prices(self) -> Iterator[str]:
        """Tickers whose price it asks for by name."""
        return (row for name, row in self.condition.named if name == "spot")


def read_rules(texts: Mapping[str, str], rows: AlertRows) -> list[Rule]:
    """Read all rules; an empty one is switched off.

    Raises:
        ConfigurationError: one cannot be read; the sentence names the rule and what is wrong with it.
    """
    return [_read(name, text, rows) for name, text in texts.items() if text.strip()]


def _read(name: str, text: str, rows: AlertRows) -> Rule:
    named = rows.named()
    everything: dict[str, Field[Any]] = dict(rows.single)
    for table in rows.tables:
        for known in table.fields.values():
            everything.setdefault(known.name, known)
    try:
        used = parse_condition(text, everything, named).fields - rows.single.keys()
        home = _table_of(used, rows.tables) if used else None
        return Rule(name, text, parse_condition(text, {**rows.single, **(home.fields if home else {})}, named), home)
    except FilterError as error:
        raise ConfigurationError(f'alerts.rules."{name}" cannot be read: {error}; it reads {text!r}') from None


def _table_of(used: frozenset[str], tables: Sequence[AlertTable]) -> AlertTable:
    found = next((table for table in tables if used <= table.fields.keys()), None)
    if found is not None:
        return found
    homes = {word: next(table.name for table in tables if word in table.fields) for word in sorted(used)}
    told = ", ".join(f"{word} of {home}" for word, home in homes.items())
    raise FilterError(f"a rule looks at one kind of row, this one asks for {told}; name a row as in spot(NVDA)", 0)


@dataclass(slots=True)
class _Watch:
    armed: bool = True
    fired_at: float = -math.inf
    count: int = 0


@dataclass(slots=True)
class Alerts:
    """Asks every rule once a second and tells of those that fire.

    Args:
        rows: what there is to look at.
        board: holds the alerts whose condition still holds, by rule and row.
        tell: called once for each alert that fires; must not wait.
        quotes: dollars by ticker for names that rules give; None where there is nobody to ask.
        bell: whether those that fire are to be heard, too.
    """

    clock: Clock
    rows: AlertRows
    rules: Sequence[Rule]
    board: Board[str, Alert]
    cooldown_seconds: float
    tell: Callable[[Alert], None]
    quotes: Callable[[Sequence[str]], Awaitable[Mapping[str, float]]] | None = None
    bell: bool = True
    _watches: dict[tuple[str, str], _Watch] = field(default_factory=dict, init=False)
    _fired: Counter[str] = field(default_factory=Counter, init=False)

    async def run(self) -> None:
        """Look for ever."""
        priced_at = -math.inf
        while True:
            wanted = sorted({name for rule in self.rules for name in rule.prices})
            if wanted and self.quotes is not None and self.clock.monotonic() - priced_at >= _PRICE_SECONDS:
                priced_at = self.clock.monotonic()
                await self._price(self.quotes, wanted)
            self.look()
            await asyncio.sleep(_PERIOD)

    def reconfigure(self, rules: Sequence[Rule], cooldown_seconds: float) -> None:
        """Take other rules from now on. One that reads as before remembers what it has told; any other begins anew."""
        kept = {(rule.name, rule.text) for rule in self.rules} & {(rule.name, rule.text) for rule in rules}
        names = {name for name, _ in kept}
        for watched in [watched for watched in self._watches if watched[0] not in names]:
            self.board.remove(_key(*watched))
            del self._watches[watched]
        self._fired = Counter({name: count for name, count in self._fired.items() if name in names})
        self.rules, self.cooldown_seconds = rules, cooldown_seconds

    def holding(self) -> list[Alert]:
        """What holds now, told to nobody and noted nowhere."""
        now = self.clock.now()
        return [
            Alert(rule.name, subject, _sentence(rule, subject, row, self.rows), now)
            for rule in self.rules
            for subject, row in _asked(rule)
            if rule.condition.verdict(row)
        ]

    def statuses(self, holding: Iterable[Alert]) -> tuple[AlertStatus, ...]:
        """Every rule, given the alerts whose condition holds."""
        now = self.clock.monotonic()
        firing = Counter(alert.rule for alert in holding)
        busy = firing.keys() | {
            rule
            for (rule, _), watch in self._watches.items()
            if not watch.armed or now - watch.fired_at < self.cooldown_seconds
        }
        return tuple(
            AlertStatus(rule.name, rule.name not in busy, firing[rule.name], self._fired[rule.name])
            for rule in self.rules
        )

    def look(self) -> None:
        """Ask every rule now."""
        now = self.clock.monotonic()
        seen: set[tuple[str, str]] = set()
        for rule in self.rules:
            for subject, row in _asked(rule):
                seen.add((rule.name, subject))
                self._judge(rule, subject, row, now)
        for gone in self._watches.keys() - seen:
            self.board.remove(_key(*gone))
            # A row may come back with the next scan: what it has told lately is not told again.
            if now - self._watches[gone].fired_at >= self.cooldown_seconds:
                del self._watches[gone]

    def _judge(self, rule: Rule, subject: str, row: Any, now: float) -> None:
        verdict = rule.condition.verdict(row)
        if verdict is None:
            return
        watch = self._watches.setdefault((rule.name, subject), _Watch())
        if not verdict:
            watch.armed = True
            self.board.remove(_key(rule.name, subject))
        elif watch.armed and now - watch.fired_at >= self.cooldown_seconds:
            watch.armed, watch.fired_at, watch.count = False, now, watch.count + 1
            self._fired[rule.name] += 1
            sentence = _sentence(rule, subject, row, self.rows)
            alert = Alert(rule.name, subject, sentence, self.clock.now(), watch.count, self.bell)
            self.board.put(_key(rule.name, subject), alert)
            log.warning("alert: %s", alert.sentence)
            self.tell(alert)

    async def _price(
        self, quotes: Callable[[Sequence[str]], Awaitable[Mapping[str, float]]], wanted: Sequence[str]
    ) -> None:
        try:
            self.rows.prices.update(await quotes(wanted))
        except CockpitError as error:
            self.rows.prices.clear()
            log.warning("prices for the alerts: %s", error)


def _asked(rule: Rule) -> Iterable[tuple[str, Any]]:
    return ((_ALONE, None),) if rule.table is None else list(rule.table.rows())


def _key(rule: str, subject: str) -> str:
    return f"{rule}\0{subject}"


def _sentence(rule: Rule, subject: str, row: Any, rows: AlertRows) -> str:
    """``rich: NVDA has vrp 1.92, oi 312 (vrp>1.8 and oi>200)``."""
    fields = {**rows.single, **(rule.table.fields if rule.table else {})}
    named = rows.named()
    figures = [f"{name} {_figure(fields[name].get(row))}" for name in sorted(rule.condition.fields)]
    figures += [f"{name}({of}) {_figure(named[name].get(of))}" for name, of in sorted(rule.condition.named)]
    about = f"{subject} has " if subject else ""
    return f"{rule.name}: {about}{', '.join(figures)} ({rule.text})"


def _figure(value: object) -> str:
    return "?" if value is None else f"{value:,.6g}" if isinstance(value, float) else str(value)
