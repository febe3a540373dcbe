"""What an import loads, seen from a fresh interpreter, and what the source must not contain."""

import ast
import json
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

import cockpit

PACKAGE = Path(cockpit.__file__).parent
TOP = Path(__file__).parents[2]


def loaded_by(statement: str) -> set[str]:
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(ended.stdout))


def pure_modules() -> list[str]:
    """Every module that the contract of the maths names, packages with all that is in them."""
    contracts = ConfigParser()
    contracts.read(TOP / ".importlinter")
    named = contracts["importlinter:contract:pure"]["source_modules"].split()
    packages = [name for name in named if (TOP / name.replace(".", "/")).is_dir()]
    inside = (f"{name}.{file.stem}" for name in packages for file in (TOP / name.replace(".", "/")).glob("[a-z]*.py"))
    return [*named, *inside]


@pytest.mark.parametrize("module", ["cockpit.scan", "cockpit.scan.scanner", "cockpit.cli.main", "cockpit.settings"])
def test_without_a_screen_neither_textual_nor_a_web_server_is_loaded(module: str) -> None:
    loaded = loaded_by(f"import {module}")
    assert module in loaded
    assert not {"textual", "aiohttp.web"} & loaded


def test_the_command_line_starts_light() -> None:
    heavy = {"textual", "aiohttp", "aiosqlite", "websockets", "pydantic", "rich", "asyncio", "sqlite3"}
    assert not heavy & loaded_by("import cockpit.cli.main")


def test_the_maths_loads_no_input_and_no_output() -> None:
    loaded = loaded_by("\n".join(f"import {module}" for module in pure_modules()))
    assert not {"asyncio", "aiohttp", "aiosqlite", "sqlite3", "websockets", "textual"} & loaded


def test_no_handler_catches_everything_silently() -> None:
    silent = []
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                bare = node.type is None
                everything = isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
                idle = all(isinstance(statement, ast.Pass | ast.Continue) for statement in node.body)
                if bare or (everything and idle):
                    silent.append(f"{file.relative_to(PACKAGE)}:{node.lineno}")
    assert silent == []


def test_nothing_is_pickled() -> None:
    picklers = {"pickle", "marshal", "shelve", "dill"}
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            names |= {node.module or ""} if isinstance(node, ast.ImportFrom) else set()
            assert not picklers & names, file
