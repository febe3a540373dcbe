"""What the screen paints from before anything is validated."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.configuration import Configuration, read_configuration
from cockpit.settings import validated


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


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
    assert configuration.origins["paths.data_dir"] == "--set paths.data_dir"


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
