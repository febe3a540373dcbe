"""Errors that a user can act on, each with the exit code that the command line answers with."""

from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """What the process says when it ends; other programs rely on these numbers."""

    OK = 0
    ERROR = 1
    USAGE = 2
    CONFIGURATION = 3
    PROVIDER = 4
    DAMAGED = 5


class CockpitError(Exception):
    """One clear sentence: what went wrong, where, and what to do about it."""

    exit_code = ExitCode.ERROR


class UsageError(CockpitError):
    """The command was asked for something that it cannot do (a bad ticker, no terminal)."""

    exit_code = ExitCode.USAGE


class ConfigurationError(CockpitError):
    """A setting is wrong, missing or unknown; the sentence names the key and where it stands."""

    exit_code = ExitCode.CONFIGURATION


class DamagedError(CockpitError):
    """A file or a database holds what it must not; nothing of it was used."""

    exit_code = ExitCode.DAMAGED


class StorageError(CockpitError):
    """The data folder or its database cannot be used now (owned by another, unwritable, full)."""


class StrategyError(CockpitError):
    """A strategy cannot be loaded, or failed while it ran; the sentence tells file and line where it has them."""


class OrderRefusedError(CockpitError):
    """The paper broker did not take an order; the sentence is the reason a trader would be given."""


class ScanStoppedError(CockpitError):
    """A scan ended before its last name: stopped by the user or replaced by a newer one. What it found stays."""


class Refusal(StrEnum):
    """Why a vendor gave no data, in the only distinctions that callers act on."""

    AUTH = "auth"
    """The key is missing or refused (401, 403): retrying is useless until the settings change."""
    QUOTA = "quota"
    """A rate limit or the day's allowance is spent (429, 418, or a refusal sent as 200)."""
    NOT_FOUND = "not_found"
    """The vendor does not know the symbol or the expiry."""
    RESTRICTED = "restricted"
    """The venue does not serve this location (451): another venue is the remedy."""
    UNAVAILABLE = "unavailable"
    """The vendor is down or out of reach (5xx, timeout, no connection, breaker open)."""
    MALFORMED = "malformed"
    """The answer is not what the vendor documents (HTML, half a body, a wrong type)."""


class ProviderError(CockpitError):
    """A vendor gave no usable answer.

    Attributes:
        provider: the vendor's name in the settings, for instance ``tradier``.
        refusal: why, as far as callers act on it.
        retry_after: seconds until asking again makes sense; None where the vendor does not say.
    """

    exit_code = ExitCode.PROVIDER

    def __init__(self, provider: str, refusal: Refusal, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"{provider}: {message}")
        self.provider = provider
        self.refusal = refusal
        self.retry_after = retry_after
