"""Strategies by name: those that are built in, and a user's own, a file ``NAME.py`` with one class each."""

import difflib
import inspect
import re
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType, ModuleType

from cockpit.errors import StrategyError, UsageError
from cockpit.strategies.api import Strategy
from cockpit.strategies.decider import Listener, failure

BUILT_IN: Mapping[str, str] = MappingProxyType({"sma_cross": "SmaCross", "rsi": "Rsi"})
"""Class by name; the module has the strategy's name."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z", re.ASCII)
_LARGEST_FILE = 1_000_000


def find_strategy(name: str, folder: Path) -> Path | None:
    """The file of a user's strategy; None for one that is built in. Nothing of the file is read.

    Raises:
        UsageError: there is none of that name (the nearest is told), or a file has the name of one that is built in.
        StrategyError: the folder cannot be read.
    """
    if not _NAME.match(name):
        raise UsageError(f"{name[:80]!r} is no name of a strategy; these are letters, digits and _, such as sma_cross")
    file = folder / f"{name}.py"
    try:
        own = sorted(one.stem for one in folder.iterdir() if one.suffix == ".py" and _NAME.match(one.stem))
    except FileNotFoundError:
        own = []
    except OSError as error:
        raise StrategyError(f"the folder of strategies {folder} cannot be read: {error.strerror or error}") from None
    if name in BUILT_IN:
        if name in own:
            raise UsageError(f"{name} is built in; give your own strategy {file} another name")
        return None
    if name in own:
        return file
    near = difflib.get_close_matches(name, [*BUILT_IN, *own], n=1, cutoff=0.6)
    there = f"did you mean {near[0]}?" if near else f"there are {', '.join([*BUILT_IN, *own])}"
    raise UsageError(f"there is no strategy {name} ({file} does not exist); {there}")


def load_strategy(name: str, file: Path | None, parameters: Mapping[str, object]) -> Listener:
    """A strategy in this process, ready for its first bar. The code of a user's file is executed here.

    Args:
        name: what it is called.
        file: what :func:`find_strategy` found.
        parameters: values by name, over the defaults.

    Raises:
        UsageError: a parameter is unknown or not allowed, or they do not go together.
        StrategyError: the file cannot be read or run, holds no strategy or several, or it failed when it was made.
    """
    strategy = _built_in(name) if file is None else strategy_in(name, file)
    try:
        return Listener(strategy(**parameters), name, file)
    except StrategyError:
        raise
    except ValueError as error:
        raise UsageError(f"strategy {name}: {' '.join(str(error).split())}") from error
    except (Exception, SystemExit) as error:
        raise failure(name, "its start", error, file) from error


def strategy_in(name: str, file: Path) -> type[Strategy]:
    """The one strategy of a user's file, whose code is executed here.

    Raises:
        StrategyError: the file cannot be read or run, or holds no strategy or several; told with the line.
    """
    module = _executed(name, file)
    found = [
        one
        for one in vars(module).values()
        if inspect.isclass(one) and issubclass(one, Strategy) and one.__module__ == module.__name__
    ]
    whole = list(dict.fromkeys(one for one in found if not inspect.isabstract(one)))
    if len(whole) == 1:
        return whole[0]
    if whole:
        names = ", ".join(one.__name__ for one in whole)
        raise StrategyError(f"{file} holds {len(whole)} strategies ({names}); a file holds one")
    if found:
        raise StrategyError(f"class {found[0].__name__} of {file} has no method on_bar(self, bar)")
    raise StrategyError(f"{file} holds no class that extends Strategy of cockpit.strategies.api")


def _built_in(name: str) -> type[Strategy]:
    found: type[Strategy] = getattr(import_module(f"cockpit.strategies.{name}"), BUILT_IN[name])
    return found


def _executed(name: str, file: Path) -> ModuleType:
    """The file as a module of its own name; it leaves no compiled file behind."""
    try:
        with file.open("rb") as stream:
            source = stream.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise StrategyError(f"strategy {name}: {file} cannot be read: {error.strerror or error}") from None
    if len(source) > _LARGEST_FILE:
        raise StrategyError(
            f"strategy {name}: {file} is larger than {_LARGEST_FILE // 1_000_000} MB, so it is no strategy"
        )
    module = ModuleType(f"cockpit_strategy_{name}")
    module.__file__ = str(file)
    try:
        code = compile(source, str(file), "exec")
    except SyntaxError as error:  # also what is no UTF-8
        line = f", line {error.lineno}" if error.lineno else ""
        raise StrategyError(f"strategy {name}: {file}{line}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise StrategyError(f"strategy {name}: {file} cannot be compiled: {error}") from None
    # Annotations that are text are looked up in the module of their class.
    sys.modules[module.__name__] = module
    try:
        exec(code, vars(module))
    except (Exception, SystemExit) as error:
        raise failure(name, "its file", error, file) from error
    return module
