"""The embedded market as a child process of the cockpit: it neither shares nor stalls the cockpit's loop."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from cockpit.clock import Anchor
from cockpit.errors import CockpitError

_START_SECONDS = 20.0
_END_SECONDS = 2.0


class EmulatorProcess:
    """A running embedded market.

    Attributes:
        endpoints: addresses by name: ``binance_ws``, ``binance_rest``, ``tradier``, ``alpha_vantage``, ``sim``.
        anchor: of its clock; a :class:`cockpit.clock.SimulatedClock` on it shows the market's time.
    """

    def __init__(self, process: Process, ready: Mapping[str, Any]) -> None:
        self._process = process
        self._asking = asyncio.Lock()
        self.endpoints: dict[str, str] = dict(ready["endpoints"])
        self.anchor = _anchor(ready["clock"])

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The child's exit code; None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait until the child ends; its exit code."""
        return await self._process.wait()

    async def next_session(self) -> Anchor:
        """Move the market to the next opening of the exchange; the clock's new anchor.

        Raises:
            CockpitError: the market has ended.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise CockpitError("the simulated market has no way to be told anything")
        async with self._asking:
            answer = b""
            with suppress(ConnectionError):
                stdin.write(b"next_session\n")
                await stdin.drain()
                answer = await stdout.readline()
            if not answer:
                raise CockpitError("the simulated market has ended; start the cockpit again")
            self.anchor = _anchor(json.loads(answer))
        return self.anchor


@asynccontextmanager
async def running_emulator(
    *,
    seed: int,
    start: datetime,
    speed: float,
    port: int = 0,
    quotas: Mapping[str, int] | None = None,
    log: Path,
) -> AsyncIterator[EmulatorProcess]:
    """Start the embedded market beside this process, and end it with the context or with this process.

    Args:
        seed: everything in the market follows from it.
        start: what its clock shows at first, aware.
        speed: simulated seconds per real second; 0 makes it stand still.
        port: on 127.0.0.1; 0 for any free one.
        quotas: by name, over the vendors' usual ones; 0 lifts one. None keeps the usual ones.
        log: file that the child's complaints are added to.

    Raises:
        CockpitError: the child did not come up; the sentence is its own.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    arguments = [
        *("--seed", str(seed)),
        *("--start", start.isoformat()),
        *("--speed", repr(float(speed))),
        *("--port", str(port)),
        *("--with-parent", str(os.getpid())),
    ]
    for name, count in (quotas or {}).items():
        arguments += ("--quota", f"{name}={count}")
    with log.open("ab") as complaints:
        beginning = complaints.tell()
        process = await _spawn(arguments, complaints)
        try:
            ready = await _ready(process, log, beginning)
            yield EmulatorProcess(process, ready)
        finally:
            await _end(process)


async def _spawn(arguments: list[str], complaints: IO[bytes]) -> Process:
    try:
        # A session of its own: the terminal's Ctrl-C is the cockpit's to handle, not its market's.
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "cockpit.emulator"),
            *arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=complaints,
            start_new_session=True,
        )
    except OSError as error:
        raise CockpitError(f"the simulated market could not be started: {error.strerror or error}") from None


async def _ready(process: Process, log: Path, beginning: int) -> Mapping[str, Any]:
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)
    except TimeoutError:
        raise CockpitError(
            f"the simulated market did not answer within {_START_SECONDS:.0f} seconds; see {log}"
        ) from None
    if not line:
        await process.wait()
        raise CockpitError(f"the simulated market did not start: {_last_line(log, beginning)}")
    ready: Mapping[str, Any] = json.loads(line)
    return ready


def _last_line(log: Path, beginning: int) -> str:
    with log.open("rb") as file:
        file.seek(beginning)
        lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), f"it said nothing; see {log}")


async def _end(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _END_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()


def _anchor(clock: Mapping[str, Any]) -> Anchor:
    return Anchor(clock["mono"], datetime.fromisoformat(clock["instant"]), clock["speed"])
