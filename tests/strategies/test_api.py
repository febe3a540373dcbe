"""What an author can say, and what is said to an author who says it wrongly."""

from contextlib import suppress
from typing import Annotated, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import StrategyError
from cockpit.strategies.api import Bar, Between, Signal, Strategy
from cockpit.strategies.decider import Listener
from cockpit.strategies.parameters import ParameterError, parameters_of, read_parameters
from tests.strategies.series import bar


class Example(Strategy):
    """One parameter of each kind, and what is none."""

    kinds: ClassVar[int] = 7
    length: Annotated[int, Between(2, 500)] = 14
    factor: Annotated[float, Between(0, 1)] = 0.5
    word: str = "close"
    average: object
    _hidden: int = 1

    def start(self) -> None:
        self.seen: list[Bar] = []

    def on_bar(self, bar: Bar) -> Signal | None:
        self.seen.append(bar)
        return Signal(self.factor)


def test_parameters_are_the_annotated_attributes_with_a_default() -> None:
    assert list(parameters_of(Example)) == ["allow_short", "length", "factor", "word"]
    made = Example(length="20", allow_short="TRUE", factor=1)
    assert (made.length, made.allow_short, made.factor, made.word) == (20, True, 1.0, "close")
    assert Example().length == 14


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"lenght": 3}, "there is no parameter lenght; did you mean length?"),
        ({"zzz": 3}, "there is no parameter zzz; there are allow_short, length, factor, word"),
        ({"length": "many"}, "length takes a whole number, not 'many'"),
        ({"length": 3.0}, "length takes a whole number, not 3.0"),
        ({"length": True}, "length takes a whole number, not True"),
        ({"length": 1}, "length lies between 2 and 500, not at 1"),
        ({"length": "9" * 5000}, "length takes a whole number"),
        ({"factor": "nan"}, "factor takes a number, not 'nan'"),
        ({"factor": float("inf")}, "factor takes a number, not inf"),
        ({"factor": [1]}, "factor takes a number"),
        ({"factor": "-0.1"}, "factor lies between 0 and 1, not at -0.1"),
        ({"allow_short": "perhaps"}, "allow_short takes true or false, not 'perhaps'"),
        ({"word": 3}, "word takes text, not 3"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence.replace("?", r"\?")):
        Example(**given)


def test_a_default_out_of_its_own_bounds_and_a_kind_that_is_none_are_refused() -> None:
    class Wrong(Example):
        length: Annotated[int, Between(2, 5)] = 9

    class Odd(Example):
        levels: tuple[int, ...] = ()

    class Unread(Example):
        depth: "NoSuchType" = 1  # type: ignore[name-defined]  # noqa: F821

    for strategy, words in ((Wrong, "not at 9"), (Odd, "levels is neither"), (Unread, "NoSuchType")):
        with pytest.raises(ParameterError, match=words):
            strategy()


@given(st.text(max_size=400))
def test_whatever_is_given_as_text_is_read_or_refused(text: str) -> None:
    for name in ("length", "factor", "allow_short", "word", text):
        with suppress(ParameterError):
            assert name in read_parameters(Example, {name: text})


@pytest.mark.parametrize("target", [1.1, -1.01, float("nan"), float("inf"), True, "1", None])
def test_a_target_beyond_the_stake_is_no_signal(target: float) -> None:
    with pytest.raises(ValueError, match="a signal's target"):
        Signal(target)


@given(st.text(max_size=1000))
def test_a_reason_is_one_short_line_that_can_be_printed(text: str) -> None:
    reason = Signal(0.0, text).reason
    assert len(reason) <= 200
    assert reason.isprintable()
    assert reason == " ".join(reason.split(" ")).strip() or len(reason) == 200


def test_a_reason_must_be_text_and_zero_has_no_sign() -> None:
    with pytest.raises(ValueError, match="reason is text"):
        Signal(1.0, 5)  # type: ignore[arg-type]
    assert str(Signal(-0.0).target) == "0.0"


async def test_nothing_is_heard_before_the_warm_up_is_over() -> None:
    class Late(Example):
        warm_up = 3

    strategy = Late()
    said = await Listener(strategy, "late").feed([bar(number, 100) for number in range(4)])
    assert said == [None, None, Signal(0.5), Signal(0.5)]
    assert len(strategy.seen) == 4


@pytest.mark.parametrize("wrong", [-1, 10**9, 2.5, "20", True, None])
def test_a_warm_up_that_is_no_number_of_bars_is_refused(wrong: object) -> None:
    class Odd(Example):
        warm_up = wrong  # type: ignore[assignment]

    with pytest.raises(StrategyError, match="strategy odd: warm_up is a number of bars"):
        Listener(Odd(), "odd")


async def test_what_is_no_signal_is_refused() -> None:
    class Talks(Example):
        def on_bar(self, bar: Bar) -> Signal | None:
            return 1  # type: ignore[return-value]

    with pytest.raises(StrategyError, match="answers with a Signal or None, not with 1"):
        await Listener(Talks(), "talks").feed([bar(0, 100)])
