"""Where files are: configuration, data and state folders by the XDG rules, and the files shipped with the package."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from cockpit.errors import ConfigurationError, StorageError

_APP = "cockpit"


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one profile. Each profile has its own, so simulated fills never mix with anything else."""

    data: Path
    state: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "cockpit.db"

    @property
    def lock(self) -> Path:
        """The file whose lock gives the folder its one owner."""
        return self.data / "owner.lock"

    @property
    def log(self) -> Path:
        """The log, rotated beside itself."""
        return self.state / "cockpit.log"

    def create(self) -> None:
        """Make the folders, readable by their owner only.

        Raises:
            StorageError: a folder cannot be made or written; the sentence names it.
        """
        for folder in (self.data, self.state):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise StorageError(
                    f"cannot make the folder {folder}: {error.strerror}; choose another with --data-dir"
                ) from error
            if not os.access(folder, os.W_OK | os.X_OK):
                raise StorageError(f"cannot write to the folder {folder}; choose another with --data-dir")


def profile_paths(profile: str, data_dir: Path | None = None) -> Paths:
    """The folders of a profile; with ``data_dir`` both data and state live under it.

    Raises:
        ConfigurationError: the folders would be in the user's home, and there is none.
    """
    if data_dir is not None:
        try:
            root = data_dir.expanduser().absolute() / profile
        except RuntimeError:
            raise ConfigurationError(f"{data_dir}: there is no such home folder; choose another data folder") from None
        return Paths(root, root)
    return Paths(_at_home(platformdirs.user_data_dir) / profile, _at_home(platformdirs.user_state_dir) / profile)


def config_file() -> Path:
    """The user's configuration file, whether it exists or not; raises as :func:`profile_paths`, as do the next two."""
    return _at_home(platformdirs.user_config_dir) / "config.toml"


def environment_file() -> Path:
    """The user's file of secrets (mode 0600), whether it exists or not."""
    return _at_home(platformdirs.user_config_dir) / ".env"


def user_themes() -> Path:
    """The folder where a user may put themes of their own."""
    return _at_home(platformdirs.user_config_dir) / "themes"


def _at_home(find: Callable[[str], str]) -> Path:
    """A folder of the user's; a relative one would be made wherever the program happens to be started."""
    with suppress(RuntimeError):
        folder = Path(find(_APP))
        if folder.is_absolute():
            return folder
    raise ConfigurationError("there is no home folder to look for settings and data in; set HOME")


def user_strategies(folder: str = "") -> Path:
    """The folder of a user's own strategies: the one that the settings name, or the one beside the configuration.

    Raises:
        ConfigurationError: the folder would be in a home that is not there.
    """
    if not folder:
        return _at_home(platformdirs.user_config_dir) / "strategies"
    try:
        return Path(folder).expanduser().absolute()
    except RuntimeError:
        raise ConfigurationError(f"strategies.folder is {folder}, but there is no such home folder") from None


def shipped(name: str) -> Path:
    """A file or folder that comes with the package: from the wheel, or from the top of a checkout."""
    package = Path(__file__).parent
    inside = package / "_shipped" / name
    return inside if inside.exists() else package.parent / name
