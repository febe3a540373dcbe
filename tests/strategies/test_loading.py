"""Strategies by name, and a sentence for everything that can be wrong with a user's file."""

import os
import sys
from pathlib import Path

import pytest

from cockpit.errors import CockpitError, ConfigurationError, StrategyError, UsageError
from cockpit.paths import user_strategies
from cockpit.strategies.api import Signal
from cockpit.strategies.decider import Listener
from cockpit.strategies.loading import BUILT_IN, find_strategy, load_strategy
from tests.strategies.series import bar

IMPORTS = "from cockpit.strategies.api import Bar, Signal, Strategy\n"
GOOD = f"""from __future__ import annotations
from dataclasses import dataclass
{IMPORTS}

@dataclass
class Memory:
    last: float | None = None

class _Base(Strategy):
    level: float = 100.0

class Over(_Base):
    def start(self) -> None:
        self.memory = Memory()

    def on_bar(self, bar: Bar) -> Signal | None:
        self.memory.last = float(bar.close)
        return Signal(1.0 if bar.close > self.level else 0.0, f"{{bar.close}} against {{self.level:g}}")
"""


def load(folder: Path, source: str | bytes, name: str = "own", **parameters: object) -> Listener:
    file = folder / f"{name}.py"
    file.write_bytes(source if isinstance(source, bytes) else source.encode())
    return load_strategy(name, find_strategy(name, folder), parameters)


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_is_built_in_is_found_without_a_folder(name: str, tmp_path: Path) -> None:
    assert find_strategy(name, tmp_path / "none") is None
    assert load_strategy(name, None, {}).warm_up > 0


async def test_a_users_file_is_one_class(tmp_path: Path) -> None:
    listener = load(tmp_path, GOOD, level="50")
    assert await listener.feed([bar(0, 60), bar(1, 40)]) == [Signal(1.0, "60 against 50"), Signal(0.0, "40 against 50")]
    assert os.listdir(tmp_path) == ["own.py"], "nothing is left beside it"


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    load(tmp_path, GOOD)
    stamp = (tmp_path / "own.py").stat().st_mtime_ns
    (tmp_path / "own.py").write_text(GOOD.replace("class Over(_Base)", "class Over(Strategy)"))
    os.utime(tmp_path / "own.py", ns=(stamp, stamp))
    with pytest.raises(UsageError, match="there is no parameter level"):
        load_strategy("own", tmp_path / "own.py", {"level": 1})


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("", "holds no class that extends Strategy"),
        (IMPORTS, "holds no class that extends Strategy"),
        (f"{IMPORTS}class A(Strategy):\n  pass\n", r"class A of .*own.py has no method on_bar\(self, bar\)"),
        (
            f"{IMPORTS}class A(Strategy):\n  def on_bar(self, bar): ...\nclass B(A): ...\n",
            r"own.py holds 2 strategies \(A, B\); a file holds one",
        ),
        ("x = 1\ndef f(:\n", r"own.py, line 2: invalid syntax"),
        ("x = 1\n  y = 2\n", "own.py, line 2: unexpected indent"),
        (b"\xff\xfe\x00", "own.py"),
        (b"x = 1\0", "own.py"),
        ("import no_such_module_here\n", r"its file failed \(.*own.py, line 1\): ModuleNotFoundError"),
        ("x = 1\nx = 1 / 0\n", r"its file failed \(.*own.py, line 2\): ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)\n", r"its file failed \(.*own.py, line 2\): SystemExit: 3"),
        (b"#" * 1_000_001, "larger than 1 MB"),
        (
            f"{IMPORTS}class A(Strategy):\n  def start(self):\n    {{}}['x']\n  def on_bar(self, bar): ...\n",
            r"its start failed \(.*own.py, line 4\): KeyError: 'x'",
        ),
        (
            f"{IMPORTS}class A(Strategy):\n  on_bar = print\n  @property\n  def warm_up(self):\n    return self.none\n",
            r"warm_up failed \(.*own.py, line 6\): AttributeError",
        ),
    ],
)
def test_a_file_that_is_no_strategy_says_why(tmp_path: Path, source: str | bytes, sentence: str) -> None:
    with pytest.raises(StrategyError, match=sentence) as caught:
        load(tmp_path, source)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("return 1 / 0", r"strategy own: on_bar failed \(.*own.py, line 5\): ZeroDivisionError: division by zero"),
        ("import json; json.loads('{')", r"own.py, line 5\): JSONDecodeError"),
        ("return Signal(2)", r"own.py, line 5\): ValueError: a signal's target lies between -1 and 1"),
        ("raise SystemExit", r"own.py, line 5\): SystemExit"),
        ("return self.on_bar(bar)", r"own.py, line 5\): RecursionError"),
        ("raise ValueError('two\\nlines' * 500)", r"ValueError: two lines"),
        ("bar.close = 1", r"own.py, line 5\): "),
        ("return 'buy'", "answers with a Signal or None, not with 'buy'"),
    ],
)
async def test_a_strategy_that_fails_names_its_line(tmp_path: Path, body: str, sentence: str) -> None:
    source = f"{IMPORTS}class A(Strategy):\n  x: int = 1\n  def on_bar(self, bar):\n    {body}\n"
    listener = load(tmp_path, source)
    with pytest.raises(StrategyError, match=sentence) as caught:
        await listener.feed([bar(0, 100)])
    assert len(str(caught.value)) < 700
    assert "\n" not in str(caught.value)


async def test_a_method_that_takes_no_bar_is_told(tmp_path: Path) -> None:
    listener = load(tmp_path, f"{IMPORTS}class A(Strategy):\n  def on_bar(self): ...\n")
    with pytest.raises(StrategyError, match=r"on_bar failed: TypeError: .*takes 1 positional argument"):
        await listener.feed([bar(0, 100)])


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("sma_cros", "did you mean sma_cross?"),
        ("mine_to", "did you mean mine_too?"),
        ("zzz", "there are sma_cross, rsi, mine_too"),
        ("../own", "is no name of a strategy"),
        ("", "is no name of a strategy"),
        ("a" * 5000, "is no name of a strategy"),
        ("own\n", "is no name of a strategy"),
        ("rsi", "rsi is built in; give your own strategy"),
    ],
)
def test_a_name_that_is_none_is_told_with_the_nearest(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "mine_too.py").write_text(GOOD)
    (tmp_path / "not a name.py").write_text(GOOD)
    if name == "rsi":
        (tmp_path / "rsi.py").write_text(GOOD)
    with pytest.raises(UsageError) as caught:
        find_strategy(name, tmp_path)
    assert sentence in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_or_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(GOOD)
    (tmp_path / "own.py").chmod(0)
    with pytest.raises(StrategyError, match=r"own.py cannot be read: Permission denied"):
        load_strategy("own", find_strategy("own", tmp_path), {})
    tmp_path.chmod(0)
    try:
        with pytest.raises(StrategyError, match="cannot be read: Permission denied"):
            find_strategy("own", tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_folder_in_place_of_a_file_and_a_file_in_place_of_the_folder_are_told(tmp_path: Path) -> None:
    (tmp_path / "own.py").mkdir()
    with pytest.raises(CockpitError, match=r"own.py cannot be read"):
        load_strategy("own", find_strategy("own", tmp_path), {})
    (tmp_path / "file").write_text("")
    with pytest.raises(StrategyError, match="Not a directory"):
        find_strategy("own", tmp_path / "file")


def test_the_folder_is_the_one_of_the_settings_or_beside_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_strategies() == tmp_path / "cockpit" / "strategies"
    assert user_strategies("~/mine") == tmp_path / "mine"
    with pytest.raises(ConfigurationError, match=r"strategies.folder is ~nobody-there/x"):
        user_strategies("~nobody-there/x")


@pytest.fixture(autouse=True)
def _modules_as_before() -> object:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("cockpit_strategy_"):
            del sys.modules[name]
