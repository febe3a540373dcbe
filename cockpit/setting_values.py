"""The kinds of values that settings have, each refused with a sentence that says how it reads."""

import re
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from cockpit.clock import FIRST_YEAR, LAST_YEAR

_LIMIT = re.compile(r"^(\d+)/(\d*)([smhd])\Z", re.ASCII)
_MOST_IN_A_WINDOW = 10**9
_LONGEST_WINDOW = 366 * 86_400
_HUGE = 10**12
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _symbol(value: str) -> str:
    if not re.fullmatch(r"[A-Z0-9]{3,20}", value):
        raise ValueError("an exchange symbol is 3 to 20 capital letters and digits, such as BTCUSDT")
    return value


def _limit(value: str) -> str:
    parse_limit(value)
    return value


def parse_limit(text: str) -> tuple[int, float]:
    """A rate limit such as ``120/1m``: how many, in how many seconds.

    Raises:
        ValueError: it does not read so, or is zero.
    """
    match = _LIMIT.match(text)
    if match is None:
        raise ValueError("a limit reads COUNT/TIME with whole numbers and s, m, h or d, such as 120/1m or 25/1d")
    # Figures of any length: the number of digits is looked at before they are read.
    count, length = (int(part) if len(part) <= 12 else _HUGE for part in (match[1], match[2] or "1"))
    if count == 0 or length == 0:
        raise ValueError("a limit of nothing would let nothing through; such as 120/1m or 25/1d; [] is without limits")
    seconds = length * _UNIT_SECONDS[match[3]]
    if count > _MOST_IN_A_WINDOW or seconds > _LONGEST_WINDOW:
        raise ValueError("a limit is at most 1000000000 in at most 366d")
    return count, float(seconds)


def _web_address(value: str) -> str:
    return _address(value, "https", "http")


def _stream_address(value: str) -> str:
    return _address(value, "wss", "ws")


def _address(value: str, *schemes: str) -> str:
    try:
        parts = urlsplit(value)
        whole = parts.scheme in schemes and parts.hostname is not None and parts.port != 0
    except ValueError:
        whole = False
    if not whole or not value.isprintable() or " " in value:
        raise ValueError(f"an address reads {schemes[0]}://HOST, with :PORT and /PATH where it has them")
    if "@" in parts.netloc:
        raise ValueError("a name or a password has no place in an address")
    return value


def _server(value: str) -> str:
    if value and not re.match(r"^(rediss?|unix)://[^/]*/?", value):
        raise ValueError("a server reads redis://HOST:PORT/NUMBER, rediss:// or unix://PATH")
    if "@" in value and ":" in value.partition("://")[2].rpartition("@")[0]:
        raise ValueError("a password has no place in an address; put it into COCKPIT_REDIS__PASSWORD")
    return value


def _whole_path(value: str) -> str:
    if value and not value.startswith(("/", "~")):
        raise ValueError("a folder is written from / or ~ on, or it would be another one wherever the cockpit starts")
    return value


def _instant(value: object) -> object:
    """TOML has times of its own; elsewhere they are text. A bare number is none."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("a time reads 2026-11-24T10:42:00-05:00") from None
    return value


def _within_reach(value: datetime) -> datetime:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"a time lies between {FIRST_YEAR} and {LAST_YEAR}")
    return value


Folder = Annotated[str, AfterValidator(_whole_path)]
Instant = Annotated[AwareDatetime, BeforeValidator(_instant), AfterValidator(_within_reach)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
RedisAddress = Annotated[str, AfterValidator(_server)]
StreamAddress = Annotated[str, AfterValidator(_stream_address)]
ExchangeSymbol = Annotated[str, AfterValidator(_symbol)]
RateLimit = Annotated[str, AfterValidator(_limit)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]
