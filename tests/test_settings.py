"""Settings: precedence, origins, refusals that help, secrets that never print."""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.configuration import is_secret
from cockpit.errors import ConfigurationError, ExitCode
from cockpit.setting_values import parse_limit
from cockpit.settings import Settings
from cockpit.validation import leaves, load_settings

pytestmark = pytest.mark.usefixtures("config_home")


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def refusal(file: Path | None = None, flags: Sequence[tuple[str, str]] = ()) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(file, flags, environment={})
    assert caught.value.exit_code is ExitCode.CONFIGURATION
    return str(caught.value)


def test_shipped_file_holds_every_setting_at_its_default() -> None:
    loaded = load_settings(environment={})
    shipped = dict(leaves(loaded.settings))
    by_code = dict(leaves(Settings()))
    profile_overrides = {key for key, origin in loaded.origins.items() if origin == "default [profiles.sim]"}
    plain = {key for key in by_code if key not in profile_overrides and not is_secret(key)}
    assert {key: json.loads(shipped[key]) for key in plain} == {key: json.loads(by_code[key]) for key in plain}
    empty_tables = {"keymap", "strategies.parameters"}
    assert {key for key in plain if key not in loaded.origins} == empty_tables, "the file lists every setting"


def test_precedence_is_flag_then_environment_then_file_then_default(tmp_path: Path) -> None:
    file = write(tmp_path / "own.toml", "[scan]\ndays = 5\nconcurrency = 5\nmin_quarters = 5\n")
    environment = {"COCKPIT_SCAN__DAYS": "6", "COCKPIT_SCAN__CONCURRENCY": "6"}
    loaded = load_settings(file, [("scan.days", "7")], environment)
    scan = loaded.settings.scan
    assert (scan.days, scan.concurrency, scan.min_quarters, scan.max_quarters) == (7, 6, 5, 12)
    assert loaded.origins["scan.days"] == "--set scan.days"
    assert loaded.origins["scan.concurrency"] == "environment COCKPIT_SCAN__CONCURRENCY"
    assert loaded.origins["scan.min_quarters"] == f"file {file}"
    assert loaded.origins["scan.max_quarters"] == "default"


def test_a_profile_overrides_within_its_layer_only(tmp_path: Path) -> None:
    file = write(tmp_path / "own.toml", '[providers.tradier]\nlimits = ["60/1m"]\n[profiles.live.scan]\ndays = 3\n')
    live = load_settings(file, [("profile", "live")], {}).settings
    sim = load_settings(file, [], {}).settings
    assert (live.scan.days, sim.scan.days) == (3, 14)
    assert sim.providers.tradier.limits == ("60/1m",), "the user's file outranks the shipped profile"


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        (("scan.dayz", "3"), ["scan.dayz", "did you mean scan.days?"]),
        (("tick.symbols", "[]"), ["unknown setting tick", "did you mean ticks?"]),
        (("scan.days", "soon"), ["scan.days", "a whole number", "'soon'"]),
        (("scan.days", "0"), ["scan.days", "1 or more, not 0"]),
        (("scan.min_price", "1e400"), ["scan.min_price", "finite"]),
        (("scan.min_quarters", "20"), ["setting scan (--set scan.min_quarters)", "over max_quarters 12"]),
        (("ticks.symbols", '["btcusdt"]'), ["ticks.symbols.0", "capital letters"]),
        (("profile", "demo"), ["profile", "sim, live, replay"]),
        (("scan", "3"), ["scan is not a table"]),
        (("sim.start", "2026-11-24"), ["sim.start", "with its zone"]),
        (("sim.start", "5"), ["sim.start", "a time"]),
        (("paths.data_dir", "data"), ["paths.data_dir", "from / or ~ on", "'data'"]),
        (("strategies.folder", "./mine"), ["strategies.folder", "from / or ~ on", "'./mine'"]),
        (("strategies.parameters.rsi", "{ length = [1] }"), ["parameters.rsi.length (", "text in quotes, true or"]),
        (("sim.start", "9999-12-31T00:00:00Z"), ["sim.start", "between 1970 and 2099"]),
        (("scoring.weights.ev", "90"), ["scoring.weights (--set scoring.weights.ev)", "110"]),
        (("providers.tradier.base_url", "https://"), ["providers.tradier.base_url", "https://HOST"]),
        (("providers.tradier.base_url", "https://[::1"), ["providers.tradier.base_url", "https://HOST"]),
        (("providers.tradier.base_url", "https://me:hush@x"), ["no place in an address", "(hidden)"]),
        (("venues.binance.ws_url", "https://x"), ["venues.binance.ws_url", "wss://HOST"]),
        (("providers.tradier.limits", '["many"]'), ["providers.tradier.limits", "120/1m"]),
        (("sizing.kelly_fraction", "nan"), ["sizing.kelly_fraction"]),
    ],
)
def test_a_bad_value_is_refused_with_key_and_remedy(flag: tuple[str, str], words: list[str]) -> None:
    sentence = refusal(flags=[flag])
    assert all(word in sentence for word in words), sentence


_OF_ANOTHER_KIND = {
    int: ("true", '"5"', "2.5"),
    float: ("true", '"5"', "nan"),
    bool: ("1", '"yes"'),
    str: ("5", "true"),
}


def test_nothing_of_another_kind_is_taken_for_a_value() -> None:
    taken = []
    for key, text in leaves(Settings()):
        value = None if is_secret(key) else json.loads(text)
        for wrong in _OF_ANOTHER_KIND.get(type(value), ()):
            with suppress(ConfigurationError):
                load_settings(flags=[(key, wrong)], environment={})
                taken.append(f"{key} = {wrong}")
    assert taken == []


@pytest.mark.parametrize("name", ["COCKPIT_SCAN_DAYS", "COCKPIT_PROVIDERS_TRADIER_TOKEN"])
def test_a_variable_with_one_underscore_too_few_is_refused_with_the_right_form(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} .*two underscores .*__KEY"):
        load_settings(environment={name: "3"})
    assert load_settings(environment={"COCKPIT_VECTORS": "x", "COCKPIT_SUPERUSER": "sudo"}).settings.scan.days == 14


def test_a_missing_named_file_is_an_error_and_a_missing_own_file_is_not(tmp_path: Path) -> None:
    assert "there is no configuration file" in refusal(file=tmp_path / "none.toml")
    assert load_settings(environment={}).settings.profile == "sim"


def test_broken_toml_names_the_file(tmp_path: Path) -> None:
    file = write(tmp_path / "own.toml", "profile = \n")
    assert str(file) in refusal(file=file)


def test_secrets_are_taken_from_the_environment_and_never_printed() -> None:
    environment = {"COCKPIT_PROVIDERS__TRADIER__TOKEN": "hush-hush-123"}
    loaded = load_settings(environment=environment)
    token = loaded.settings.providers.tradier.token
    assert token is not None
    assert token.get_secret_value() == "hush-hush-123"
    printed = repr(loaded) + str(dict(leaves(loaded.settings)))
    assert "hush" not in printed
    assert dict(leaves(loaded.settings))["providers.tradier.token"] == "(set)"


def test_a_secret_in_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    text = '[providers.tradier]\ntoken = "abc"\n'
    assert "chmod 600" in refusal(file=write(tmp_path / "own.toml", text, 0o644))
    allowed = load_settings(write(tmp_path / "other.toml", text, 0o600), environment={})
    assert allowed.settings.providers.tradier.token is not None


def test_the_file_of_secrets_is_read_and_must_be_private(tmp_path: Path) -> None:
    file = write(tmp_path / "config/cockpit/.env", "# keys\nCOCKPIT_PROVIDERS__TRADIER__TOKEN='abc'\n")
    token = load_settings(environment={}).settings.providers.tradier.token
    assert token is not None
    assert token.get_secret_value() == "abc"
    write(file, '\ufeffexport COCKPIT_UI__THEME="light"  # mine\r\nCOCKPIT_PROVIDERS__TRADIER__TOKEN=a#b # c\r\n')
    settings = load_settings(environment={}).settings
    assert settings.ui.theme == "light"
    assert settings.providers.tradier.token is not None
    assert settings.providers.tradier.token.get_secret_value() == "a#b"
    file.chmod(0o640)
    assert "chmod 600" in refusal()
    write(file, "TRADIER=abc\n")
    assert "line 1" in refusal()


def test_the_example_of_a_file_of_keys_names_every_secret_and_can_be_used_as_it_is(tmp_path: Path) -> None:
    example = (Path(__file__).parents[1] / ".env.example").read_text(encoding="utf-8")
    secrets = [key for key, _ in leaves(Settings()) if is_secret(key)]
    assert [key for key in secrets if f"\nCOCKPIT_{key.upper().replace('.', '__')}=\n" not in example] == []
    without = dict(leaves(load_settings(environment={}).settings))
    write(tmp_path / "config/cockpit/.env", example)
    assert dict(leaves(load_settings(environment={}).settings)) == without


@given(st.text(max_size=30))
def test_any_text_is_a_limit_or_a_clear_refusal(text: str) -> None:
    if re.fullmatch(r"0*[1-9]\d*/(0*[1-9]\d*)?[smhd]", text, re.ASCII):
        count, seconds = parse_limit(text)
        assert count > 0
        assert seconds > 0
    else:
        with pytest.raises(ValueError, match="120/1m"):
            parse_limit(text)
