"""The configuration is edited beside the running program."""

import os
from pathlib import Path

import pytest

from tests.terminal.conftest import Start
from tests.terminal.driver import cockpit_environment

pytestmark = pytest.mark.terminal


def test_an_edited_configuration_shows_on_the_screen_and_a_wrong_one_is_refused(start: Start, tmp_path: Path) -> None:
    terminal = start()
    terminal.sees("BTCUSDT")
    file = Path(cockpit_environment(tmp_path)["XDG_CONFIG_HOME"]) / "cockpit" / "config.toml"
    os.makedirs(file.parent)
    file.write_text('[keymap]\nzoom = "f5"\n[scan]\nevery_minutes = 7\n', encoding="utf-8")
    terminal.sees("settings applied")
    terminal.sees("F5 zoom")
    file.write_text('[keymap]\nzoom = "f6"\n[scan]\nevery_minutes = -7\n', encoding="utf-8")
    terminal.sees("settings refused")
    terminal.sees("scan.every_minutes")
    assert "F6 zoom" not in terminal.text
    terminal.press("q")
    assert terminal.ends() == 0
