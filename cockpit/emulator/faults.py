"""What can go wrong with a vendor, by name: set at the start or while the emulator runs."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from cockpit.emulator.crypto import PAIRS
from cockpit.errors import UsageError

Value = float | int | str


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that can go wrong.

    Attributes:
        off: the value that means "not now"; its type is the fault's type.
        allowed: the words that a text fault takes; empty for numbers.
        most: the largest number that makes sense.
    """

    name: str
    means: str
    off: Value
    allowed: tuple[str, ...] = ()
    most: float = 1e9

    def read(self, value: object) -> Value:
        """The value as this fault understands it.

        Raises:
            UsageError: it is not of the fault's type or outside of its range.
        """
        if value is None or (isinstance(value, str) and value.strip().lower() in {"", "off", "none", "false"}):
            return self.off
        if isinstance(self.off, str):
            if str(value) not in self.allowed:
                raise UsageError(f"fault {self.name} takes {', '.join(self.allowed)} or off, not {value!r}")
            return str(value)
        return self._number(value)

    def _number(self, value: object) -> Value:
        try:
            number = float(str(value)) if not isinstance(value, bool) else float(value)
        except ValueError:
            raise UsageError(f"fault {self.name} takes a number or off, not {value!r}") from None
        if not 0 <= number <= self.most:
            raise UsageError(f"fault {self.name} takes 0 to {self.most:g}, not {value!r}")
        if isinstance(self.off, float):
            return number
        if number != int(number):
            raise UsageError(f"fault {self.name} takes a whole number, not {value!r}")
        return int(number)


FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("latency_ms", "every HTTP answer of every vendor waits so many real milliseconds", 0.0, most=600_000),
        Fault("tradier_status", "Tradier answers every request with this HTTP status", 0, most=599),
        Fault("tradier_body", "Tradier answers 200 with something that is not JSON", "", ("html", "garbage", "half")),
        Fault(
            "alpha_vantage_quota",
            "Alpha Vantage refuses with HTTP 200 and the text under this key",
            "",
            ("note", "information"),
        ),
        Fault("alpha_vantage_status", "Alpha Vantage answers every request with this HTTP status", 0, most=599),
        Fault(
            "alpha_vantage_body",
            "Alpha Vantage answers 200 with something that is neither JSON nor CSV",
            "",
            ("html", "garbage", "half"),
        ),
        Fault("stocktwits_status", "StockTwits answers with this HTTP status and a web page", 0, most=599),
        Fault("reddit_status", "Reddit's search answers with this HTTP status", 0, most=599),
        Fault(
            "binance_status", "Binance REST and handshakes answer with this HTTP status (451, 429, 418)", 0, most=599
        ),
        Fault("binance_mute", "1: streams stay open and answer pings but carry no data", 0, most=1),
        Fault("binance_drop", "1: closes every open stream once, without a closing handshake", 0, most=1),
        Fault("binance_close_after", "seconds after which a connection is closed, in place of 24 hours", 0.0),
        Fault("binance_garbage", "share of frames that are damaged", 0.0, most=1),
        Fault("binance_gap", "so many trades of every symbol are left out once; REST still has them", 0),
        Fault("binance_duplicate", "share of trades that are sent twice", 0.0, most=1),
        Fault("binance_reorder", "share of trades that change places with the one after", 0.0, most=1),
        Fault("binance_mute_symbol", "the streams of this pair carry nothing", "", tuple(PAIRS)),
        Fault(
            "binance_black_hole", "1: nothing goes in or out, as if a cable were pulled; sockets stay open", 0, most=1
        ),
        Fault("binance_shutdown", "announces a shutdown once, and closes every stream so many seconds later", 0.0),
        Fault("binance_retry_after", "seconds that a refusal by binance_status asks for; off: as the venue does", 0),
        Fault("binance_rest_lag", "seconds of market time by which REST is behind the streams", 0.0),
    )
}
"""Every fault by its name."""


@dataclass(slots=True)
class FaultValues:
    """The value of each fault; see :data:`FAULTS` for what each means. All are off at first."""

    latency_ms: float = 0.0
    tradier_status: int = 0
    tradier_body: str = ""
    alpha_vantage_quota: str = ""
    alpha_vantage_status: int = 0
    alpha_vantage_body: str = ""
    stocktwits_status: int = 0
    reddit_status: int = 0
    binance_status: int = 0
    binance_mute: int = 0
    binance_drop: int = 0
    binance_close_after: float = 0.0
    binance_garbage: float = 0.0
    binance_gap: int = 0
    binance_duplicate: float = 0.0
    binance_reorder: float = 0.0
    binance_mute_symbol: str = ""
    binance_black_hole: int = 0
    binance_shutdown: float = 0.0
    binance_retry_after: int = 0
    binance_rest_lag: float = 0.0


class Faults(FaultValues):
    """The faults in force. Servers read the attributes at each request; one-time faults are taken with :meth:`take`."""

    def __init__(self, values: Mapping[str, object] | None = None) -> None:
        """Start with these faults, all others off.

        Raises:
            UsageError: as :meth:`update`.
        """
        super().__init__()
        self.update(values or {})

    def update(self, values: Mapping[str, object]) -> None:
        """Set faults by name, all or none of them; ``off``, empty or None switches one off.

        Raises:
            UsageError: a name that does not exist, with the nearest that does, or a value it does not take.
        """
        read = {name: _fault(name).read(value) for name, value in values.items()}
        for name, value in read.items():
            setattr(self, name, value)

    def take(self, name: str) -> Any:
        """The value of a one-time fault, which is off afterwards.

        Raises:
            UsageError: no such fault.
        """
        value = getattr(self, _fault(name).name)
        setattr(self, name, FAULTS[name].off)
        return value

    def as_dict(self) -> dict[str, Value]:
        """Every fault and its value."""
        return {field.name: getattr(self, field.name) for field in fields(FaultValues)}


def parse_fault(text: str) -> tuple[str, str]:
    """Name and value of ``NAME=VALUE``.

    Raises:
        UsageError: there is no equals sign, or no fault of that name.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"a fault reads NAME=VALUE, such as tradier_status=429, not {text!r}")
    return _fault(name.strip()).name, value.strip()


def _fault(name: str) -> Fault:
    fault = FAULTS.get(name)
    if fault is None:
        nearest = get_close_matches(name, FAULTS, n=1, cutoff=0.4)
        hint = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(FAULTS)}"
        raise UsageError(f"no fault is called {name!r}; {hint}")
    return fault
