"""How a command ends when a signal comes: cleanly at the first, at once at the second."""

import os
import signal
import sys
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def status(signum: int) -> int:
    """The exit status that a shell gives to an end by this signal: 130 for ctrl+C, 143 for TERM, 129 for HUP."""
    return 128 + signum


@contextmanager
def signals_end_the_program() -> Iterator[None]:
    """Outside of an event loop, let a signal unwind the stack so that everything is closed on the way."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {signum: signal.signal(signum, _unwind) for signum in SIGNALS}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def complete(work: Coroutine[Any, Any, T], *, interrupted: str = "") -> T:
    """Run ``work`` to its end. The first signal cancels it and lets it close; a second one ends the process.

    Args:
        interrupted: said once a signal has ended it: what became of the half of it.

    Raises:
        SystemExit: a signal came; its code is :func:`status`.
    """
    import asyncio

    received: list[int] = []

    def end(signum: int) -> None:
        if received:
            os._exit(status(signum))
        received.append(signum)
        task.cancel()

    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        task = loop.create_task(work)
        for signum in SIGNALS:
            loop.add_signal_handler(signum, end, signum)
        try:
            result = loop.run_until_complete(task)
        except asyncio.CancelledError:
            if not received:
                raise
        if received:
            if interrupted:
                print(f"cockpit: {interrupted}", file=sys.stderr)
            raise SystemExit(status(received[0]))
        return result


def _unwind(signum: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(status(signum))
