"""Configuration files that are half-written, wrong, emptied, renamed and swapped under a session that runs.

``python -m tests.faults config_files --full``: a thousand that must not be used, and a hundred that must. None of the
former may ever be in force, not in part; how long each of the latter takes is told.
"""

import asyncio
import itertools
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.board import Board
from cockpit.cli.checked import settings_files
from cockpit.cli.invocation import Invocation
from cockpit.errors import ConfigurationError
from cockpit.live_settings import LiveSettings, SettingsNews
from cockpit.settings import Settings
from cockpit.settings_watch import SettingsWatch

_PATIENCE = 15.0
_PIECE_SECONDS = 0.06
_QUICK_SECONDS = 0.02
_AT_ONCE = 4
_FORBIDDEN = 99_999.0
_WRONG: tuple[bytes, ...] = (
    b"[scan\n",
    b"scan = 3\n",
    b"[scan]\nmin_price = 'nine'\n",
    b"[scan]\nmin_prise = 9\n",
    b"[scan]\ndays = 0\n",
    b"[scan]\ndays = 1e9\n",
    b"[scan]\nmin_price = nan\n",
    b"[scan]\nmin_price = 1\nmin_price = 2\n",
    b'[ui]\ntheme = "none of them"\n',
    b'[keymap]\nzoom = "z,"\nsort = "z"\n',
    b'[alerts.rules]\n"a" = "vrp >"\n',
    b'[providers.tradier]\nlimits = ["0/1m"]\n',
    b'[providers.tradier]\nlimits = "120/1m"\n',
    b"[scoring.weights]\nev = 1\n",
    b"[profiles.sin.scan]\ndays = 3\n",
    b'profile = "sin"\n',
    b"\x00\x01\x02\xff\xfe",
    b"\xff\xfe[\x00s\x00",
    b"x = " + b"[" * 5000,
    b"x = " + b"9" * 6000 + b"\n",
    b".".join([b"a"] * 3000) + b" = 1\n",
    b"# " + b"x" * (2**20 + 1) + b"\n",
)


@dataclass
class Findings:
    """What was in force, and how soon."""

    written: int = 0
    refused: int = 0
    used: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For the reader."""
        ordered = sorted(self.seconds) or [0.0]
        return [
            f"  {self.written} files that must not be used ({self.refused} refusals told), used: {len(self.used)}",
            *(f"    {sentence}" for sentence in self.used[:3]),
            f"  {len(self.seconds)} files that must be used, later than 1 s: {sum(one > 1.0 for one in ordered)}",
            f"  until in force: median {ordered[len(ordered) // 2] * 1000:.0f} ms, longest {ordered[-1] * 1000:.0f} ms",
        ]


class Writer:
    """Writes as editors, copies and accidents do; all of what is whole bears the same figure twice."""

    def __init__(self, file: Path, chance: random.Random) -> None:
        self.file = file
        self._chance = chance
        self._scratch = itertools.count()

    def good(self, number: int) -> bytes:
        """A file that holds together."""
        end = b"" if number % 3 == 0 else b"\n"
        return b"[scan]\nmin_price = %d.0\n[portfolio]\nmax_quote_age = %d.0" % (number, number) + end

    def wrong(self) -> bytes:
        """One that does not, whatever is good in it."""
        fault = self._chance.choice(_WRONG)
        return fault if fault.startswith(b"[") and b"[scan]" in fault else self._spoiled() + fault

    def _spoiled(self) -> bytes:
        return b"" if self._chance.random() < 0.3 else b"ui.hz = 3\nportfolio.max_quote_age = %.1f\n" % _FORBIDDEN

    async def put(self, content: bytes) -> None:
        """Write in place, over it by a new name, by way of a link, or in pieces."""
        ways: tuple[Callable[[bytes], None], ...] = (self._in_place, self._renamed, self._moved_away, self._linked)
        way = self._chance.randrange(len(ways) + 1)
        if way < len(ways):
            ways[way](content)
        else:
            await self._in_pieces(content)

    async def half(self, content: bytes) -> bool:
        """Write a part; True where it is one that could be taken for a whole, so that the rest must follow soon."""
        cut = self._chance.randrange(1, len(content))
        self._in_place(content[:cut])
        return cut > len(b"[scan")

    def content(self) -> bytes | None:
        """What is there."""
        try:
            return self.file.read_bytes()
        except FileNotFoundError:
            return None

    def lose(self) -> None:
        """Empty or remove it."""
        if self._chance.random() < 0.5:
            self._in_place(b"")
        else:
            with suppress(FileNotFoundError):
                self.file.unlink()

    def _in_place(self, content: bytes) -> None:
        self.file.write_bytes(content)

    def _renamed(self, content: bytes) -> None:
        fresh = self.file.with_name(f".config.{next(self._scratch)}.tmp")
        fresh.write_bytes(content)
        fresh.replace(self.file)

    def _moved_away(self, content: bytes) -> None:
        with suppress(FileNotFoundError):
            self.file.rename(self.file.with_name("config.toml~"))
        self.file.write_bytes(content)

    def _linked(self, content: bytes) -> None:
        target = self.file.with_name(f"version-{next(self._scratch)}")
        target.write_bytes(content)
        link = target.with_suffix(".link")
        link.symlink_to(target)
        link.replace(self.file)

    async def _in_pieces(self, content: bytes) -> None:
        cut = self._chance.randrange(1, len(content))
        self._in_place(content[:cut])
        await asyncio.sleep(self._chance.random() * _PIECE_SECONDS)
        with self.file.open("ab") as stream:
            stream.write(content[cut:])


class Session:
    """The settings in force, as a session's services see them."""

    def __init__(self, invocation: Invocation) -> None:
        self.board: Board[str, SettingsNews] = Board()
        self.live = LiveSettings(invocation.settings, self.board)
        self.live.follow(self._follow)
        self.watch = SettingsWatch(settings_files(invocation, "sim"), self.live)
        self.seen: list[tuple[float, float, float]] = []

    def _follow(self, before: Settings, now: Settings) -> None:
        self.seen.append((time.monotonic(), now.scan.min_price, now.portfolio.max_quote_age))

    @property
    def news(self) -> int:
        """How much has been told."""
        told = self.board.get("settings")
        return 0 if told is None else told.number

    @property
    def refused(self) -> bool:
        """Whether the files as they are cannot be used."""
        told = self.board.get("settings")
        return told is not None and told.refused

    async def until(self, held: Callable[[], bool], what: str) -> None:
        """Wait; a patience that ends is a fault of its own."""
        ends = time.monotonic() + _PATIENCE
        while not held():
            if time.monotonic() > ends:
                raise AssertionError(f"{what} within {_PATIENCE:.0f} s")
            await asyncio.sleep(0.005)


async def torment(count: int, every: int, seed: int) -> Findings:
    """Write ``count`` files that must not be used, and after ``every`` of them one that must."""
    findings, chance = Findings(), random.Random(seed)
    with _home() as home:
        file = home / "cockpit" / "config.toml"
        file.parent.mkdir()
        writer = Writer(file, chance)
        file.write_bytes(writer.good(1))
        session = Session(Invocation())
        task = asyncio.create_task(session.watch.run())
        number = 1
        try:
            await asyncio.sleep(0.5)
            while findings.written < count:
                await _bad_ones(session, writer, findings, chance)
                _compare(session, findings, number)
                if findings.written // every > len(findings.seconds):
                    number += 1
                    await _good_one(session, writer, findings, number)
        finally:
            task.cancel()
            await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()) is not None:
            raise AssertionError(f"the watch has ended: {error!r}")
    return findings


async def _bad_ones(session: Session, writer: Writer, findings: Findings, chance: random.Random) -> None:
    """A few in quick succession; the last one stands, and must be told of where it is not the one of before."""
    before, stood = session.news, writer.content()
    for _ in range(chance.randrange(_AT_ONCE)):
        await writer.put(writer.wrong())
        findings.written += 1
        await asyncio.sleep(chance.random() * _QUICK_SECONDS)
    kind = chance.random()
    if kind < 0.2:
        writer.lose()
    elif kind < 0.4 and await writer.half(writer.good(int(_FORBIDDEN))):
        await asyncio.sleep(chance.random() * _PIECE_SECONDS)
        await writer.put(writer.wrong())
        findings.written += 1
    else:
        await writer.put(writer.wrong())
    findings.written += 1
    if writer.content() != stood:
        await session.until(lambda: session.refused and session.news > before, "no refusal was told")
    findings.refused += session.news - before


async def _good_one(session: Session, writer: Writer, findings: Findings, number: int) -> None:
    before = len(session.seen)
    await writer.put(writer.good(number))
    started = time.monotonic()
    await session.until(lambda: len(session.seen) > before, "a good file was not in force")
    findings.seconds.append(session.seen[-1][0] - started)
    _compare(session, findings, number)


def _compare(session: Session, findings: Findings, number: int) -> None:
    for _, price, age in session.seen:
        if price != age or price > number:
            findings.used.append(f"in force: min_price {price}, max_quote_age {age}")
    session.seen.clear()


@contextmanager
def _home() -> Iterator[Path]:
    before = os.environ.get("XDG_CONFIG_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CONFIG_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["XDG_CONFIG_HOME"]
            else:
                os.environ["XDG_CONFIG_HOME"] = before


def run(full: bool) -> int:
    """Torment a session and tell what was in force."""
    count, every = (1000, 10) if full else (25, 5)
    try:
        findings = asyncio.run(torment(count, every, seed=7))
    except ConfigurationError as error:
        raise AssertionError(f"a refusal that nobody caught: {error}") from error
    print("\n".join(findings.lines()), flush=True)
    return 1 if findings.used or (full and max(findings.seconds, default=0.0) > 1.0) else 0
