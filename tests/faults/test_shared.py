"""The faults of what cockpits share, in counts that a test suite bears: the vendor's own log is the judge."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.limits import hammer
from tests.faults.redis import survive
from tests.net.redis_process import running_redis


@pytest.mark.parametrize("store", ["file", "redis"])
async def test_processes_on_one_key_never_break_a_window(tmp_path: Path, store: str) -> None:
    limits = ["20/1s", "45/1m"]
    if store == "file":
        outcome = await hammer(2, str(tmp_path / "limits.db"), limits, 4.0, tmp_path, kill_at=2.5)
    else:
        with running_redis() as redis:
            outcome = await hammer(2, redis.url, limits, 4.0, tmp_path)
    assert outcome.violations() == 0
    assert outcome.errors == []
    assert len(outcome.arrivals) <= 45


@pytest.mark.parametrize("with_file", [False, True])
def test_a_redis_that_comes_and_goes_harms_nobody(with_file: bool) -> None:
    with running_redis("--enable-debug-command", "yes") as redis:
        found = asyncio.run(survive(redis, 5, with_file=with_file))
    assert found.raised == []
    assert found.wrong == []
    assert found.back
