"""Fixtures that every test folder may use."""

import os
from pathlib import Path

import pytest

from cockpit.paths import Paths

_SHARED = Path(__file__).parents[2] / "shared"


def _folder(variable: str, name: str) -> Path:
    folder = Path(os.environ.get(variable) or _SHARED / name)
    if not folder.is_dir():
        pytest.skip(f"there is no folder {folder}; {variable} names another")
    return folder


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of reference vectors; a missing folder skips, a missing file in it fails."""
    return _folder("COCKPIT_VECTORS", "vectors")


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recorded vendor answers; a missing folder skips."""
    return _folder("COCKPIT_RECORDINGS", "recordings")


@pytest.fixture
def config_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of configurations, not made yet, in place of the user's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Folders of a profile, not made yet."""
    return Paths(tmp_path / "data", tmp_path / "state")
