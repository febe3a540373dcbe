"""Folders: private, apart by profile, and a clear word where they cannot be made."""

import stat
from pathlib import Path

import pytest

from cockpit.errors import ConfigurationError, StorageError
from cockpit.paths import config_file, profile_paths, shipped


def test_profiles_never_share_a_folder(tmp_path: Path) -> None:
    folders = {profile_paths(name, tmp_path).database for name in ("sim", "live", "replay")}
    assert len(folders) == 3


def test_folders_are_private(tmp_path: Path) -> None:
    folders = profile_paths("sim", tmp_path / "deep/er")
    folders.create()
    assert stat.S_IMODE(folders.data.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"file/sim.*--data-dir"):
        profile_paths("sim", tmp_path / "file").create()


def test_without_a_home_nothing_is_made_where_one_happens_to_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as for a user who is in no list of users
    with pytest.raises(ConfigurationError, match="set HOME"):
        config_file()
    with pytest.raises(ConfigurationError, match="no such home folder"):
        profile_paths("sim", Path("~nobody-of-this-name/data"))


def test_shipped_files_are_found() -> None:
    assert shipped("config.toml").is_file()
    assert shipped("themes").is_dir()
