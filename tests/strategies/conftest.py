from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.paths import Paths
from tests.strategies.session import Market


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "data", tmp_path / "state")


@pytest.fixture
async def market() -> AsyncIterator[Market]:
    """An exchange that streams what the test lets happen."""
    made = Market()
    async with made.venue.running():
        yield made
