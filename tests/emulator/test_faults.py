from dataclasses import fields

import pytest

from cockpit.emulator.faults import FAULTS, Faults, FaultValues, parse_fault
from cockpit.emulator.quotas import FixedWindow, parse_quota, read_quotas
from cockpit.errors import UsageError


def test_every_declared_fault_has_a_value_and_a_meaning() -> None:
    values = FaultValues()
    assert {field.name for field in fields(values)} == set(FAULTS)
    for name, fault in FAULTS.items():
        assert getattr(values, name) == fault.off
        assert type(getattr(values, name)) is type(fault.off)
        assert fault.means


def test_faults_are_read_from_text_and_json() -> None:
    faults = Faults({"tradier_status": "429", "latency_ms": 12, "tradier_body": "html"})
    assert (faults.tradier_status, faults.latency_ms, faults.tradier_body) == (429, 12.0, "html")
    faults.update({"tradier_status": "off", "tradier_body": None})
    assert (faults.tradier_status, faults.tradier_body) == (0, "")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"tradier_statu": 1}, "did you mean tradier_status"),
        ({"zzz": 1}, "there are latency_ms"),
        ({"tradier_body": "xml"}, "html, garbage, half or off"),
        ({"binance_mute": 2}, "0 to 1"),
        ({"binance_gap": 1.5}, "whole number"),
        ({"binance_gap": "many"}, "takes a number"),
        ({"latency_ms": -1}, "0 to 600000"),
    ],
)
def test_what_is_no_fault_is_refused_and_changes_nothing(values: dict[str, object], sentence: str) -> None:
    faults = Faults({"latency_ms": 5})
    with pytest.raises(UsageError, match=sentence):
        faults.update({"alpha_vantage_quota": "note", **values})
    assert faults.as_dict() == Faults({"latency_ms": 5}).as_dict()


def test_a_one_time_fault_is_taken_once() -> None:
    faults = Faults({"binance_gap": 3})
    assert (faults.take("binance_gap"), faults.take("binance_gap")) == (3, 0)


def test_flags_read_name_and_value() -> None:
    assert parse_fault("tradier_status=429") == ("tradier_status", "429")
    assert parse_quota("tradier=60") == ("tradier", 60)
    with pytest.raises(UsageError, match="NAME=VALUE"):
        parse_fault("tradier_status")
    with pytest.raises(UsageError, match="NAME=N"):
        parse_quota("tradier=many")
    with pytest.raises(UsageError, match="did you mean tradier"):
        read_quotas({"tradie": 1})


def test_a_window_ends_on_the_whole_minute() -> None:
    wall = [1_800_000_059.0]
    window = FixedWindow(2, 60, lambda: wall[0])
    assert [window.spend().over for _ in range(3)] == [False, False, True]
    assert window.spend().ends % 60 == 0
    wall[0] += 1.0
    spent = window.spend()
    assert (spent.used, spent.over) == (1, False)
