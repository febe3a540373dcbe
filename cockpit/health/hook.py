"""The command that an alert may run: a program with arguments, never a line for a shell."""

import asyncio
import logging
import os
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence

from cockpit.health.alert import Alert

log = logging.getLogger(__name__)

_SECONDS = 10.0
_AT_ONCE = 4
_MOST_WAITING = 32
_PREFIX = "COCKPIT_"


class AlertHook:
    """Runs one command for each alert, with the alert's sentence as its last argument.

    The command also finds COCKPIT_ALERT_RULE, COCKPIT_ALERT_SUBJECT, COCKPIT_ALERT_SENTENCE and COCKPIT_ALERT_AT in its
    environment, and none of the cockpit's own settings, since those may hold keys. It has ten seconds. Whatever goes
    wrong is a line in the log and no more.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.command = tuple(command)
        """The program and its arguments; nothing is run where it is empty."""
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()

    def start(self, alert: Alert) -> None:
        """Run the command, if there is one, for this alert in the background; never waits."""
        if not self.command:
            return
        if len(self._running) >= _MOST_WAITING:
            log.warning("the alert command is not run for %s: %d are waiting", alert.rule, len(self._running))
            return
        task = asyncio.create_task(self._run(alert), name="cockpit:alert-command")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def aclose(self) -> None:
        """End what still runs."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _run(self, alert: Alert) -> None:
        async with self._free:
            command = self.command
            if not command:
                return
            try:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    alert.sentence,
                    stdin=DEVNULL,
                    stdout=DEVNULL,
                    stderr=PIPE,
                    env=_environment(alert),
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                log.warning("the alert command %s cannot be run: %s", command[0], reason)
                return
            try:
                async with asyncio.timeout(_SECONDS):
                    _, complaint = await process.communicate()
            except TimeoutError:
                log.warning("the alert command %s has not ended within %.0f s", command[0], _SECONDS)
            else:
                if process.returncode:
                    told = complaint.decode("utf-8", "replace").strip().splitlines()[-1:] or [""]
                    log.warning("the alert command %s ended with %d %s", command[0], process.returncode, told[0])
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()


def _environment(alert: Alert) -> Mapping[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_PREFIX)}
    return {
        **inherited,
        "COCKPIT_ALERT_RULE": alert.rule,
        "COCKPIT_ALERT_SUBJECT": alert.subject,
        "COCKPIT_ALERT_SENTENCE": alert.sentence,
        "COCKPIT_ALERT_AT": alert.at.isoformat(),
    }
