"""``python -m tests.faults [NAME ...] [--full]``: one fault after another, each reported in plain lines.

Every module of this package with a function ``run(full)`` is a fault; its name is the module's. ``run`` prints what it
found and returns None or 0 where all is well. Without ``--full`` the counts are those of the test suite.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

Run = Callable[[bool], int | None]


def faults() -> list[str]:
    """Names of all modules that might be a fault, by name."""
    found = (module.name for module in iter_modules([str(Path(__file__).parent)]))
    return sorted(name for name in found if not name.startswith(("_", "test_", "conftest")))


def load(name: str) -> Run | None:
    """The fault's function; None where the module is no fault."""
    run: Run | None = getattr(import_module(f"tests.faults.{name}"), "run", None)
    return run


def main(words: list[str]) -> int:
    """Run the named faults, or all; 1 where one of them was not survived, 2 where there is no such one."""
    full = "--full" in words
    names = [word for word in words if word != "--full"]
    runs = {name: run for name in faults() if (not names or name in names) and (run := load(name)) is not None}
    unknown = [name for name in names if name not in runs]
    if unknown:
        known = ", ".join(name for name in faults() if load(name) is not None)
        print(f"no fault is called {unknown[0]}; there are {known}", file=sys.stderr)
        return 2
    failed = 0
    for name, run in runs.items():
        print(f"{name}{' (full counts)' if full else ''}", flush=True)
        try:
            code = run(full) or 0
        except AssertionError as error:
            print(f"  not survived: {error}", flush=True)
            code = 1
        failed += bool(code)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
