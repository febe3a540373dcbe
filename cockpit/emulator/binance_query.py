"""Parameters of the exchange's REST requests, and the errors that it answers wrong ones with."""

import json
import re
from collections.abc import Mapping

from cockpit.emulator.binance_klines import is_interval
from cockpit.emulator.binance_text import compact

_SYMBOL = "^[A-Z0-9-_.]{1,20}$"
_SYMBOLS = '^\\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}")*\\]$'
_NUMBER = "^[0-9]{1,20}$"
_ZONE = r"^([+-])?(\d{1,2})(?::(\d{2}))?$"
_WINDOW = r"^(?:([1-5]?[0-9])m|(1[0-9]|2[0-3]|[1-9])h|([1-7])d)$"
_FIRST_MICROSECOND = 10**14


class BadRequestError(Exception):
    """A request that the venue answers with HTTP 400 and a code of its own."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.body = compact({"code": code, "msg": message})


class Query:
    """The parameters of one request, read in the venue's way."""

    def __init__(self, values: Mapping[str, str], known: Mapping[str, object]) -> None:
        """Look at the parameters of a request for any of the known symbols.

        Raises:
            BadRequestError: -1105, a parameter is empty.
        """
        self._values = values
        self._known = known
        for name, value in values.items():
            if not value:
                raise BadRequestError(-1105, f"Parameter '{name}' was empty.")

    def symbol(self) -> str:
        """The mandatory symbol.

        Raises:
            BadRequestError: -1102, -1100 or -1121.
        """
        value = self._values.get("symbol")
        if value is None:
            raise BadRequestError(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
        return self._listed(self._legal("symbol", value, _SYMBOL))

    def symbols(self) -> list[str] | None:
        """The symbols of ``symbol`` or ``symbols``; None where neither was sent.

        Raises:
            BadRequestError: -1128 for both at once, -1100 or -1121.
        """
        single, several = self._values.get("symbol"), self._values.get("symbols")
        if single is not None and several is not None:
            raise BadRequestError(-1128, "Combination of optional parameters invalid.")
        if single is not None:
            return [self.symbol()]
        if several is None:
            return None
        return [self._listed(name) for name in json.loads(self._legal("symbols", several, _SYMBOLS))]

    @property
    def single(self) -> bool:
        """True where one symbol was asked for, which is answered by an object in place of a list."""
        return "symbol" in self._values

    def text(self, name: str, default: str) -> str:
        """A parameter as it was sent."""
        return self._values.get(name, default)

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """One word of several.

        Raises:
            BadRequestError: -1100.
        """
        return self._legal(name, self._values.get(name, default), f"^({'|'.join(allowed)})$")

    def number(self, name: str) -> int | None:
        """A whole number.

        Raises:
            BadRequestError: -1100.
        """
        value = self._values.get(name)
        return None if value is None else int(self._legal(name, value, _NUMBER))

    def limit(self, default: int, most: int) -> int:
        """How many rows; more than the most are cut down to it.

        Raises:
            BadRequestError: -1100, or -1130 for none at all.
        """
        value = self.number("limit")
        if value == 0:
            raise BadRequestError(-1130, "Data sent for parameter 'limit' is not valid.")
        return min(most, default if value is None else value)

    def time_ms(self, name: str) -> int | None:
        """A time in ms; 16 digits are microseconds.

        Raises:
            BadRequestError: -1100.
        """
        value = self.number(name)
        return value // 1000 if value is not None and value >= _FIRST_MICROSECOND else value

    def interval(self) -> str:
        """The mandatory candle interval.

        Raises:
            BadRequestError: -1102 or -1120.
        """
        value = self._values.get("interval")
        if value is None:
            raise BadRequestError(-1102, "Mandatory parameter 'interval' was not sent, was empty/null, or malformed.")
        if not is_interval(value):
            raise BadRequestError(-1120, "Invalid interval.")
        return value

    def zone_ms(self) -> int:
        """The distance of ``timeZone`` from UTC in ms.

        Raises:
            BadRequestError: -1100, not within -12:00 and +14:00.
        """
        value = self._values.get("timeZone", "0").replace(" ", "+")
        match = re.match(_ZONE, value)
        if match is not None:
            minutes = 60 * int(match[2]) + int(match[3] or 0)
            minutes = -minutes if match[1] == "-" else minutes
            if -12 * 60 <= minutes <= 14 * 60:
                return minutes * 60_000
        raise BadRequestError(-1100, "Illegal characters found in parameter 'timeZone'.")

    def window_ms(self) -> int:
        """The length of ``windowSize`` in ms, a day where it is not sent.

        Raises:
            BadRequestError: -1100.
        """
        match = re.match(_WINDOW, self._legal("windowSize", self._values.get("windowSize", "1d"), _WINDOW))
        minutes, hours, days = match.groups() if match is not None else (None, None, "1")
        return 60_000 * (int(minutes or 0) + 60 * int(hours or 0) + 1440 * int(days or 0))

    def _legal(self, name: str, value: str, legal: str) -> str:
        if re.match(legal, value) is None:
            raise BadRequestError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")
        return value

    def _listed(self, symbol: str) -> str:
        if symbol not in self._known:
            raise BadRequestError(-1121, "Invalid symbol.")
        return symbol
