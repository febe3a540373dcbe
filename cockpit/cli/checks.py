"""The checks of ``cockpit doctor``. None of them changes anything."""

import asyncio
import os
import sqlite3
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cockpit.cli.invocation import Invocation
from cockpit.errors import CockpitError

if TYPE_CHECKING:
    from cockpit.paths import Paths
    from cockpit.settings import Settings

_OLDEST_SQLITE = (3, 35, 0)
_CONNECT_SECONDS = 5.0
_MUCH_EMPTY = 64_000_000


class Verdict(StrEnum):
    """What a check says."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what it looked at, what it saw and, where that is not well, what to do."""

    check: str
    verdict: Verdict
    detail: str
    remedy: str = ""

    @property
    def failed(self) -> bool:
        """True where the cockpit will not run like this."""
        return self.verdict is Verdict.FAIL


def examine(invocation: Invocation, *, online: bool = False) -> list[Finding]:
    """All findings, in the order in which a person would look. ``online`` reaches out in the live profile only."""
    findings = [_python(), _terminal(), _sqlite(sqlite3.sqlite_version_info)]
    try:
        settings = invocation.settings
    except CockpitError as error:
        findings.append(Finding("configuration", Verdict.FAIL, str(error), "mend it, or see cockpit config path"))
        return findings
    findings.append(_configuration(invocation, settings))
    findings.extend(_folders(settings.folders()))
    findings.append(_disk(settings.folders().data))
    findings.append(_file_system(settings.folders().data))
    findings.append(_database(settings.folders().database))
    findings.extend(_keys(settings))
    findings.append(_port(settings))
    if online and settings.profile == "live":
        findings.extend(asyncio.run(_reach(settings)))
    return findings


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", Verdict.OK, version)


def _terminal() -> Finding:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return Finding("terminal", Verdict.WARN, "none", "the screen needs one; the other commands do not")
    columns, lines = os.get_terminal_size(sys.stdout.fileno())
    term = os.environ.get("TERM", "TERM not set")
    if term in {"dumb", "unknown"}:
        return Finding("terminal", Verdict.FAIL, f"TERM={term}", "export TERM=xterm-256color")
    if columns < 80 or lines < 24:
        return Finding("terminal", Verdict.WARN, f"{columns}x{lines}, {term}", "80x24 or more shows every column")
    return Finding("terminal", Verdict.OK, f"{columns}x{lines}, {term}")


def _sqlite(version: tuple[int, ...]) -> Finding:
    text = ".".join(map(str, version))
    if version < _OLDEST_SQLITE:
        oldest = ".".join(map(str, _OLDEST_SQLITE))
        return Finding("sqlite", Verdict.FAIL, text, f"use a Python that is built with SQLite {oldest} or newer")
    from cockpit.storage.engine import has_wal_reset_defect

    if not has_wal_reset_defect(version):
        return Finding("sqlite", Verdict.OK, text)
    return Finding(
        "sqlite",
        Verdict.WARN,
        f"{text} has the WAL-reset defect",
        "the cockpit's single writer avoids it; do not write to the database from another program",
    )


def _configuration(invocation: Invocation, settings: "Settings") -> Finding:
    from cockpit.paths import config_file
    from cockpit.tui.keymap import check_keymap

    file = invocation.config or config_file()
    source = str(file) if file.exists() else "defaults (no file)"
    faults = check_keymap(settings.keymap)
    if faults:
        return Finding("configuration", Verdict.FAIL, "; ".join(faults), f"mend [keymap] in {file}")
    return Finding("configuration", Verdict.OK, f"{source}, profile {settings.profile}")


def _folders(folders: "Paths") -> Iterator[Finding]:
    for name, folder in dict.fromkeys((("data", folders.data), ("state", folders.state))):
        present = _nearest(folder)
        if not os.access(present, os.W_OK | os.X_OK):
            yield Finding(
                f"{name} folder", Verdict.FAIL, f"cannot write to {present}", "choose another with --data-dir"
            )
        elif present != folder:
            yield Finding(f"{name} folder", Verdict.OK, f"{folder} (made at the first start)")
        elif stat.S_IMODE(folder.stat().st_mode) & 0o077:
            mode = stat.S_IMODE(folder.stat().st_mode)
            yield Finding(f"{name} folder", Verdict.WARN, f"{folder}, mode {mode:o}", f"chmod 700 {folder}")
        else:
            yield Finding(f"{name} folder", Verdict.OK, str(folder))


def _disk(folder: Path) -> Finding:
    from cockpit.storage.space import disk_space

    space = disk_space(_nearest(folder))
    free = f"{space.free / 1e9:.1f} GB free of {space.total / 1e9:.0f}"
    if space.warning:
        return Finding("disk space", Verdict.WARN, free, f"make room: {space.warning}")
    return Finding("disk space", Verdict.OK, free)


def _file_system(folder: Path) -> Finding:
    from cockpit.storage.filesystem import is_doubtful, is_network, mounted_as

    kind = mounted_as(_nearest(folder))
    if kind is None:
        return Finding("file system", Verdict.OK, "not told by this system")
    if is_network(kind):
        return Finding("file system", Verdict.FAIL, f"{kind}, over a network", "choose a local folder with --data-dir")
    if is_doubtful(kind):
        return Finding("file system", Verdict.WARN, kind, "its locks may be weak; a local --data-dir is safer")
    return Finding("file system", Verdict.OK, kind)


def _database(file: Path) -> Finding:
    from cockpit.storage.failures import DamagedDatabaseError
    from cockpit.storage.pages import inspect

    if not file.exists():
        return Finding("database", Verdict.OK, "none yet (made at the first start)")
    try:
        pages = inspect(file)
    except DamagedDatabaseError as error:
        remedy = "start the screen: it moves the file aside and takes the newest sound copy"
        return Finding("database", Verdict.FAIL, f"damaged ({error.reason})", remedy)
    except CockpitError as error:
        return Finding("database", Verdict.FAIL, str(error), "see that it is yours and that no other program has it")
    empty = pages.empty_bytes
    detail = f"{(pages.used_bytes + empty) / 1e6:,.1f} MB, {empty / 1e6:,.1f} MB of them empty"
    if empty > _MUCH_EMPTY and not pages.shrinks:
        return Finding("database", Verdict.WARN, detail, "cockpit doctor --compact gives that back to the disk")
    return Finding("database", Verdict.OK, detail)


def _keys(settings: "Settings") -> Iterator[Finding]:
    keys = {
        "tradier token": (settings.providers.tradier.token, "COCKPIT_PROVIDERS__TRADIER__TOKEN"),
        "alpha vantage key": (settings.providers.alpha_vantage.api_key, "COCKPIT_PROVIDERS__ALPHA_VANTAGE__API_KEY"),
    }
    for name, (secret, variable) in keys.items():
        if secret is not None and secret.get_secret_value():
            yield Finding(name, Verdict.OK, "set")
        elif settings.profile == "live":
            yield Finding(name, Verdict.WARN, "not set", f"set {variable}; without it there is no scan")
        else:
            yield Finding(name, Verdict.OK, f"not set, not needed in profile {settings.profile}")


def _port(settings: "Settings") -> Finding:
    import socket

    wanted = settings.sim.port
    name = f"port {wanted or 'of the embedded market'}"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            return Finding(
                name, Verdict.FAIL, f"taken or forbidden ({error.strerror})", "set sim.port to 0 for any free one"
            )
    return Finding(name, Verdict.OK, "free on 127.0.0.1")


async def _reach(settings: "Settings") -> list[Finding]:
    venue = getattr(settings.venues, settings.ticks.venue)
    addresses = {
        settings.ticks.venue: venue.rest_url,
        f"{settings.ticks.venue} stream": venue.ws_url,
        "tradier": settings.providers.tradier.base_url,
        "alpha vantage": settings.providers.alpha_vantage.base_url,
    }
    return list(await asyncio.gather(*(_connect(name, url) for name, url in addresses.items())))


async def _connect(name: str, url: str) -> Finding:
    parts = urlsplit(url)
    secure = parts.scheme in {"https", "wss"}
    port = parts.port or (443 if secure else 80)
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, port, ssl=secure or None)
            writer.close()
    except (OSError, TimeoutError) as error:
        why = str(error) or "no answer"
        return Finding(
            f"reach {name}", Verdict.FAIL, f"{parts.hostname}:{port}: {why}", "check network, proxy and base_url"
        )
    return Finding(f"reach {name}", Verdict.OK, f"{parts.hostname}:{port}")


def _nearest(folder: Path) -> Path:
    """The folder itself, or the first above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())
