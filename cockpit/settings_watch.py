"""Watches the configuration's files while a session runs, and offers what they say once they stand still.

An editor truncates, writes in pieces, or renames a new file over the old one; no moment of that is a configuration.
What is read is what has not changed for a moment, and it is taken only if it is the same after reading as before.
"""

import asyncio
import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from cockpit.errors import ConfigurationError
from cockpit.live_settings import LiveSettings
from cockpit.settings import Settings

log = logging.getLogger(__name__)

_POLL_SECONDS = 2.0
_STEP_MS = 100
_GATHER_MS = 200
_AFTER_MOVE_SECONDS = 0.2
_STILL_SECONDS = 0.2
_STILL_UNENDED_SECONDS = 0.4
_MOST_BYTES = 2**20 + 1
_NOTHING = b""

Contents = Mapping[Path, bytes]
"""A digest of every file that is there; of an empty one it is empty, too."""


@dataclass(frozen=True, slots=True)
class SettingsFiles:
    """Where the settings of a session come from.

    Attributes:
        files: those that they are read from now, there or not; the folder of a theme is ``themes``.
        read: reads and checks them; raises ConfigurationError.
    """

    files: Callable[[], Iterable[Path]]
    read: Callable[[], Settings]


class SettingsWatch:
    """Reads the files again when they change.

    Notifications of the folders make it prompt. A look at the contents every other second makes it sure: there are file
    systems that notify nobody, and folders that are not there at the start.
    """

    def __init__(self, source: SettingsFiles, live: LiveSettings) -> None:
        self._source = source
        self._live = live
        self._taken = self._known = self._contents()
        self._stirred = asyncio.Event()

    async def run(self) -> None:
        """Watch for ever."""
        notices = asyncio.create_task(self._listen(), name="cockpit:settings-notices")
        try:
            while True:
                self._stirred.clear()
                await self.look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_SECONDS):
                        await self._stirred.wait()
        finally:
            notices.cancel()
            await asyncio.wait({notices})

    async def look(self) -> None:
        """Read the files if they are not those of the last look; returns once they stand still."""
        contents = await asyncio.to_thread(self._contents)
        while contents != self._known:
            await asyncio.sleep(await asyncio.to_thread(self._patience, contents))
            stood = await asyncio.to_thread(self._contents)
            if stood == contents:
                await self._judge(contents)
                stood = await asyncio.to_thread(self._contents)
            contents = stood

    async def _judge(self, contents: Contents) -> None:
        try:
            self._refuse_lost(contents)
            settings = await asyncio.to_thread(self._source.read)
            if await asyncio.to_thread(self._contents) != contents:
                return
            self._live.offer(settings, self._theme(contents))
            self._taken = contents
        except ConfigurationError as error:
            self._live.refuse(error)
        self._known = contents

    def _patience(self, contents: Contents) -> float:
        """How long the files must stand still: one whose last line has no end may well be half of one."""
        changed = [file for file, digest in contents.items() if digest != self._known.get(file)]
        return _STILL_SECONDS if all(_ended(file) for file in changed) else _STILL_UNENDED_SECONDS

    def _refuse_lost(self, contents: Contents) -> None:
        """A file that went or was emptied is an accident more often than a wish for all the defaults."""
        for file, digest in self._taken.items():
            if digest != _NOTHING and not contents.get(file) and not _is_theme(file):
                state = "is empty now" if file in contents else "is not there any more"
                raise ConfigurationError(f"{file} {state}; without it the next start is at the defaults")

    def _theme(self, contents: Contents) -> str:
        """The theme in force where its file has changed, in words."""
        chosen = self._live.in_force.ui.theme
        ours = [file for file in contents if _is_theme(file) and file.stem == chosen]
        return f"the theme {chosen}" if any(contents[file] != self._taken.get(file) for file in ours) else ""

    def _contents(self) -> Contents:
        found = {file: _digest(file) for file in self._source.files()}
        return {file: digest for file, digest in found.items() if digest is not None}

    async def _listen(self) -> None:
        """Set ``_stirred`` when something happens in the files' folders, for as long as the system can tell."""
        awatch = (await asyncio.to_thread(import_module, "watchfiles")).awatch
        while folders := await asyncio.to_thread(self._folders):
            # What happened before the system began to tell is looked for once it has.
            asyncio.get_running_loop().call_later(_AFTER_MOVE_SECONDS, self._stirred.set)
            try:
                async for changes in awatch(
                    *folders,
                    watch_filter=None,
                    step=_STEP_MS,
                    debounce=_GATHER_MS,
                    recursive=False,
                    rust_timeout=int(_POLL_SECONDS * 1000),
                    yield_on_timeout=True,
                ):
                    if changes:
                        self._stirred.set()
                    if await asyncio.to_thread(self._folders) != folders:
                        break
            except OSError as error:
                log.info("changes of the settings are looked for every %.0f s (%s)", _POLL_SECONDS, error)
                return

    def _folders(self) -> set[Path]:
        """The folder of every file and of what it links to, or the nearest one above it that is there."""
        places = {place for file in self._source.files() for place in (file, Path(os.path.realpath(file)))}
        folders = (next((one for one in place.parents if one.is_dir()), None) for place in places)
        return {folder for folder in folders if folder is not None}


def _digest(file: Path) -> bytes | None:
    try:
        with file.open("rb") as stream:
            content = stream.read(_MOST_BYTES)
            # A file of secrets is refused by who else may read it.
            others = os.fstat(stream.fileno()).st_mode & 0o077
    except OSError:
        return None
    return hashlib.sha256(content).digest() + bytes([others]) if content else _NOTHING


def _ended(file: Path) -> bool:
    try:
        return file.read_bytes().endswith(b"\n")
    except OSError:
        return False


def _is_theme(file: Path) -> bool:
    return file.parent.name == "themes"
