"""The crypto market follows from its seed alone, in whatever order it is asked, and its sums are exact."""

import hashlib
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.emulator.crypto import PAIRS, fixed
from cockpit.emulator.crypto_market import FIRST_MS, HOUR_MS, MINUTE_MS, CryptoMarket, PairMarket
from cockpit.emulator.crypto_minutes import FIRST_HOUR, MinuteModel
from cockpit.emulator.crypto_tape import Print, deal
from cockpit.emulator.rng import draws
from tests.emulator.binance_venue import START_MS

_ANY_HOUR = st.integers(FIRST_HOUR, FIRST_HOUR + 100_000)
_ANY_SEED = st.integers(0, 2**31)


@pytest.fixture(scope="module")
def market() -> CryptoMarket:
    return CryptoMarket(7)


@given(_ANY_SEED, _ANY_HOUR, st.integers(0, 59), st.sampled_from(sorted(PAIRS)))
@settings(max_examples=150, deadline=None)
def test_the_trades_of_a_minute_meet_its_totals_to_the_last_digit(
    seed: int, hour: int, inside: int, symbol: str
) -> None:
    totals = MinuteModel(seed, PAIRS[symbol]).hour(hour)[inside]
    start = (hour * 60 + inside) * MINUTE_MS
    tape = deal(totals, start, draws(seed, symbol, "minute", hour * 60 + inside))
    prints = tape.prints
    assert [each.trade_id for each in prints] == list(range(totals.first_trade, totals.first_trade + totals.trades))
    assert (prints[0].ticks, prints[-1].ticks) == (totals.open, totals.close)
    assert max(each.ticks for each in prints) == totals.high
    assert min(each.ticks for each in prints) == totals.low
    for sold, volume, turnover in (
        (False, totals.bought, totals.bought_turnover),
        (True, totals.sold, totals.sold_turnover),
    ):
        side = [each for each in prints if each.sold is sold]
        assert sum(each.steps for each in side) == volume
        assert sum(each.steps * each.ticks for each in side) == turnover
    assert min(each.steps for each in prints) > 0
    assert all(start <= left.time_ms <= right.time_ms < start + MINUTE_MS for left, right in pairwise(prints))
    assert [each.sweep_id for each in tape.sweeps] == list(
        range(totals.first_sweep, totals.first_sweep + totals.sweeps)
    )


@given(_ANY_SEED, _ANY_HOUR, st.sampled_from(sorted(PAIRS)))
@settings(max_examples=30, deadline=None)
def test_ids_and_prices_go_on_from_one_hour_to_the_next(seed: int, hour: int, symbol: str) -> None:
    model = MinuteModel(seed, PAIRS[symbol])
    minutes = model.hour(hour) + model.hour(hour + 1)
    for left, right in pairwise(minutes):
        assert right.first_trade == left.first_trade + left.trades
        assert right.first_sweep == left.first_sweep + left.sweeps
        assert abs(right.open - left.close) <= 1


def test_a_sweep_is_the_trades_it_names(market: CryptoMarket) -> None:
    pair = market.pairs["ETHUSDT"]
    prints = {each.trade_id: each for each in pair.prints_between(START_MS, START_MS + MINUTE_MS)}
    sweeps = pair.sweeps_between(START_MS, START_MS + MINUTE_MS)
    for sweep in sweeps:
        parts = [prints.pop(number) for number in range(sweep.first, sweep.last + 1)]
        assert {(part.time_ms, part.ticks, part.sold) for part in parts} == {(sweep.time_ms, sweep.ticks, sweep.sold)}
        assert sum(part.steps for part in parts) == sweep.steps
    assert sweeps
    assert not prints


def _asked_in_order(pair: PairMarket) -> list[object]:
    return [
        pair.prints_between(START_MS, START_MS + 90_000),
        pair.prints_from(3_900_000_000, 300, START_MS),
        pair.bar(START_MS - 7 * HOUR_MS, START_MS, START_MS),
        pair.depth(50, START_MS),
    ]


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    one, other = CryptoMarket(7).pairs["BTCUSDT"], CryptoMarket(7).pairs["BTCUSDT"]
    other.depth(5, START_MS - 3 * HOUR_MS)
    other.prints_between(START_MS - 90 * MINUTE_MS, START_MS - 60 * MINUTE_MS)
    late = other.prints_between(START_MS + 30_000, START_MS + 90_000)
    early = other.prints_between(START_MS, START_MS + 30_000)
    assert early + late == one.prints_between(START_MS, START_MS + 90_000)
    assert _asked_in_order(other) == _asked_in_order(one)


def test_another_process_sees_the_same_trades(market: CryptoMarket) -> None:
    program = (
        "import hashlib;from cockpit.emulator.crypto_market import CryptoMarket;"
        f"p=CryptoMarket(7).pairs['SOLUSDT'].prints_between({START_MS},{START_MS + 60_000});"
        "print(hashlib.sha256(repr(p).encode()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    here = market.pairs["SOLUSDT"].prints_between(START_MS, START_MS + 60_000)
    assert other.stdout.strip() == hashlib.sha256(repr(here).encode()).hexdigest()


def test_another_seed_is_another_market() -> None:
    one, other = (CryptoMarket(seed).pairs["BTCUSDT"].newest_prints(5, START_MS) for seed in (7, 8))
    assert one != other


@given(st.integers(0, 3 * HOUR_MS), st.integers(0, 2 * HOUR_MS), st.integers(-HOUR_MS, HOUR_MS))
@settings(max_examples=60, deadline=None)
def test_a_bar_is_the_sum_of_its_trades(start: int, length: int, hidden: int) -> None:
    pair = _SHARED.pairs["DOTUSDT"]
    start_ms = START_MS - 3 * HOUR_MS + start
    end_ms = start_ms + length
    before_ms = end_ms + hidden
    trades = pair.prints_between(start_ms, min(end_ms, before_ms))
    bar = pair.bar(start_ms, end_ms, before_ms)
    if not trades:
        assert bar is None
        return
    assert bar is not None
    prices = [trade.ticks for trade in trades]
    assert (bar.open, bar.high, bar.low, bar.close) == (prices[0], max(prices), min(prices), prices[-1])
    assert bar.trades == len(trades)
    assert (bar.first_id, bar.last_id) == (trades[0].trade_id, trades[-1].trade_id)
    assert (bar.volume, bar.turnover) == _sums(trades)
    assert (bar.bought, bar.bought_turnover) == _sums([trade for trade in trades if not trade.sold])


def _sums(trades: list[Print]) -> tuple[int, int]:
    return sum(trade.steps for trade in trades), sum(trade.steps * trade.ticks for trade in trades)


_SHARED = CryptoMarket(11)


def test_the_future_stays_hidden(market: CryptoMarket) -> None:
    pair = market.pairs["XRPUSDT"]
    last = pair.last_trade_id(START_MS)
    assert pair.prints_from(last + 1, 10, START_MS) == []
    assert pair.prints_from(last - 4, 10, START_MS)[-1].trade_id == last
    assert pair.prints_from(last, 10, START_MS)[0].time_ms < START_MS
    assert pair.newest_prints(3, START_MS)[-1].trade_id == last


def test_there_is_nothing_before_the_first_trade(market: CryptoMarket) -> None:
    pair = market.pairs["BTCUSDT"]
    assert pair.prints_from(0, 2, START_MS)[0].trade_id == 1
    assert pair.prints_between(FIRST_MS - HOUR_MS, FIRST_MS) == []
    assert pair.bar(FIRST_MS - HOUR_MS, FIRST_MS, START_MS) is None
    assert pair.newest_prints(5, FIRST_MS - 1) == []
    assert pair.depth(5, FIRST_MS - 1) is None


def test_the_tape_looks_like_a_recorded_one(market: CryptoMarket) -> None:
    pair = market.pairs["BTCUSDT"]
    trades = pair.prints_between(START_MS, START_MS + 30 * MINUTE_MS)
    shared = sum(left.time_ms == right.time_ms for left, right in pairwise(trades)) / len(trades)
    assert 0.5 < shared < 0.75
    hour = pair.prints_between(START_MS // HOUR_MS * HOUR_MS, (START_MS // HOUR_MS + 1) * HOUR_MS)
    assert len(hour) == 18 * 3600
    names = ("BTC", "ETH", "SOL", "BNB", "XRP", "TRX", "ADA", "DOGE", "AVAX", "DOT")
    ten = sum(PAIRS[f"{name}USDT"].trades_per_second for name in names)
    assert 45 < ten < 60


@given(st.integers(0, 365 * 5))
@settings(max_examples=40, deadline=None)
def test_prices_stay_plausible_for_years(day: int) -> None:
    pair = _SHARED.pairs["BTCUSDT"]
    top = pair.top(FIRST_MS + (day + 1) * 24 * HOUR_MS)
    assert top is not None
    assert 55_000_00 < top.bid < 170_000_00


def test_the_book_stands_around_the_last_trade(market: CryptoMarket) -> None:
    for pair in market.pairs.values():
        depth = pair.depth(100, START_MS)
        last = pair.newest_prints(1, START_MS)[0]
        assert depth is not None
        bids, asks = [ticks for ticks, _ in depth.bids], [ticks for ticks, _ in depth.asks]
        assert bids == sorted(set(bids), reverse=True)
        assert asks == sorted(set(asks))
        assert bids[0] < asks[0]
        assert last.ticks == (bids[0] if last.sold else asks[0])
        assert min(steps for _, steps in depth.bids + depth.asks) > 0


@pytest.mark.parametrize(("units", "text"), [(0, "0.00000000"), (1, "0.00000001"), (-250_000_000, "-2.50000000")])
def test_amounts_have_eight_decimals(units: int, text: str) -> None:
    assert fixed(units) == text
