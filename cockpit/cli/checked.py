"""Settings checked as far as the cockpit can without running: what the models cannot know is looked at as well."""

from cockpit.cli.invocation import Invocation
from cockpit.errors import ConfigurationError
from cockpit.settings import Settings
from cockpit.settings_watch import SettingsFiles
from cockpit.validation import LoadedSettings


def checked(loaded: LoadedSettings) -> LoadedSettings:
    """The same settings, where their keymap, theme, alerts and strategies are in order, too.

    Raises:
        ConfigurationError: one of them is not.
    """
    from cockpit.boards import Boards
    from cockpit.clock import SystemClock
    from cockpit.health.alert_rows import AlertRows
    from cockpit.health.alerts import read_rules
    from cockpit.strategies.roster import read_roster
    from cockpit.tui.keymap import check_keymap
    from cockpit.tui.theming import find_theme

    settings = loaded.settings
    if faults := check_keymap(settings.keymap):
        raise ConfigurationError("; ".join(faults))
    find_theme(settings.ui.theme)
    read_rules(settings.alerts.rules, AlertRows(Boards(), SystemClock()))
    # A recording has symbols of its own.
    read_roster(settings.strategies, None if settings.profile == "replay" else settings.ticks.symbols)
    return loaded


def settings_files(invocation: Invocation, profile: str) -> SettingsFiles:
    """Where this invocation's settings come from, for a session that runs in this profile."""
    from cockpit.configuration import files_read

    def read() -> Settings:
        return checked(invocation.load(running=profile)).settings

    return SettingsFiles(lambda: files_read(invocation.config), read)
