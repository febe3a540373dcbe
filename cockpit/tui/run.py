"""Running the screen on this terminal. Free of Textual until then, which reads the environment when it is imported."""

from cockpit.tui.environment import prepare_environment
from cockpit.tui.session import Look, OpenSession


def run_screen(settings: Look, open_session: OpenSession) -> int:
    """Run the cockpit on this terminal until it is left; returns the exit code."""
    prepare_environment()
    from cockpit.tui.app import CockpitApp

    app = CockpitApp(settings, open_session)
    result = app.run(mouse=settings.ui.mouse)
    app.disarm()
    return result if result is not None else (app.return_code or app.code or 0)
