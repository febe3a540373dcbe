"""``python -m cockpit.emulator``: the embedded market as a process of its own. Its ready line is JSON on stdout."""

import argparse
import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime

from cockpit.emulator.faults import parse_fault
from cockpit.emulator.options import DEFAULT_SEED, DEFAULT_START, EmulatorOptions
from cockpit.emulator.quotas import lifted_quotas, parse_quota
from cockpit.errors import CockpitError, UsageError

_PR_SET_PDEATHSIG = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal comes or the parent ends; the exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        options = _options(parsed)
        if parsed.with_parent is not None:
            _end_with(parsed.with_parent)
        asyncio.run(_serve(options, with_parent=parsed.with_parent is not None))
    except CockpitError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cockpit.emulator", description="The embedded market on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="everything in the market follows from it")
    parser.add_argument("--start", default=DEFAULT_START.isoformat(), metavar="TIME", help="ISO 8601 with a zone")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per real second")
    parser.add_argument("--quota", action="append", default=[], metavar="NAME=N", help="0 lifts it")
    parser.add_argument("--no-quotas", action="store_true", help="lift every quota")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME=VALUE", help="something that goes wrong")
    parser.add_argument(
        "--with-parent",
        type=int,
        metavar="PID",
        help="end when this parent does or closes our stdin; read commands from stdin",
    )
    return parser


def _options(parsed: argparse.Namespace) -> EmulatorOptions:
    try:
        start = datetime.fromisoformat(parsed.start)
    except ValueError:
        raise UsageError(f"--start takes a time such as {DEFAULT_START.isoformat()}, not {parsed.start!r}") from None
    quotas = lifted_quotas() if parsed.no_quotas else {}
    return EmulatorOptions(
        seed=parsed.seed,
        start=start,
        speed=parsed.speed,
        port=parsed.port,
        quotas=quotas | dict(parse_quota(text) for text in parsed.quota),
        faults=dict(parse_fault(text) for text in parsed.fault),
    )


def _end_with(parent: int) -> None:
    """Ask the kernel to end us when our parent ends, whatever ends it. Elsewhere the end of stdin has to do."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we could ask
        raise SystemExit(0)


async def _serve(options: EmulatorOptions, *, with_parent: bool) -> None:
    from cockpit.emulator.server import print_ready, running_server

    # The model allocates a great many small values that live long and hold no cycles: collecting them at the usual
    # pace doubles what a chain costs.
    gc.set_threshold(100_000, 20, 100)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running_server(options) as server:
        print_ready(server.ready)
        if not with_parent:
            await stop.wait()
            return
        from cockpit.emulator.control import describe_clock

        commands = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        ended = asyncio.create_task(stop.wait())
        while not stop.is_set():
            reading = asyncio.create_task(commands.readline())
            await asyncio.wait((reading, ended), return_when=asyncio.FIRST_COMPLETED)
            line = reading.result() if reading.done() else b""
            if not line:
                reading.cancel()
                break
            if line.strip() == b"next_session":
                sys.stdout.write(json.dumps(describe_clock(server.clock.to_next_session())) + "\n")
                sys.stdout.flush()
        ended.cancel()


if __name__ == "__main__":
    sys.exit(main())
