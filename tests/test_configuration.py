"""What the screen paints from before anything is validated."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.configuration import Configuration, read_configuration
from cockpit.errors import ConfigurationError
from cockpit.validation import validated

pytestmark = pytest.mark.usefixtures("config_home")


def test_the_first_look_is_that_of_the_validated_settings() -> None:
    flags = [("ui.theme", "light"), ("ui.hz", "3"), ("ui.mouse", "false"), ("profile", "live"), ("keymap.zoom", "f5")]
    configuration = read_configuration(flags=flags, environment={"COCKPIT_UI__STALE_SECONDS": "7"})
    look, settings = configuration.first_look(), validated(configuration).settings
    assert (look.profile, look.keymap) == (settings.profile, settings.keymap) == ("live", {"zoom": "f5"})
    for name in ("theme", "hz", "mouse", "stale_seconds"):
        assert getattr(look.ui, name) == getattr(settings.ui, name)
    assert look.folders() == settings.folders()


def test_options_of_the_program_are_text_whatever_they_look_like_and_go_over_all_else() -> None:
    configuration = read_configuration(
        flags=[("paths.data_dir", "elsewhere")], environment={}, options={"paths.data_dir": "2024", "profile": "true"}
    )
    assert configuration.first_look().data_dir == "2024"
    assert configuration.profile == "true"
    assert configuration.origins["paths.data_dir"] == "--data-dir"
    assert configuration.origins["profile"] == "--profile"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["ui", "paths", "keymap", "profile"]), anything), anything)
def test_nonsense_looks_like_the_defaults_until_it_is_named(values: dict[str, object], profile: object) -> None:
    look = Configuration((), profile, values, {}).first_look()
    assert isinstance(look.ui.theme, str)
    assert 0.0 <= look.ui.hz <= 30.0
    assert all(isinstance(keys, str) for keys in look.keymap.values())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"x = " + b"[" * 5000, "nested without end"),
        (b".".join([b"a"] * 3000) + b" = 1\n", "without end"),
        (b"x = " + b"9" * 6000, "cannot be read"),
        (b"# " + b"x" * 2**20, "larger than 1 MB"),
        (b"\xff\xfe[\x00", "byte 1 is no UTF-8"),
        (b"[scan\n", "not valid TOML"),
    ],
)
def test_what_is_no_configuration_is_one_sentence_with_the_file(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "odd.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=told) as raised:
        read_configuration(file, environment={})
    assert str(file) in str(raised.value)
    assert len(str(raised.value)) < 500 + len(str(file))


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf[scan]\ndays = 3\n", b"[scan]\r\ndays = 3\r\n", b"[scan]\ndays = 3"])
def test_the_habits_of_editors_are_no_faults(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "own.toml"
    file.write_bytes(content)
    assert read_configuration(file, environment={}).values["scan"]["days"] == 3


def test_a_configuration_out_of_reach_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot read the configuration file .*: Is a directory\Z"):
        read_configuration(tmp_path, environment={})
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ("x" * 300)))
    with pytest.raises(ConfigurationError, match="File name too long"):
        read_configuration(environment={})


def test_keys_and_variables_without_end_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="as deep as"):
        read_configuration(flags=[(".".join(["a"] * 3000), "1")], environment={})
    with pytest.raises(ConfigurationError, match="as deep as"):
        read_configuration(environment={"COCKPIT_" + "__".join(["A"] * 3000): "1"})


def test_a_session_that_reads_again_keeps_the_overrides_of_its_profile(tmp_path: Path) -> None:
    file = tmp_path / "two.toml"
    file.write_text('profile = "live"\n[profiles.live.scan]\ndays = 3\n[profiles.sim.scan]\ndays = 5\n')
    again = read_configuration(file, environment={}, running="sim")
    assert (again.profile, again.values["scan"]["days"]) == ("live", 5)
