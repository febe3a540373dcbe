"""``python -m tests.benchmarks [NAME ...]``: one JSON line a measurement."""

import sys

from tests.benchmarks.backtests import backtests
from tests.benchmarks.imports import import_time
from tests.benchmarks.ingest import ingest
from tests.benchmarks.maths import maths
from tests.benchmarks.net import net
from tests.benchmarks.scans import scan_100
from tests.benchmarks.screens import first_paint, screen_load

_ALL = (import_time, maths, backtests, ingest, net, first_paint, scan_100, screen_load)
_BENCHMARKS = {benchmark.__name__: benchmark for benchmark in _ALL}


def main(names: list[str]) -> int:
    """Run the benchmarks of these names, or all; 2 where there is no such one."""
    unknown = [name for name in names if name not in _BENCHMARKS]
    if unknown:
        print(f"no benchmark {unknown[0]}; there are {', '.join(_BENCHMARKS)}", file=sys.stderr)
        return 2
    for name in names or _BENCHMARKS:
        for measurement in _BENCHMARKS[name]():
            print(measurement.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
