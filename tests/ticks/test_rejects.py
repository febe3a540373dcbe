"""All that is refused is counted; little of it is written down."""

import logging

import pytest

from cockpit.ticks.rejects import Rejects


def test_at_most_ten_lines_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    rejects = Rejects()
    with caplog.at_level(logging.WARNING):
        for hundredth in range(12_000):
            rejects.add("binance", "not JSON" if hundredth % 2 else "bad trade", f"sample {hundredth}", hundredth / 100)
    assert rejects.total == 12_000
    assert dict(rejects.kinds) == {"not JSON": 6_000, "bad trade": 6_000}
    assert len(caplog.records) == 20, "two minutes"
    assert "'sample 6000' (5990 others were not written down)" in caplog.text
