"""The arrows of the design hold, by the same contracts as in the check."""

import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


def test_no_arrow_points_up() -> None:
    pytest.importorskip("importlinter", reason="import-linter is not installed (extra: lint)")
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    ended = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
