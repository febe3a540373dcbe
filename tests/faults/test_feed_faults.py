"""Whatever the network and the venue do, what is stored equals the exchange's own trades."""

import pytest

from tests.faults.__main__ import load

_FAULTS = (
    *("rollovers", "shutdowns", "reconnects", "mute_feed", "mute_symbol", "black_hole", "duplicates", "reordering"),
    *("gaps", "rate_limited", "rest_lag", "restarts", "mutated_frames"),
)


@pytest.mark.parametrize("name", _FAULTS)
def test_the_fault_is_survived(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    run = load(name)
    assert run is not None
    assert not run(False)
    assert capsys.readouterr().out, "it says what it found"
