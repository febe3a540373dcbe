"""Bars off the stream tell whether every trade of them came, whatever is lost and in whatever order the rest comes."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cockpit.strategies.live_bars import LiveBars
from cockpit.strategies.tap import BarQueue
from cockpit.ticks.trade import Trade
from tests.ticks.trades import bars_of, trades

LENGTH_MS = 10_000


@given(st.sets(st.integers(1, 200), max_size=20))
def test_a_bar_is_whole_exactly_when_nothing_of_it_is_missing(lost: set[int]) -> None:
    everything = trades(1, 200)
    truth = {bar.open_ms: bar for bar in bars_of(everything, LENGTH_MS)}
    bars = LiveBars("BTCUSDT", LENGTH_MS)
    closed = [one for each in everything if each.trade_id not in lost and (one := bars.take(each)) is not None]
    for one in closed:
        if one.whole:
            assert one.bar == truth[one.bar.open_ms]
    if not lost:
        assert [one.whole for one in closed] == [False] + [True] * (len(closed) - 1), "nobody saw the first one begin"


def test_what_is_finer_than_bars_can_tell_makes_its_bar_not_whole() -> None:
    bars = LiveBars("BTCUSDT", LENGTH_MS)
    odd = Trade("BTCUSDT", 30, Decimal("1e-9"), Decimal(1), trades(30, 30)[0].time_ms, False)
    given_ = [*trades(1, 29), odd, *trades(31, 60)]
    whole = {one.bar.open_ms: one.whole for each in given_ if (one := bars.take(each)) is not None}
    of_odd = odd.time_ms // LENGTH_MS * LENGTH_MS
    assert whole[of_odd] is False
    assert list(whole.values()).count(True) == len(whole) - 2


def test_one_that_falls_far_behind_is_told_that_bars_are_missing() -> None:
    queue = BarQueue("BTCUSDT", LENGTH_MS)
    for each in trades(1, 20_000):
        queue.trade(each)
    oldest = queue.next()
    assert oldest is not None
    assert not oldest.whole
    rest = 0
    while (following := queue.next()) is not None:
        rest += 1
        assert following.whole
    assert rest == 999
