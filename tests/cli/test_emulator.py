"""``cockpit emulator``: one line of JSON when it is ready, and a clean end with a signal."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.emulator.faults import FAULTS
from cockpit.emulator.quotas import QUOTAS
from tests.cli.conftest import Cockpit


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_tells_its_addresses_and_ends_with_a_signal(home: Path, signum: signal.Signals, code: int) -> None:
    command = [sys.executable, "-m", "cockpit", "emulator", "--port", "0", "--seed", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        ready = process.stdout.readline()
        assert "http://127.0.0.1:" in json.dumps(json.loads(ready))
        process.send_signal(signum)
        assert process.wait(30) == code
        assert process.stdout.read() == ""
        assert process.stderr.read() == ""


def test_its_help_names_every_fault_and_quota(cockpit: Cockpit) -> None:
    told = cockpit("emulator", "--help").out
    assert all(name in told for name in (*FAULTS, *QUOTAS))


def test_a_fault_that_does_not_exist_is_misuse(cockpit: Cockpit) -> None:
    refused = cockpit("emulator", "--fault", "tradier_statu=429")
    assert (refused.code, refused.out) == (2, "")
    assert "did you mean tradier_status?" in refused.err
