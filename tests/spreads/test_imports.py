"""The maths starts light: what is slow to import is loaded by those who need it."""

import json
import subprocess
import sys

import pytest


def loaded_by(module: str) -> set[str]:
    program = f"import {module}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(ended.stdout))


@pytest.mark.parametrize(
    "module", ["cockpit.options.analytics", "cockpit.scan.findings", "cockpit.scan.explain", "cockpit.spreads.propose"]
)
def test_neither_settings_nor_arrays_are_loaded(module: str) -> None:
    assert not {"pydantic", "numpy", "statistics", "QuantLib", "cockpit.options.vectorised"} & loaded_by(module)


@pytest.mark.parametrize("package", ["cockpit.options", "cockpit.scan", "cockpit.spreads"])
def test_a_package_alone_loads_nothing(package: str) -> None:
    assert {name for name in loaded_by(package) if name.startswith("cockpit")} == {"cockpit", package}
