"""The log: private, rotated, and quiet about repetitions."""

import logging
import stat
from pathlib import Path

import pytest

from cockpit.logs import logging_to


def test_the_log_goes_to_a_private_file_and_repeats_are_held_back(tmp_path: Path) -> None:
    path = tmp_path / "cockpit.log"
    root = logging.getLogger()
    before = root.handlers[:]
    with logging_to(path):
        for _ in range(100):
            logging.getLogger("feed").warning("connection lost")
        logging.getLogger("feed").warning("connection back")
    lines = path.read_text().splitlines()
    assert len(lines) == 2
    assert "connection lost" in lines[0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert root.handlers == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_log_on_a_full_disk_says_nothing_on_the_screen(capfd: pytest.CaptureFixture[str]) -> None:
    with logging_to(Path("/dev/full")):
        logging.getLogger("feed").warning("connection lost")
    assert capfd.readouterr() == ("", "")
