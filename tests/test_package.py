"""The wheel: what travels in it, and that it runs from anywhere, without its source."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="hatchling is not installed, and a build must not download it")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", str(TOP)]
    subprocess.run([*command, "--wheel-dir", str(folder)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The wheel unpacked where nothing can write, as an administrator would install it."""
    target = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    for path in [target, *target.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield target
    for path in [target, *target.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def test_the_wheel_holds_all_that_the_program_reads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    migrations = sorted((TOP / "cockpit" / "storage" / "migrations").glob("*.sql"))
    styles = sorted((TOP / "cockpit" / "tui").rglob("*.tcss"))
    themes = sorted((TOP / "themes").glob("*.toml"))
    assert migrations
    assert themes
    wanted = [str(file.relative_to(TOP)) for file in (*migrations, *styles)]
    wanted += [f"cockpit/_shipped/themes/{theme.name}" for theme in themes]
    wanted += ["cockpit/_shipped/config.toml", "cockpit/py.typed"]
    assert [name for name in wanted if name not in names] == []
    assert not [name for name in names if name.startswith(("tests", "docs")) or name.endswith(".pyc")]


def test_the_installed_program_runs_from_another_folder(installed: Path, tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("COCKPIT_")},
        **{f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")},
        "PYTHONPATH": str(installed),
    }

    def cockpit(*argv: str) -> str:
        command = [sys.executable, "-m", "cockpit", *argv]
        ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    where = [sys.executable, "-c", "import cockpit; print(cockpit.__file__)"]
    assert str(installed) in subprocess.run(where, env=environment, cwd=tmp_path, capture_output=True, text=True).stdout
    cockpit("config", "init")
    cockpit("migrate", "up")
    assert "pending" not in cockpit("migrate", "status")
    assert '"schema": "cockpit.scan/1"' in cockpit("scan", "--top", "1", "--format", "json")
