"""``cockpit config``: show, validate, init, path."""

import json
import stat
import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import Cockpit


def test_init_writes_a_private_commented_file_once(cockpit: Cockpit, home: Path) -> None:
    file = Path(cockpit("config", "path").out.strip())
    assert file == home / "config" / "cockpit" / "config.toml"
    assert cockpit("config", "init").code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "#" in file.read_text()
    assert tomllib.loads(file.read_text())["profile"] == "sim"
    file.write_text("[scan]\ndays = 3\n")
    again = cockpit("config", "init")
    assert again.code == 3
    assert "stays as it is" in again.err
    assert file.read_text() == "[scan]\ndays = 3\n"


def test_show_tells_the_origin_and_no_secret(cockpit: Cockpit, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_PROVIDERS__TRADIER__TOKEN", "hush-hush")
    monkeypatch.setenv("COCKPIT_SCAN__DAYS", "6")
    told = cockpit("config", "show", "--origin", "--format", "json", "--set", "ui.theme=dark")
    assert "hush-hush" not in told.out + told.err
    settings = {row["key"]: row for row in json.loads(told.out)["settings"]}
    assert settings["scan.days"] == {"key": "scan.days", "value": 6, "origin": "environment COCKPIT_SCAN__DAYS"}
    assert settings["ui.theme"]["origin"] == "--set ui.theme"
    assert settings["scan.concurrency"]["origin"] == "default"
    assert settings["providers.tradier.token"]["value"] == "(set)"


def test_validate_covers_the_keymap(cockpit: Cockpit, tmp_path: Path) -> None:
    assert cockpit("config", "validate").code == 0
    file = tmp_path / "own.toml"
    file.write_text('[keymap]\nscann = "s"\n')
    refused = cockpit("--config", str(file), "config", "validate")
    assert refused.code == 3
    assert "scan" in refused.err


@pytest.mark.parametrize(
    ("text", "told"),
    [('[ui]\ntheme = "drak"\n', "there is no theme drak"), ('[alerts.rules]\n"odd" = "vrp>>2"\n', "vrp>>2")],
)
def test_validate_covers_the_theme_and_the_alerts(cockpit: Cockpit, tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "odd.toml"
    file.write_text(text, encoding="utf-8")
    refused = cockpit("--config", str(file), "config", "validate")
    assert refused.code == 3
    assert told in refused.err


def test_a_configuration_file_that_is_named_must_exist(cockpit: Cockpit, tmp_path: Path) -> None:
    refused = cockpit("--config", str(tmp_path / "none.toml"), "config", "show")
    assert refused.code == 3
    assert "none.toml" in refused.err


def test_init_makes_the_file_that_was_named(cockpit: Cockpit, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "own.toml"
    assert cockpit("--config", str(file), "config", "init").code == 0
    assert cockpit("--config", str(file), "config", "validate").code == 0
