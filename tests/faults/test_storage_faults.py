"""The faults of the storage in reduced counts."""

import asyncio
from pathlib import Path

from tests.faults._verdict import check
from tests.faults.full_disk import full_file, spent_reserve
from tests.faults.kill import kill
from tests.faults.locked import locked


def test_nothing_acknowledged_is_lost_to_a_kill(tmp_path: Path) -> None:
    assert kill(tmp_path, rounds=3, seconds=0.3) > 0


def test_a_locked_database_only_delays(tmp_path: Path) -> None:
    outcome = locked(tmp_path, seconds=2.0)
    assert "locked by another program" in outcome.sentence or "has not answered" in outcome.sentence
    assert outcome.megabytes < 64


def test_a_full_disk_only_delays(tmp_path: Path) -> None:
    outcome = asyncio.run(full_file(tmp_path, 0.5))
    assert "no space is left" in outcome.sentence
    assert check(tmp_path, outcome.stored) == outcome.stored


def test_the_last_of_the_disk_is_left_to_the_portfolio(tmp_path: Path) -> None:
    outcome = asyncio.run(spent_reserve(tmp_path, 0.5))
    assert "trades are not stored until there is room" in outcome.sentence
    assert check(tmp_path, outcome.stored) == outcome.stored
