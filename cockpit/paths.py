"""Where files are: configuration, data and state folders by the XDG rules, and the files shipped with the package."""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from cockpit.errors import StorageError

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
    """The folders of a profile; with ``data_dir`` both data and state live under it."""
    if data_dir is not None:
        root = data_dir.expanduser().absolute() / profile
        return Paths(root, root)
    return Paths(
        Path(platformdirs.user_data_dir(_APP)) / profile,
        Path(platformdirs.user_state_dir(_APP)) / profile,
    )


def config_file() -> Path:
    """The user's configuration file, whether it exists or not."""
    return Path(platformdirs.user_config_dir(_APP)) / "config.toml"


def environment_file() -> Path:
    """The user's file of secrets (mode 0600), whether it exists or not."""
    return Path(platformdirs.user_config_dir(_APP)) / ".env"


def user_themes() -> Path:
    """The folder where a user may put themes of their own."""
    return Path(platformdirs.user_config_dir(_APP)) / "themes"


def user_strategies(folder: str = "") -> Path:
    """The folder of a user's own strategies: the one that the settings name, or the one beside the configuration."""
    return Path(folder).expanduser().absolute() if folder else Path(platformdirs.user_config_dir(_APP)) / "strategies"


def shipped(name: str) -> Path:
    """A file or folder that comes with the package: from the wheel, or from the top of a checkout."""
    package = Path(__file__).parent
    inside = package / "_shipped" / name
    return inside if inside.exists() else package.parent / name
