"""A user's strategy in a child process of its own: told of bars over a pipe, and ended as soon as it does harm.

What holds it, and how far:

- Everywhere: a spawned process (nothing of the cockpit's memory, descriptors or environment is in it), a limit of wall
  time for its start and for every bar, bounds on what it answers and prints, and limits of the system on processor
  time, open files and bytes written to files. When the cockpit goes, even by kill -9, its pipe closes.
- Linux: memory is limited, and the system ends the child with the cockpit even in the middle of a bar.
- Linux with Landlock (5.13 and newer): it reads Python, what is installed for it and its own file, and no other file;
  from 6.7 on it reaches no TCP port, from 6.12 on it sends no signal.
- Linux with seccomp on x86-64 and ARM64: no network of any kind, no process, no thread, no signal, no change of a
  file; trying ends it.
- Linux without Landlock: it can read what the user can read, but where seccomp holds has no way to send it anywhere
  but into the reasons of its signals.
- macOS and other systems: neither of the two. Memory is not limited, and code that means harm can write, connect, start
  processes and signal as the user can: only Python's own calls for it are refused. Run files there that you have read.
- Nowhere: a jail for code that somebody else wrote against you. The child runs on the cockpit's kernel as the cockpit's
  user; a defect of the kernel, or of Python's reading of a file, is a way out.
"""

import asyncio
import logging
import os
import signal
import sys
from asyncio import SubprocessProtocol, SubprocessTransport
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

from cockpit.errors import StrategyError, UsageError
from cockpit.strategies.api import Bar, Signal
from cockpit.strategies.confinement import Limits
from cockpit.strategies.decider import LONGEST_WARM_UP, opened
from cockpit.strategies.frames import Answer, Begin, Failed, Feed, FrameError, Order, Ready, Said, Unpacker, packed

log = logging.getLogger(__name__)

A = TypeVar("A", Ready, Said)

_BARS_AT_ONCE = 500
_MOST_PRINTED = 65_536
_LINES_LOGGED = 100
_LONGEST_SENTENCE = 500
_LAST_WORDS_SECONDS = 0.2
_END_SECONDS = 5.0
_ANSWERS, _PRINTS = 1, 2
_SIGNALS = {
    signal.SIGXCPU: "used up its processor time",
    signal.SIGXFSZ: "wrote to a file, which no strategy may do",
    signal.SIGSYS: "asked the system for a process or thread, the network, a signal, a limit or a change of a file, "
    "which no strategy may do",
}


@dataclass(frozen=True, slots=True)
class JailRules:
    """How long a strategy may take, and what it may use.

    Attributes:
        bar_seconds: wall time for each bar.
        start_seconds: wall time for loading the file.
        limits: of its process.
    """

    bar_seconds: float = 0.25
    start_seconds: float = 10.0
    limits: Limits = field(default_factory=Limits)


class JailedStrategy:
    """A strategy in its child. A :class:`cockpit.strategies.decider.Decider`; :func:`jailed` opens and closes one.

    Attributes:
        held: layers of the confinement that hold; empty before the start.
    """

    def __init__(self, name: str, rules: JailRules) -> None:
        self.held: tuple[str, ...] = ()
        self._name = name
        self._rules = rules
        self._warm_up = 0
        self._parameters: Mapping[str, object] = {}
        self._child = _Child(name)

    @property
    def warm_up(self) -> int:
        """See :class:`cockpit.strategies.decider.Decider`."""
        return self._warm_up

    @property
    def parameters(self) -> Mapping[str, object]:
        """See :class:`cockpit.strategies.decider.Decider`."""
        return self._parameters

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is none."""
        return self._child.pid

    async def start(self, file: Path, parameters: Mapping[str, object]) -> None:
        """Start the child and load the file.

        Raises:
            UsageError: the parameters are wrong.
            StrategyError: the file is, or it took too long or did what it must not.
        """
        try:
            await self._child.spawn()
        except OSError as error:
            raise StrategyError(f"strategy {self._name} could not be started: {error.strerror or error}") from None
        seconds = self._rules.start_seconds
        ready = await self._ask(
            self._begin(file, parameters), Ready, seconds, f"took longer than {seconds:g} s to start"
        )
        if not 0 <= ready.warm_up <= LONGEST_WARM_UP:
            raise self._child.end(f"wants {ready.warm_up} bars to warm up")
        self._warm_up, self._parameters, self.held = ready.warm_up, ready.parameters, ready.held

    async def feed(self, bars: Sequence[Bar]) -> list[Signal | None]:
        """See :class:`cockpit.strategies.decider.Decider`. Many bars go over the pipe together, with the time of each.

        Raises:
            StrategyError: it took too long, failed, or did what it must not; the child has ended.
        """
        said: list[Signal | None] = []
        for at in range(0, len(bars), _BARS_AT_ONCE):
            said += await self._feed(list(bars[at : at + _BARS_AT_ONCE]))
        return said

    async def close(self) -> None:
        """End the child; a second time does nothing."""
        self._child.end("has been ended")
        await self._child.wait()

    def _begin(self, file: Path, parameters: Mapping[str, object]) -> Begin:
        values = cast("Mapping[str, str]", parameters)  # of other kinds, they are refused over there
        return Begin(self._name, str(file.absolute()), values, self._rules.limits)

    async def _feed(self, bars: list[Bar]) -> list[Signal | None]:
        seconds = self._rules.bar_seconds
        late = f"took longer than {seconds:g} s at bar {opened(bars[0])}"
        if len(bars) > 1:
            late = f"took longer than {seconds:g} s a bar from bar {opened(bars[0])} on"
        said = await self._ask(Feed(bars), Said, seconds * len(bars), late)
        if len(said.signals) != len(bars):
            raise self._child.end(f"answered {len(said.signals)} times to {len(bars)} bars")
        return said.signals

    async def _ask(self, order: Order, kind: type[A], seconds: float, late: str) -> A:
        answer = await self._child.ask(order, seconds, late)
        if not isinstance(answer, kind):
            raise self._child.end("answered what it was not asked")
        return answer


@asynccontextmanager
async def jailed(
    name: str, file: Path, parameters: Mapping[str, object], rules: JailRules | None = None
) -> AsyncIterator[JailedStrategy]:
    """A user's strategy in a child of its own, ended with the block.

    Args:
        name: what sentences call it.
        file: that it is in.
        parameters: values by name, over the defaults.
        rules: what it may use; None for the usual ones.

    Raises:
        UsageError: the parameters are wrong.
        StrategyError: the file is, or it took too long or did what it must not.
    """
    strategy = JailedStrategy(name, rules or JailRules())
    try:
        await strategy.start(file, parameters)
        yield strategy
    finally:
        await strategy.close()


class _Child(SubprocessProtocol):
    """The process and its pipes, seen from outside: nothing of what it does makes this side wait."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._transport: SubprocessTransport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._error: StrategyError | UsageError | None = None
        self._unpacker = Unpacker(Answer)
        self._printed = 0
        self._lines = 0
        self._answers_closed = False
        self._exited = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return None if self._transport is None or self._exited.is_set() else self._transport.get_pid()

    async def spawn(self) -> None:
        root = Path(__file__).parents[2]
        await asyncio.get_running_loop().subprocess_exec(
            lambda: self,
            *(sys.executable, "-m", "cockpit.strategies.child", str(os.getpid())),
            env=_environment(root),
            cwd="/",
            start_new_session=True,
        )

    async def ask(self, order: Order, seconds: float, late: str) -> Answer:
        """The answer to an order; one that takes longer than this ends the child."""
        if self._error is not None or self._transport is None:
            raise self.end("is not running")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._answer = answer
        self._printed = 0
        pipe = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        pipe.write(packed(order))

        def end() -> None:
            if not answer.done():
                self.end(late)

        # Two rounds of the loop later: what has come while the loop itself was late is heard before.
        timer = loop.call_later(seconds, loop.call_soon, loop.call_soon, end)
        try:
            return await answer
        finally:
            timer.cancel()
            self._answer = None

    def end(self, why: str) -> StrategyError | UsageError:
        """End the child unless it has ended; why it has, which is what was told first."""
        return self._end(StrategyError(f"strategy {self._name} {why}"))

    def _end(self, error: StrategyError | UsageError) -> StrategyError | UsageError:
        if self._error is None:
            self._error = error
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(error)
            if (pid := self.pid) is not None:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
        return self._error

    async def wait(self) -> None:
        """Wait until the process is gone."""
        if self._transport is None:
            return
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._exited.wait()
        except TimeoutError:
            log.error("strategy %s: process %s does not end", self._name, self._transport.get_pid())
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == _PRINTS:
            self._hear_print(data)
            return
        try:
            for message in self._unpacker.take(data):
                self._hear(message)
        except FrameError as error:
            self.end(f"answered with what is no answer: {str(error)[:100]}")

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == _ANSWERS:
            self._answers_closed = True
            if self._exited.is_set():
                self._explain_exit()

    def process_exited(self) -> None:
        self._exited.set()
        if self._answers_closed:
            self._explain_exit()
        else:  # its last words may still be in the pipe, which a process that it left behind may hold open
            asyncio.get_running_loop().call_later(_LAST_WORDS_SECONDS, self._explain_exit)

    def _hear(self, message: Answer) -> None:
        if isinstance(message, Failed):
            words = " ".join("".join(c if c.isprintable() else " " for c in message.sentence).split())
            self._end((UsageError if message.usage else StrategyError)(words[:_LONGEST_SENTENCE]))
        elif self._answer is None or self._answer.done():
            self.end("answered without being asked")
        else:
            self._answer.set_result(message)

    def _hear_print(self, data: bytes) -> None:
        self._printed += len(data)
        if self._printed > _MOST_PRINTED:
            self.end(f"printed more than {_MOST_PRINTED // 1024} KB at once")
            return
        for line in data.decode(errors="backslashreplace").splitlines():
            if line.strip() and self._lines < _LINES_LOGGED:
                self._lines += 1
                rest = "; nothing more of what it prints is logged" if self._lines == _LINES_LOGGED else ""
                log.info("strategy %s prints: %s%s", self._name, line[:_LONGEST_SENTENCE], rest)

    def _explain_exit(self) -> None:
        code = self._transport.get_returncode() if self._transport is not None else None
        if code is not None and code < 0:
            self.end(_SIGNALS.get(signal.Signals(-code), f"was ended by {signal.Signals(-code).name}"))
        else:
            self.end(f"ended its own process (exit code {code})")


def _environment(root: Path) -> dict[str, str]:
    """All that a child gets of an environment: nothing of the user's, and so no secret."""
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    python = {
        "PYTHONPATH": str(root),
        "PYTHONSAFEPATH": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "PYTHONHASHSEED": "0",
    }
    libraries = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"LANG": "C.UTF-8", "TZ": "UTC", **threads, **python, **libraries}
