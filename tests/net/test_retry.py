import random

import pytest

from cockpit.errors import ProviderError, Refusal
from cockpit.net.retry import Retry


class Calls:
    """Fails as told, then answers."""

    def __init__(self, *errors: ProviderError) -> None:
        self.errors = list(errors)
        self.made = 0
        self.slept: list[float] = []

    async def call(self) -> str:
        self.made += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def down(retry_after: float | None = None) -> ProviderError:
    return ProviderError("x", Refusal.UNAVAILABLE, "down", retry_after=retry_after)


async def test_a_short_outage_is_waited_out_with_jitter() -> None:
    calls = Calls(down(), down())
    retry = Retry(attempts=3, base=0.25, uniform=random.Random(1).uniform, sleep=calls.sleep)
    assert await retry(calls.call) == "answer"
    assert calls.made == 3
    assert 0.0 <= calls.slept[0] <= 0.25
    assert 0.0 <= calls.slept[1] <= 0.5


async def test_the_last_error_is_raised_when_the_tries_are_used_up() -> None:
    calls = Calls(*(down() for _ in range(9)))
    with pytest.raises(ProviderError, match="down"):
        await Retry(attempts=3, sleep=calls.sleep)(calls.call)
    assert calls.made == 3


@pytest.mark.parametrize("refusal", [refusal for refusal in Refusal if refusal is not Refusal.UNAVAILABLE])
async def test_nothing_else_is_asked_again(refusal: Refusal) -> None:
    calls = Calls(ProviderError("x", refusal, "no"))
    with pytest.raises(ProviderError):
        await Retry(sleep=calls.sleep)(calls.call)
    assert calls.made == 1


async def test_what_the_vendor_asks_for_is_honoured() -> None:
    calls = Calls(down(retry_after=3.0))
    await Retry(longest=4.0, sleep=calls.sleep)(calls.call)
    assert calls.slept == [3.0]


async def test_a_vendor_that_asks_for_a_long_rest_is_not_asked_again() -> None:
    calls = Calls(down(retry_after=120.0))
    with pytest.raises(ProviderError):
        await Retry(longest=4.0, sleep=calls.sleep)(calls.call)
    assert (calls.made, calls.slept) == (1, [])
