import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from cockpit.clock import SimulatedClock
from cockpit.emulator.process import running_emulator
from cockpit.errors import CockpitError

START = datetime(2026, 11, 24, 15, 42, tzinfo=UTC)

_PARENT = """
import asyncio, sys
from datetime import datetime
from pathlib import Path
from cockpit.emulator.process import running_emulator

async def main():
    start = datetime.fromisoformat("2026-11-24T15:42:00+00:00")
    async with running_emulator(seed=7, start=start, speed=1.0, port=0, quotas=None, log=Path(sys.argv[1])) as market:
        print(market.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_it_comes_up_moves_and_goes_with_its_context(tmp_path: Path) -> None:
    log = tmp_path / "state" / "cockpit.log"
    async with running_emulator(seed=7, start=START, speed=0.0, port=0, quotas={"tradier": 0}, log=log) as market:
        assert market.returncode is None
        assert set(market.endpoints) >= {"binance_ws", "binance_rest", "tradier", "alpha_vantage"}
        assert SimulatedClock(market.anchor).now() == START
        anchor = await market.next_session()
        assert anchor == market.anchor
        assert anchor.instant == datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
        moved = await asyncio.gather(market.next_session(), market.next_session())
        assert [anchor.instant.day for anchor in moved] == [27, 30]
        host, port = market.endpoints["tradier"].split("/")[2].split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.close()
        pid = market.pid
    assert await market.wait() == 0
    assert not psutil.pid_exists(pid)
    assert log.read_text() == ""


async def test_a_busy_port_is_the_childs_own_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CockpitError, match=f"port {port} on 127.0.0.1 is in use"):
            async with running_emulator(seed=7, start=START, speed=1.0, port=port, quotas=None, log=tmp_path / "log"):
                pass


async def test_a_dead_market_says_so(tmp_path: Path) -> None:
    async with running_emulator(seed=7, start=START, speed=1.0, port=0, quotas=None, log=tmp_path / "log") as market:
        os.kill(market.pid, signal.SIGKILL)
        assert await market.wait() == -signal.SIGKILL
        with pytest.raises(CockpitError, match="has ended"):
            await market.next_session()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own signal for it is Linux's")
def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    with suppress(psutil.NoSuchProcess):
        child.wait(10)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def _standalone(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cockpit.emulator", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_alone_it_prints_one_line_and_ends_with_a_signal() -> None:
    with _standalone("--seed", "9", "--speed", "0", "--quota", "tradier=5", "--fault", "latency_ms=1") as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert (ready["seed"], ready["pid"], ready["clock"]["speed"]) == (9, process.pid, 0.0)
        process.terminate()
        assert process.wait(10) == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--fault", "tradier_statu=1"), "did you mean tradier_status"),
        (("--quota", "tradier=many"), "NAME=N"),
        (("--start", "soon"), "--start takes a time"),
        (("--start", "2026-11-24T10:42:00"), "needs a time zone"),
    ],
)
def test_what_it_cannot_do_is_a_usage_error(arguments: tuple[str, ...], sentence: str) -> None:
    with _standalone(*arguments) as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
