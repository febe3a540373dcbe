"""The example that is shown to users runs as it stands."""

import re
from pathlib import Path

import cockpit
from cockpit.strategies.loading import find_strategy, load_strategy
from tests.strategies.series import FREE, bars, outcome

GUIDE = Path(cockpit.__file__).parents[1] / "docs" / "strategies.md"


async def test_the_strategy_of_the_guide_runs(tmp_path: Path) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "breakout.py").write_text(source)
    strategy = load_strategy("breakout", find_strategy("breakout", tmp_path), {"length": "3"})
    result = await outcome(strategy, bars([10, 11, 10, 12, 13, 12, 14, 9, 8, 8]), FREE)
    assert [(trip.entry_reason, trip.exit_reason) for trip in result.trips] == [
        ("12.0 left the range of 3 bars", "9.0 left the range of 3 bars")
    ]
