"""The child that runs one user's strategy: confines itself, loads the file, and answers bars until its parent goes.

``python -m cockpit.strategies.child PARENT_PID``: messages come on descriptor 0 and go out on descriptor 1; what the
strategy prints goes to descriptor 2. Only what is written in this module runs before the process is confined.
"""

import os
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from cockpit.errors import StrategyError, UsageError
from cockpit.strategies.breaches import watch_for_breaches
from cockpit.strategies.confinement import confine, end_with
from cockpit.strategies.frames import Answer, Begin, Failed, Feed, Order, Ready, Said, Unpacker, packed
from cockpit.strategies.loading import load_strategy

_PIECE = 65_536
_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo")
_DEVICES = ("/dev/null", "/dev/urandom")


def main() -> None:
    """Serve until the other end closes."""
    end_with(int(sys.argv[1]))
    orders, answers = _own_channel()
    messages = _messages(orders)
    begin = next(messages)
    if not isinstance(begin, Begin):
        raise SystemExit("the first message must say what to run")
    file = Path(begin.file)
    held = confine(begin.limits, _readable(file))

    def answer(message: Answer) -> None:
        _write(answers, packed(message))

    def breached(what: str) -> NoReturn:
        try:
            answer(Failed(f"strategy {begin.name}: {what}, which no strategy may do"))
        finally:
            os._exit(1)

    watch_for_breaches(breached)
    try:
        strategy = load_strategy(begin.name, file, dict(begin.parameters))
        answer(Ready(strategy.warm_up, held, strategy.parameters))
        for order in messages:
            if isinstance(order, Feed):
                answer(Said([strategy.hear(bar) for bar in order.bars]))
    except (StrategyError, UsageError) as error:
        answer(Failed(str(error), usage=isinstance(error, UsageError)))
    except BaseException as error:  # noqa: BLE001 - whatever a strategy can raise, it is told
        answer(Failed(f"strategy {begin.name} failed: {type(error).__name__}: {error}"[:1000]))
    os._exit(0)


def _own_channel() -> tuple[int, int]:
    """The two ends of the channel, away from where a strategy prints and reads."""
    orders, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return orders, answers


def _messages(descriptor: int) -> Iterator[Any]:
    unpacker = Unpacker(Order)
    while piece := os.read(descriptor, _PIECE):
        yield from unpacker.take(piece)


def _write(descriptor: int, data: bytes, write: Callable[[int, bytes], int] = os.write) -> None:
    while data:
        data = data[write(descriptor, data) :]


def _readable(file: Path) -> Iterator[Path]:
    """The strategy, Python and what is installed for it; no folder of the user's own."""
    yield file
    yield Path(__file__).parents[1]
    for name in ("stdlib", "platstdlib", "purelib", "platlib"):
        yield Path(sysconfig.get_path(name))
    # The standard library of the Python that a virtual environment was made from.
    yield Path(os.__file__).parent
    yield from map(Path, (*_SYSTEM, *_DEVICES))


if __name__ == "__main__":
    main()
