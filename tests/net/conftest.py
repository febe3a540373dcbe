"""What tests of the network layer stand on: a vendor on loopback and a clock that they move."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from tests.net.fakes import HandClock, Vendor, vendor


@pytest.fixture
async def served() -> AsyncIterator[Vendor]:
    """A vendor whose answers the test sets."""
    async with vendor() as running:
        yield running


@pytest.fixture
def clock() -> HandClock:
    """A clock that begins now and stands still."""
    return HandClock(datetime.now(UTC))
