"""What an answer over HTTP means: its body decoded, its status in the words that callers act on, its limits learned."""

from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from pydantic_core import from_json

from cockpit.errors import ProviderError, Refusal

_BAN_SECONDS = 120.0
_QUOTA_SECONDS = 30.0
_TEN_MINUTES = 600.0


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it came.

    Attributes:
        headers: names in lower case.
        body: decompressed bytes.
        seconds: from sending the request to the last byte.
    """

    provider: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float = 0.0

    def text(self) -> str:
        """The body as UTF-8.

        Raises:
            ProviderError: MALFORMED where it is not.
        """
        try:
            return self.body.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise self.malformed("its answer is not text in UTF-8") from None

    def json(self) -> Any:
        """The body as JSON; a vendor's NaN stays one, so whoever reads a number checks that it is finite.

        Raises:
            ProviderError: MALFORMED where it is not; the sentence tells a web page from half a body.
        """
        try:
            return from_json(self.body.removeprefix(BOM_UTF8))
        except ValueError:
            pass
        head = self.text().lstrip()[:1]
        if head == "<":
            raise self.malformed("it answered with a web page instead of data")
        if head in ("{", "["):
            raise self.malformed(f"its answer of {len(self.body)} bytes breaks off or is not JSON")
        raise self.malformed("its answer is not JSON")

    def malformed(self, sentence: str) -> ProviderError:
        """The error for an answer that is not what the vendor documents."""
        return ProviderError(self.provider, Refusal.MALFORMED, sentence)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a vendor's headers say of its limit: ``used`` of ``allowed`` in ``seconds``, until ``resets_in``."""

    used: int
    seconds: float
    allowed: int | None = None
    resets_in: float | None = None


def refusal_of(response: Response, now: datetime) -> ProviderError | None:
    """The general meaning of a status; None for a success."""
    status = response.status
    if 200 <= status < 300:
        return None
    if status in (401, 403):
        return _refuse(response, Refusal.AUTH, "the key is refused; check it in the settings or the environment")
    if status in (400, 404, 410):
        return _refuse(response, Refusal.NOT_FOUND, "it does not know what was asked")
    if status in (418, 429):
        told = retry_after(response.headers, now), _resets_in(response.headers, now)
        unsaid = _BAN_SECONDS if status == 418 else _QUOTA_SECONDS
        wait = next((seconds for seconds in told if seconds is not None), unsaid)
        word = "it has banned this address for a while" if status == 418 else "its rate limit is spent"
        return _refuse(response, Refusal.QUOTA, f"{word}; next request in {wait:.0f} s", wait)
    if status == 451:
        return _refuse(response, Refusal.RESTRICTED, "it does not serve this location")
    if status >= 500 or status in (408, 425):
        # The end of its rate limit's window, which it may tell besides, is not when its trouble ends.
        return _refuse(response, Refusal.UNAVAILABLE, "it has trouble of its own", retry_after(response.headers, now))
    return _refuse(response, Refusal.MALFORMED, "an answer that it does not document")


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait by Retry-After, which holds seconds or a date; None where it is not usable."""
    text = headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(int(text)))
    except ValueError:
        moment = _http_date(text)
    return None if moment is None else max(0.0, (moment - _sent_at(headers, now)).total_seconds())


def allowance_of(headers: Mapping[str, str], now: datetime) -> Allowance | None:
    """The limit that Tradier or Reddit (X-Ratelimit-*) or Binance (X-MBX-USED-WEIGHT-1M) told; None for others."""
    used = _whole(headers.get("x-ratelimit-used"))
    if used is not None and "x-ratelimit-reset" in headers:  # Reddit counts in spans of ten minutes
        return Allowance(used, _TEN_MINUTES, resets_in=_resets_in(headers, now))
    if used is not None:
        return Allowance(used, 60.0, _whole(headers.get("x-ratelimit-allowed")), _resets_in(headers, now))
    weight = _whole(headers.get("x-mbx-used-weight-1m"))
    return Allowance(weight, 60.0) if weight is not None else None


def _refuse(response: Response, refusal: Refusal, word: str, wait: float | None = None) -> ProviderError:
    return ProviderError(response.provider, refusal, f"{word} (HTTP {response.status})", retry_after=wait)


def _resets_in(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to the end of the vendor's window: from the answer's own Date, so that neither clock has to be right."""
    expiry, left = _whole(headers.get("x-ratelimit-expiry")), _whole(headers.get("x-ratelimit-reset"))
    if expiry is None and left is None:
        return None
    seconds = float(left or 0) if expiry is None else expiry / 1000.0 - _sent_at(headers, now).timestamp()
    return seconds if 0.0 < seconds <= 3600.0 else None


def _sent_at(headers: Mapping[str, str], now: datetime) -> datetime:
    return _http_date(headers.get("date", "")) or now


@lru_cache(maxsize=16)
def _http_date(text: str) -> datetime | None:
    """The date of a header; kept, since all answers of a second carry the same one and reading it is slow."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _whole(text: str | None) -> int | None:
    """A count in a header; None where there is none or it makes no sense."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 18:
        return None
    return int(text)
