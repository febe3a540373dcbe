"""The harness itself: it covers every file and column, and a changed value anywhere makes it fail.

One column a file is changed by default; every one of them where ``COCKPIT_VECTORS_META`` is ``full``.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from random import Random
from typing import Any

import pytest

from tests.vectors.columns import FILES
from tests.vectors.reading import Worst

Check = Callable[..., None]

_HERE = Path(__file__).parent
_LEDGER = "ledger_scenarios"
_FULL = os.environ.get("COCKPIT_VECTORS_META") == "full"


def _checks() -> dict[str, list[Check]]:
    """The tests of every file."""
    found: dict[str, list[Check]] = {}
    for module in iter_modules([str(_HERE)]):
        if module.name.startswith("test_") and module.name != Path(__file__).stem:
            for one in vars(import_module(f"tests.vectors.{module.name}")).values():
                for file in getattr(one, "covers", ()):
                    found.setdefault(file, []).append(one)
    return found


def _columns_of(file: str) -> tuple[str, ...]:
    tested = FILES[file].tested
    return tested if _FULL else (Random(file).choice(tested),)


_CASES = [(file, column) for file in FILES for column in _columns_of(file)]


@dataclass(frozen=True)
class Table:
    """A vector file taken apart, to be written again with one value changed."""

    path: Path
    comments: list[str]
    header: list[str]
    rows: list[list[str]]

    @classmethod
    def read(cls, path: Path) -> "Table":
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        comments = [line for line in lines if line.lstrip('"').startswith("#")]
        header, *rows = csv.reader(line for line in lines if line not in comments)
        return cls(path, comments, header, rows)

    def write_with(self, row: int, column: int, value: str) -> None:
        changed = [list(one) for one in self.rows]
        changed[row][column] = value
        with self.path.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(self.comments)
            csv.writer(stream).writerows([self.header, *changed])


@pytest.fixture
def copy(vectors: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "vectors"
    shutil.copytree(vectors, folder, copy_function=shutil.copyfile)
    folder.chmod(0o755)
    return folder


def test_every_file_has_its_tests_and_every_column_its_place(vectors: Path) -> None:
    checks = _checks()
    assert not {*FILES, _LEDGER} - checks.keys()
    for file, columns in FILES.items():
        header = Table.read(vectors / f"{file}.csv").header
        assert set(header) == {*columns.tested, *columns.given, *columns.labels}, file


@pytest.mark.parametrize(("file", "column"), _CASES, ids=[f"{file}-{column}" for file, column in _CASES])
def test_a_changed_value_is_seen(copy: Path, file: str, column: str) -> None:
    table = Table.read(copy / f"{file}.csv")
    place = table.header.index(column)
    filled = [number for number, row in enumerate(table.rows) if row[place]]
    if not filled:
        pytest.skip(f"{file}.csv holds no {column}")
    row = Random(f"{file} {column}").choice(filled)
    table.write_with(row, place, _changed(table.rows[row][place]))
    assert _fails(file, copy), f"row {row}: {table.rows[row]}"


def test_a_changed_amount_of_a_ledger_is_seen(copy: Path) -> None:
    path = copy / f"{_LEDGER}.json"
    scenarios = json.loads(path.read_text(encoding="utf-8"))
    amounts = [leaf for scenario in scenarios for way in ("average", "fifo") for leaf in _leaves(scenario[way])]
    assert len(amounts) > 20
    for holder, key in amounts if _FULL else Random(_LEDGER).sample(amounts, 5):
        before = holder[key]
        holder[key] = _changed(before)
        path.write_text(json.dumps(scenarios), encoding="utf-8")
        assert _fails(_LEDGER, copy), key
        holder[key] = before


def test_another_folder_is_read_without_a_change_of_code(copy: Path) -> None:
    assert _run(copy).returncode == 0
    table = Table.read(copy / "nyse_calendar.csv")
    table.write_with(0, table.header.index("status"), "early_close")
    changed = _run(copy)
    assert changed.returncode == 1
    assert "misses" in changed.stdout
    (copy / "nyse_calendar.csv").unlink()
    missing = _run(copy)
    assert missing.returncode == 1
    assert "nyse_calendar.csv" in missing.stdout


def test_a_missing_folder_skips(tmp_path: Path) -> None:
    ended = _run(tmp_path / "nowhere")
    assert ended.returncode == 0
    assert "there is no folder" in ended.stdout


def _run(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", "tests/vectors/test_calendar.py"],
        cwd=_HERE.parents[1],
        env={**os.environ, "COCKPIT_VECTORS": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def _fails(file: str, folder: Path) -> bool:
    for check in _checks()[file]:
        try:
            check(folder, Worst(file))
        except Exception:  # noqa: BLE001 - a miss, or a value that cannot even be read
            return True
    return False


def _changed(text: str) -> str:
    """Another value of the same kind."""
    if text in ("0", "1"):
        return "10"[int(text)]
    try:
        return str(date.fromisoformat(text) + timedelta(days=1))
    except ValueError:
        pass
    try:
        value = float(text)
    except ValueError:
        return f"x{text}"
    if text.lstrip("-").isdecimal():
        return str(int(text) + min(max(1, abs(int(text)) // 3), 90_000))
    return repr(1.0 if value in (float("inf"), float("-inf")) else 1.3 * value + 0.7)


def _leaves(holder: Any) -> Iterator[tuple[Any, Any]]:
    """Every text in nested objects and lists, as its holder and key."""
    for key, value in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
        if isinstance(value, str):
            yield holder, key
        else:
            yield from _leaves(value)
