"""The files of the schema's history, read and made."""

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from cockpit.errors import StorageError, UsageError

_NAME = re.compile(r"(\d{3})_([a-z][a-z0-9_]*)\.(up|down)\.sql\Z")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema, there and back."""

    version: int
    name: str
    up: str
    down: str

    @property
    def sha256(self) -> str:
        """Of both files."""
        return hashlib.sha256(f"{self.up}\0{self.down}".encode()).hexdigest()

    @property
    def label(self) -> str:
        """For instance ``002_ticks``."""
        return f"{self.version:03d}_{self.name}"


def shipped_migrations(folder: Traversable | None = None) -> list[Migration]:
    """The steps that come with the package (or lie in ``folder``), by version.

    Raises:
        StorageError: a file has no counterpart, or two share a version.
    """
    folder = folder if folder is not None else files(__package__)
    texts: dict[tuple[int, str], dict[str, str]] = {}
    for file in folder.iterdir():
        if match := _NAME.match(file.name):
            texts.setdefault((int(match[1]), match[2]), {})[match[3]] = file.read_text(encoding="utf-8")
    migrations: list[Migration] = []
    for (version, name), pair in sorted(texts.items()):
        if len(pair) < 2:
            raise StorageError(f"migration {version:03d}_{name} has no {'down' if 'up' in pair else 'up'} file")
        if migrations and migrations[-1].version == version:
            raise StorageError(f"two migrations share the number {version:03d}: {migrations[-1].name} and {name}")
        migrations.append(Migration(version, name, pair["up"], pair["down"]))
    return migrations


def create_migration(name: str, folder: Path) -> tuple[Path, Path]:
    """Make the two files of a new, empty step with the next number.

    Raises:
        UsageError: the name is not lower-case words joined by underscores.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise UsageError(
            f"a migration's name is lower-case words joined by underscores, such as add_notes, not {name!r}"
        )
    versions = [int(match[1]) for file in folder.iterdir() if (match := _NAME.match(file.name))]
    stem = f"{max(versions, default=0) + 1:03d}_{name}"
    up, down = folder / f"{stem}.up.sql", folder / f"{stem}.down.sql"
    up.write_text(f"-- {name}: what changes and why.\n", encoding="utf-8")
    down.write_text(f"-- Takes {stem}.up.sql back.\n", encoding="utf-8")
    return up, down


def statements(script: str) -> Iterator[str]:
    """Split at the semicolons that end a statement, not at those inside a trigger, a text or a comment."""
    statement = ""
    for piece in re.split(r"(?<=;)", script):
        statement += piece
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if re.sub(r"--.*", "", statement).strip():
        yield statement
