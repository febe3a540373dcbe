"""Command lines run in this process, each in a home folder of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cockpit.cli.main import run


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command line ended and what it wrote."""

    code: int
    out: str
    err: str


Cockpit = Callable[..., Ended]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    return tmp_path


@pytest.fixture
def cockpit(home: Path, capfd: pytest.CaptureFixture[str]) -> Cockpit:
    def call(*argv: str) -> Ended:
        capfd.readouterr()
        code = run(argv)
        written = capfd.readouterr()
        return Ended(code, written.out, written.err)

    return call
