"""All strategies at work in a session: started and ended as the settings say, renewed when their files change."""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from cockpit.board import Board
from cockpit.clock import Clock
from cockpit.errors import UsageError
from cockpit.health.status import HealthRow, State, StrategyStatus
from cockpit.settings import StrategySettings
from cockpit.storage.database import Database
from cockpit.storage.strategies import AuditEntry, Event, StoredRun, StrategyRows
from cockpit.strategies.deciding import rules_of
from cockpit.strategies.flatten import flatten
from cockpit.strategies.journal import as_left, held_after
from cockpit.strategies.roster import Entry
from cockpit.strategies.standing import Standing
from cockpit.strategies.stored_bars import Patience
from cockpit.strategies.tap import Taps
from cockpit.strategies.terms import Terms
from cockpit.strategies.work import StrategyAtWork
from cockpit.ticks.quote import BookTop, Ticker

_END_SECONDS = 5.0
_PLACES = Decimal("1e-8")


class StrategyRunner:
    """Keeps a task for every line of the roster.

    Args:
        taps: of the stream.
        database: of bars, signals and fills.
        clock: for times.
        standings: the board that shows how each stands, by label.
        health: the board of parts, with a row ``strategy:LABEL`` for each.
        ticks: where marks come from, by symbol.
        settings: stake, fee and limits.
        roster: what is to run, checked; None where nothing is to, and all is to be shown.
        resumes: False where every session begins anew, as that of a recording does.
        patience: how long a strategy waits for what.
        touch: the bid and ask of a symbol for :meth:`flatten`; None to wait for the next of the stream.
        publish_seconds: between two looks at how each stands.
        look_seconds: between two looks at the files.
    """

    def __init__(
        self,
        *,
        taps: Taps,
        database: Database,
        clock: Clock,
        standings: Board[str, Standing],
        health: Board[str, HealthRow],
        ticks: Board[str, Ticker],
        settings: StrategySettings,
        roster: tuple[Entry, ...] | None,
        resumes: bool = True,
        patience: Patience | None = None,
        touch: Callable[[str], Awaitable[BookTop]] | None = None,
        publish_seconds: float = 0.5,
        look_seconds: float = 0.25,
    ) -> None:
        self._taps = taps
        self._database = database
        self._rows = StrategyRows(database)
        self._clock = clock
        self._standings = standings
        self._health = health
        self._ticks = ticks
        self._settings = settings
        self._roster = roster or ()
        self._shows_all = roster is None
        self._resumes = resumes
        self._patience = patience or Patience()
        self._touch = touch or self._next_touch
        self._publish_seconds = publish_seconds
        self._look_seconds = look_seconds
        self._work: dict[str, tuple[StrategyAtWork, asyncio.Task[None]]] = {}
        self._changed = asyncio.Event()

    async def load(self) -> None:
        """Show how every run was left, for a session that runs none itself, or none yet."""
        labels = {entry.label for entry in self._roster}
        for run in await self._rows.runs():
            flat = not sum(fill.quantity for fill in run.fills)
            if flat and run.label not in labels and not self._shows_all:
                continue
            standing = Standing(run.label, run.strategy, run.symbol, run.timeframe, state=State.OFF)
            last = next(iter(await self._rows.audits(run.label, 1)), None)
            failed = last is not None and last.event in (Event.STOPPED, Event.REFUSED)
            message = f"{last.event.value}: {last.sentence}" if last is not None and failed else ""
            left = as_left(replace(standing, message=message), run)
            self._put(left if run.label in labels or self._shows_all else _no_longer_run(left))

    def reconfigure(self, settings: StrategySettings, roster: tuple[Entry, ...]) -> None:
        """Run this roster from now on."""
        self._settings, self._roster = settings, roster
        self._changed.set()

    def restart(self, symbol: str) -> str:
        """Start the stopped strategies of a symbol again; a sentence that names them.

        Raises:
            UsageError: there is none.
        """
        of_symbol = [work for work, _ in self._work.values() if work.entry.symbol == symbol]
        stopped = [work for work in of_symbol if work.standing.state is State.DOWN]
        for work in stopped:
            work.renew()
        if stopped:
            return f"starting {', '.join(work.entry.label for work in stopped)} again"
        there = "is stopped" if of_symbol else "runs; strategies.run in the settings names them"
        raise UsageError(f"no strategy of {symbol or 'this row'} {there}")

    async def flatten(self, symbol: str, strategy: str = "") -> str:
        """Flatten at the touch what strategies of a symbol hold that are not at work; a sentence for each.

        Args:
            symbol: of the exchange.
            strategy: only this one; empty for all.

        Raises:
            UsageError: none holds anything, or all that do are at work.
            ProviderError: no bid and ask came.
            StorageError: nothing can be written now.
        """
        holding = [
            run
            for run in await self._rows.runs()
            if run.symbol == symbol and strategy in ("", run.strategy) and held_after(run.fills).quantity
        ]
        if not holding:
            raise UsageError(f"no strategy{f' {strategy}' if strategy else ''} of {symbol} holds anything")
        idle = [run for run in holding if run.label not in self._work]
        if not idle:
            labels = ", ".join(run.label for run in holding)
            raise UsageError(f"{labels} would go on trading: take it out of strategies.run, and then flatten it")
        top = await self._touch(symbol)
        return "; ".join([await self._flatten(run, top) for run in idle])

    async def _flatten(self, run: StoredRun, top: BookTop) -> str:
        if run.label in self._work:  # its line came back meanwhile
            return f"{run.label} runs again and keeps what it holds"
        sentence = await flatten(self._rows, run, top, self._terms, self._clock.now())
        self._standings.remove(run.label)
        self._health.remove(_key(run.label))
        return sentence

    async def run(self) -> None:
        """Keep the roster at work until cancelled."""
        if self._database.read_only:
            return
        if not self._resumes:
            await self._rows.end_runs(self._clock.now())
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._publish())
                group.create_task(self._watch_files())
                while True:
                    self._changed.clear()
                    await self._keep_roster(group)
                    await self._changed.wait()
        finally:
            self._work.clear()

    @property
    def _terms(self) -> Terms:
        return Terms(Decimal(repr(self._settings.stake)), Decimal(repr(self._settings.fee_bp)))

    async def _keep_roster(self, group: asyncio.TaskGroup) -> None:
        wanted = {entry.label: entry for entry in self._roster}
        for label in [label for label in self._work if label not in wanted]:
            await self._end(label)
        terms, rules = self._terms, rules_of(self._settings)
        for label, (work, _) in self._work.items():
            work.reconfigure(wanted.pop(label), terms, rules)
        left = {run.label: run for run in await self._rows.runs()} if wanted else {}
        for label, entry in wanted.items():
            work = StrategyAtWork(
                entry,
                tap=self._taps.of(entry.symbol),
                rows=self._rows,
                database=self._database,
                clock=self._clock,
                terms=terms,
                rules=rules,
                left=left.get(label),
                resumes=self._resumes,
                patience=self._patience,
            )
            self._show(work)
            self._work[label] = work, group.create_task(work.run(), name=f"cockpit:strategy {label}")

    async def _end(self, label: str) -> None:
        """Take one out of the roster; what it holds stays, and it goes on from there when it comes back."""
        work, task = self._work.pop(label)
        task.cancel()
        await asyncio.wait({task}, timeout=_END_SECONDS)
        await self._rows.audit(AuditEntry(self._clock.now(), label, Event.ENDED, "taken out of strategies.run"))
        self._health.remove(_key(label))
        self._standings.remove(label)
        if work.holding.quantity:
            self._standings.put(label, _no_longer_run(work.standing))

    async def _next_touch(self, symbol: str) -> BookTop:
        """The next bid and ask of the stream."""
        top = await self._taps.of(symbol).next_book(self._patience.quote)
        if top is None:
            raise UsageError(f"no bid and ask of {symbol} came within {self._patience.quote:.0f} s; nothing was traded")
        return top

    # --- what is shown --------------------------------------------------------------------------------------------

    async def _publish(self) -> None:
        while True:
            for work, _ in self._work.values():
                self._show(work)
            await asyncio.sleep(self._publish_seconds)

    def _show(self, work: StrategyAtWork) -> None:
        mark = _mark(self._ticks.get(work.entry.symbol))
        unrealised = None if mark is None else work.holding.unrealised(mark).quantize(_PLACES)
        if not work.holding.quantity:
            unrealised = Decimal(0)
        self._put(replace(work.standing, mark=mark, unrealised=unrealised), work)

    def _put(self, standing: Standing, work: StrategyAtWork | None = None) -> None:
        self._standings.put(standing.label, standing)
        p95 = work.answers.p95 if work is not None else None
        self._health.put(
            _key(standing.label),
            StrategyStatus(
                name=standing.label,
                state=standing.state,
                message=standing.message,
                heard=standing.heard,
                warm_up=standing.warm_up,
                p95_ms=None if p95 is None else round(p95, 2),
                restarts=work.restarts if work is not None else 0,
                rss_bytes=_resident_bytes(work.pid) if work is not None and work.pid is not None else None,
                held=", ".join(work.held) if work is not None else "",
                last_error=work.last_error if work is not None else "",
            ),
        )

    # --- files ----------------------------------------------------------------------------------------------------

    async def _watch_files(self) -> None:
        """Renew a strategy when its file is another one and has stood still for a moment."""
        known = await asyncio.to_thread(self._contents)
        while True:
            await asyncio.sleep(self._look_seconds)
            contents = await asyncio.to_thread(self._contents)
            if contents == known:
                continue
            await asyncio.sleep(self._look_seconds)
            if await asyncio.to_thread(self._contents) != contents:
                continue
            for work, _ in self._work.values():
                file = work.entry.file
                # One that has just joined the roster has been read as it is now.
                if file is not None and file in known and contents.get(file) != known[file]:
                    work.renew()
            known = contents

    def _contents(self) -> dict[Path, bytes]:
        return {file: _digest(file) for file in {entry.file for entry in self._roster} if file is not None}


def _key(label: str) -> str:
    return f"strategy:{label}"


def _no_longer_run(standing: Standing) -> Standing:
    held = f"{abs(standing.quantity).normalize():f} {standing.side}"
    return replace(standing, state=State.OFF, message=f"no longer run, holds {held} until it is flattened")


def _mark(ticker: Ticker | None) -> Decimal | None:
    if ticker is None:
        return None
    if ticker.bid and ticker.ask:
        return (ticker.bid + ticker.ask) / 2
    return ticker.last


def _digest(file: Path) -> bytes:
    """Of what the file holds; empty where it cannot be read."""
    with suppress(OSError), file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
    return b""


def _resident_bytes(pid: int) -> int | None:
    """Of a process, where the system tells it."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
