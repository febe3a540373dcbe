"""Signals while a command works: the first closes in order, the second ends at once."""

import signal
import subprocess
import sys
import textwrap

import pytest

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


def working(body: str) -> subprocess.Popen[str]:
    """A process in the midst of ``complete(work())``; it has said ``ready``."""
    head = "import asyncio\nfrom cockpit.cli.interruption import complete\n"
    program = f"{head}async def work():\n{textwrap.indent(textwrap.dedent(body), '    ')}\ncomplete(work())\n"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize(("signum", "code"), SIGNALS)
def test_the_first_signal_lets_the_work_close(signum: signal.Signals, code: int) -> None:
    body = """
        print("ready", flush=True)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            print("closed", flush=True)
    """
    with working(body) as process:
        process.send_signal(signum)
        assert process.wait(30) == code
        assert process.stdout is not None
        assert process.stdout.read() == "closed\n"


@pytest.mark.parametrize(("signum", "code"), SIGNALS)
def test_the_second_ends_work_that_does_not_close(signum: signal.Signals, code: int) -> None:
    body = """
        print("ready", flush=True)
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                print("no", flush=True)
    """
    with working(body) as process:
        process.send_signal(signum)
        assert process.stdout is not None
        assert process.stdout.readline() == "no\n"
        process.send_signal(signum)
        assert process.wait(30) == code
