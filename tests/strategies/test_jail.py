"""Users' strategies run in a child that can do them no harm: each abuse is ended in time, told, and leaves no trace."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from cockpit.errors import StrategyError, UsageError
from cockpit.strategies.confinement import Limits
from cockpit.strategies.jail import JailRules, jailed
from tests.strategies.bars import bar, strategy_file

RULES = JailRules(bar_seconds=60.0, start_seconds=60.0, limits=Limits(memory_mb=256, cpu_seconds=60))
HASTY = replace(RULES, bar_seconds=0.5)
"""Only for what must be ended for its lateness: a machine may have much else to do."""
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines a process so far")


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    before = set(psutil.Process().children(recursive=True))
    yield
    assert set(psutil.Process().children(recursive=True)) <= before


async def told(folder: Path, on_bar: str, *, rules: JailRules = RULES, top: str = "", body: str = "") -> str:
    """What becomes of a strategy with this code, once it has had its bars: the sentence of its end."""
    file = strategy_file(folder, on_bar, top=top, body=body)

    async def run() -> None:
        async with asyncio.timeout(90.0), jailed("mine", file, {}, rules) as strategy:
            for number in range(3):
                await strategy.feed([bar(number)])

    with pytest.raises(StrategyError) as caught:
        await run()
    return str(caught.value)


async def test_a_users_strategy_is_heard_and_its_parameters_are_set(tmp_path: Path) -> None:
    code = "return Signal(self.size, f'close {bar.close}') if bar.close > self.level else None"
    file = strategy_file(tmp_path, code, body="size: float = 1.0\nlevel: int = 100\nwarm_up = 2\n")
    async with jailed("mine", file, {"size": "0.5", "level": 150}) as strategy:
        said = await strategy.feed([bar(0, 200), bar(1, 140), bar(2, 160)])
        assert strategy.warm_up == 2
    assert [None if one is None else (one.target, one.reason) for one in said] == [None, None, (0.5, "close 160")]


async def test_a_strategy_may_use_what_is_installed_for_the_cockpits_python(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    top = "import numpy, statistics, zoneinfo\nfrom cockpit.strategies.indicators import SimpleAverage"
    file = strategy_file(tmp_path, "return Signal(float(numpy.ones(3).mean()))", top=top)
    async with jailed("mine", file, {}) as strategy:
        said = await strategy.feed([bar(0)])
    assert said[0] is not None
    assert said[0].target == 1.0


async def test_nothing_of_the_cockpits_environment_and_descriptors_is_inherited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCKPIT_PROVIDERS__TRADIER__TOKEN", "secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        os.set_inheritable(server.fileno(), True)
        code = """
        import os
        alive = [one for one in range(64) if is_open(one)]
        words = [name for name in os.environ if "COCKPIT" in name or os.environ[name] == "secret"]
        return Signal(0.0, f"{words} {len(alive)}")
        """
        top = """
        import os
        def is_open(number):
            try:
                os.fstat(number)
            except OSError:
                return False
            return True
        """
        async with jailed("mine", strategy_file(tmp_path, code, top=top), {}) as strategy:
            said = await strategy.feed([bar(0)])
    assert said[0] is not None
    assert said[0].reason == "[] 5", "its three standard streams and the two ends of its channel"


ENDLESS = {
    "an infinite loop": ("while True: pass", "took longer than 0.5 s at bar 2026-01-01 00:00:00 UTC"),
    "a sleep": ("import time; time.sleep(100)", "took longer than 0.5 s"),
    "a loop that catches everything": (
        "while True:\n    try:\n        bytearray(1 << 32)\n    except BaseException:\n        pass",
        "took longer than 0.5 s",
    ),
    "endless output": ("while True: print('x' * 1000)", "printed more than 64 KB at once"),
    "endless answers": (
        "import os\nwhile True: os.write(4, b'\\x00\\x00\\x00\\x02\\xff\\xff')",
        "answered with what is no answer",
    ),
    "a huge answer": (
        "import os; os.write(4, b'\\x7f\\xff\\xff\\xff'); return None",
        "answered with what is no answer",
    ),
    "an end of its own": ("import os; os._exit(3)", "ended its own process (exit code 3)"),
    "a polite end": ("raise SystemExit(4)", "on_bar failed"),
    "an exception": ("return 1 / 0", "ZeroDivisionError: division by zero"),
    "an interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "another answer": ("return 'buy'", "on_bar answers with a Signal or None, not with 'buy'"),
    "a recursion": ("return self.on_bar(bar)", "RecursionError"),
    "all descriptors": ("self.kept = [open('/dev/null') for _ in range(1000)]", "Too many open files"),
}


@pytest.mark.parametrize("abuse", ENDLESS)
async def test_an_abuse_is_ended_in_time_and_told(tmp_path: Path, abuse: str) -> None:
    code, sentence = ENDLESS[abuse]
    words = await told(tmp_path, code, rules=HASTY if "took longer" in sentence else RULES)
    assert words.startswith("strategy mine")
    assert sentence in words


@linux
@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("self.kept = bytearray(1 << 32)", "MemoryError"),
        ("self.kept = [bytearray(1 << 20) for _ in range(4096)]", "MemoryError"),
    ],
)
async def test_memory_is_limited(tmp_path: Path, code: str, sentence: str) -> None:
    assert sentence in await told(tmp_path, code)


@linux
async def test_processor_time_is_limited_even_where_bars_may_take_long(tmp_path: Path) -> None:
    rules = replace(RULES, limits=Limits(cpu_seconds=1))
    assert "used up its processor time" in await told(tmp_path, "while True: pass", rules=rules)


BREACHES = {
    "a file written": ("open({outside!r}, 'w')", "for writing"),
    "a file removed": ("import os; os.remove({victim!r})", "it changed files"),
    "a folder made": ("import os; os.mkdir({outside!r})", "it changed files"),
    "a connection": ("import socket; socket.create_connection(('127.0.0.1', {port}))", "it reached for the network"),
    "a datagram": ("import socket; socket.socket(type=socket.SOCK_DGRAM)", "it reached for the network"),
    "a process": ("import subprocess; subprocess.run(['true'])", "it started another process"),
    "a fork bomb": ("import os\nwhile True: os.fork()", "it started another process"),
    "a thread": (
        "import threading; threading.Thread(target=print).start()",
        "thread",
    ),  # Python tells of it from 3.12 on
    "the parent ended": ("import os; os.kill(os.getppid(), 10)", "it sent a signal"),
    "its limits lifted": (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (99, 99))",
        "it changed its own limits",
    ),
}
# The same past Python: what its audit hooks are not told of meets the system itself.
UNDERNEATH = {
    "a file written": "libc.open({outside!r}.encode(), 0o101, 0o600)",
    "a file removed": "libc.unlink({victim!r}.encode())",
    "a file cut": "libc.truncate({victim!r}.encode(), 0)",
    "a connection": "libc.connect(libc.socket(2, 1, 0), b'', 0)",
    "a pair of sockets": "libc.socketpair(1, 1, 0, (ctypes.c_int * 2)())",
    "a process": "libc.fork()",
    "another program": "libc.execv(b'/bin/true', None)",
    "the parent ended": "libc.kill(libc.getppid(), 10)",
    "another's memory": "libc.ptrace(16, libc.getppid(), 0, 0)",
    "its limits lifted": "libc.setrlimit(7, (ctypes.c_ulong * 2)(99, 99))",
    "another group": "libc.setsid()",
}


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """Signals that this process got."""
    got: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: got.append(number))
    yield got
    signal.signal(signal.SIGUSR1, before)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The layers that hold on this system, without the number behind a name."""

    async def layers() -> tuple[str, ...]:
        file = strategy_file(tmp_path_factory.mktemp("harmless"), "return None")
        async with jailed("mine", file, {}, RULES) as harmless:
            return tuple(layer.split()[0] for layer in harmless.held)

    return asyncio.run(layers())


def need(layer: str, held: tuple[str, ...]) -> None:
    if layer not in held:
        pytest.skip(f"this system has no {layer}")


@linux
@pytest.mark.parametrize("abuse", BREACHES)
async def test_a_breach_is_told_by_what_it_was(
    tmp_path: Path, abuse: str, heard: list[int], held: tuple[str, ...]
) -> None:
    need("limits", held)
    code, sentence = BREACHES[abuse]
    words = await attacked(tmp_path, code)
    assert sentence in words
    assert "which no strategy may do" in words
    assert heard == []


@linux
@pytest.mark.parametrize("abuse", UNDERNEATH)
async def test_what_goes_past_python_is_ended_by_the_system(
    tmp_path: Path, abuse: str, heard: list[int], held: tuple[str, ...]
) -> None:
    need("seccomp", held)
    code = f"import ctypes; libc = ctypes.CDLL(None); {UNDERNEATH[abuse]}"
    words = await attacked(tmp_path, code)
    assert "asked the system for" in words
    assert heard == []


async def attacked(tmp_path: Path, code: str) -> str:
    """Let a strategy do this to a server, a file and a path outside; nothing of them has changed afterwards."""
    outside, victim = tmp_path / "outside", tmp_path / "victim"
    victim.write_text("whole")
    reached: list[object] = []

    async def reach(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(writer)
        writer.close()

    server = await asyncio.start_server(reach, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        words = await told(tmp_path / "strategies", code.format(outside=str(outside), victim=str(victim), port=port))
    assert not reached
    assert not outside.exists()
    assert victim.read_text() == "whole"
    return words


@linux
async def test_secrets_of_the_user_cannot_be_read_where_landlock_holds(tmp_path: Path, held: tuple[str, ...]) -> None:
    need("landlock", held)
    secret = tmp_path / "home" / ".env"
    secret.parent.mkdir()
    secret.write_text("TOKEN=1")
    assert "PermissionError" in await told(tmp_path / "strategies", f"open({str(secret)!r}).read()")
    assert "PermissionError" in await told(
        tmp_path / "strategies", "open(f'/proc/{__import__(\"os\").getppid()}/environ')"
    )


BAD_FILES = {
    "an error at its import": ("import nothing_of_that_name", "ModuleNotFoundError"),
    "a syntax error": ("def (:", "invalid syntax"),
    "an endless import": ("while True: pass", "took longer than 2 s to start"),
    "an end at its import": ("import os; os._exit(0)", "ended its own process (exit code 0)"),
    "a breach at its import": ("open('/tmp/outside', 'w')", "it opened /tmp/outside for writing"),
}


@linux
@pytest.mark.parametrize("case", BAD_FILES)
async def test_a_file_that_cannot_be_loaded_says_why(tmp_path: Path, case: str) -> None:
    top, sentence = BAD_FILES[case]
    rules = replace(RULES, start_seconds=2.0) if "took longer" in sentence else RULES
    assert sentence in await told(tmp_path, "return None", top=top, rules=rules)


async def test_wrong_parameters_are_a_mistake_of_use_and_name_the_nearest(tmp_path: Path) -> None:
    file = strategy_file(tmp_path, "return None", body="length: int = 3")
    with pytest.raises(UsageError, match="no parameter lenght; did you mean length"):
        async with jailed("mine", file, {"lenght": "4"}):
            pass


async def test_what_it_prints_is_logged_and_bounded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    file = strategy_file(tmp_path, "print(f'close {bar.close}')")
    async with jailed("mine", file, {}) as strategy:
        for number in range(150):
            await strategy.feed([bar(number, number + 1)])
    lines = [one.message for one in caplog.records if "prints" in one.message]
    assert lines[0] == "strategy mine prints: close 1"
    assert len(lines) == 100


async def test_the_loop_goes_on_while_strategies_misbehave(tmp_path: Path) -> None:
    turns = 0

    async def watch() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    watching = asyncio.create_task(watch())
    codes = ["while True: pass", "import time; time.sleep(9)", "while True: print('x' * 60000)"]
    await asyncio.gather(*(told(tmp_path / str(at), code, rules=HASTY) for at, code in enumerate(codes)))
    watching.cancel()
    assert turns > 10, "the loop turned while they did not answer"


@linux
async def test_the_child_ends_with_a_cockpit_that_is_killed(tmp_path: Path) -> None:
    file = strategy_file(tmp_path, "while True: pass")
    program = f"""
import asyncio
from pathlib import Path
from cockpit.strategies.jail import JailRules, jailed
from tests.strategies.bars import bar

async def main():
    async with jailed("mine", Path({str(file)!r}), {{}}, JailRules(bar_seconds=60.0)) as strategy:
        print(strategy.pid, flush=True)
        await strategy.feed([bar(0)])

asyncio.run(main())
"""
    cockpit = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert cockpit.stdout is not None
    child = psutil.Process(int(await cockpit.stdout.readline()))
    await asyncio.sleep(0.2)  # into the middle of the bar
    assert child.is_running()
    cockpit.kill()
    await cockpit.wait()
    async with asyncio.timeout(30.0):
        while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)
