from collections.abc import AsyncIterator

import pytest

from tests.strategies.session import Market


@pytest.fixture
async def market() -> AsyncIterator[Market]:
    """An exchange that streams what the test lets happen."""
    made = Market()
    async with made.venue.running():
        yield made
