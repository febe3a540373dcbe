"""Settings: what a configuration may say, validated as a whole, each value with its origin.

An unknown key is an error that names the nearest one. Secrets are never printed.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_core import ErrorDetails

from cockpit.clock import FIRST_YEAR, LAST_YEAR
from cockpit.configuration import Configuration, Layer, is_secret, read_configuration
from cockpit.errors import ConfigurationError
from cockpit.paths import Paths, profile_paths

_LIMIT = re.compile(r"^(\d+)/(\d*)([smhd])\Z", re.ASCII)
_MOST_IN_A_WINDOW = 10**9
_LONGEST_WINDOW = 366 * 86_400
_HUGE = 10**12
_LONGEST_SHOWN = 80
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

Profile = Literal["sim", "live", "replay"]


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
StreamAddress = Annotated[str, AfterValidator(_stream_address)]
ExchangeSymbol = Annotated[str, AfterValidator(_symbol)]
RateLimit = Annotated[str, AfterValidator(_limit)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PathSettings(_Section):
    """``[paths]``"""

    data_dir: Folder = ""


class UiSettings(_Section):
    """``[ui]``"""

    theme: str = "dark"
    hz: Annotated[float, Field(ge=0, le=30)] = 0.0
    mouse: bool = True
    stale_seconds: Positive = 15.0


class TickSettings(_Section):
    """``[ticks]``"""

    venue: Literal["binance", "binance_us"] = "binance"
    symbols: Annotated[tuple[ExchangeSymbol, ...], Field(min_length=1, max_length=300)] = (
        *("BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT"),
        *("TRXUSDT", "ADAUSDT", "DOGEUSDT", "AVAXUSDT", "DOTUSDT"),
    )
    batch_rows: Annotated[int, Field(ge=1, le=100_000)] = 500
    batch_seconds: Positive = 5.0
    idle_seconds: Positive = 0.5
    ring: Annotated[int, Field(ge=1000, le=5_000_000)] = 200_000
    mute_seconds: Positive = 8.0
    quiet_seconds: Positive = 27.0
    rollover_seconds: Positive = 85_800.0
    backfill_hours: Annotated[float, Field(ge=0, le=168)] = 2.0
    keep_days: Annotated[float, Field(ge=0, le=36_500)] = 0.0
    keep_kline_days: Annotated[float, Field(ge=0, le=36_500)] = 0.0
    disk_share: Annotated[float, Field(gt=0, le=0.9)] = 0.5
    switch_venue: bool = True
    record_mb: Annotated[int, Field(ge=1, le=1_000_000)] = 1024


class VenueSettings(_Section):
    """``[venues.NAME]``"""

    ws_url: StreamAddress
    rest_url: WebAddress


class Venues(_Section):
    """``[venues]``"""

    binance: VenueSettings = VenueSettings(ws_url="wss://stream.binance.com:9443", rest_url="https://api.binance.com")
    binance_us: VenueSettings = VenueSettings(ws_url="wss://stream.binance.us:9443", rest_url="https://api.binance.us")


class TradierSettings(_Section):
    """``[providers.tradier]``"""

    base_url: WebAddress = "https://api.tradier.com/v1"
    token: SecretStr | None = None
    limits: tuple[RateLimit, ...] = ("120/1m",)
    timeout: Positive = 10.0


class AlphaVantageSettings(_Section):
    """``[providers.alpha_vantage]``"""

    base_url: WebAddress = "https://www.alphavantage.co"
    api_key: SecretStr | None = None
    limits: tuple[RateLimit, ...] = ("1/1s", "25/1d")
    timeout: Positive = 20.0


class StockTwitsSettings(_Section):
    """``[providers.stocktwits]``"""

    base_url: WebAddress = "https://api.stocktwits.com"
    limits: tuple[RateLimit, ...] = ("200/1h",)
    timeout: Positive = 10.0


class RedditSettings(_Section):
    """``[providers.reddit]``: a "script" client of reddit.com/prefs/apps, and the account that it is of."""

    base_url: WebAddress = "https://oauth.reddit.com"
    token_url: WebAddress = "https://www.reddit.com/api/v1/access_token"
    client_id: str = ""
    client_secret: SecretStr | None = None
    user: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")] = "cockpit"
    subreddits: Annotated[tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{2,32}$")], ...], Field(min_length=1)] = (
        "wallstreetbets",
        "options",
        "stocks",
    )
    limits: tuple[RateLimit, ...] = ("60/1m",)
    timeout: Positive = 10.0


class BinanceSettings(_Section):
    """``[providers.binance]``: limits are in request weight."""

    limits: tuple[RateLimit, ...] = ("6000/1m",)
    timeout: Positive = 10.0


class Providers(_Section):
    """``[providers]``"""

    tradier: TradierSettings = TradierSettings()
    alpha_vantage: AlphaVantageSettings = AlphaVantageSettings()
    binance: BinanceSettings = BinanceSettings()
    stocktwits: StockTwitsSettings = StockTwitsSettings()
    reddit: RedditSettings = RedditSettings()


class ScanSettings(_Section):
    """``[scan]``"""

    days: Annotated[int, Field(ge=1, le=90)] = 14
    every_minutes: Annotated[float, Field(ge=0)] = 15.0
    concurrency: Annotated[int, Field(ge=1, le=256)] = 16
    min_quarters: Annotated[int, Field(ge=1, le=40)] = 4
    max_quarters: Annotated[int, Field(ge=1, le=40)] = 12
    expiries: Annotated[int, Field(ge=1, le=4)] = 2
    closer_look: Annotated[int, Field(ge=0, le=1000)] = 5
    implied_move: Literal["atmf", "nearest", "interp", "x085", "tos", "sd"] = "atmf"
    risk_free: Annotated[float, Field(ge=-0.05, le=0.5)] = 0.045
    vrp_tiers: Literal["conservative", "balanced", "aggressive", "legacy"] = "balanced"
    min_price: Annotated[float, Field(ge=0)] = 5.0
    min_confirmations: Annotated[int, Field(ge=1, le=2)] = 1

    def model_post_init(self, _context: object, /) -> None:
        """Refuse to look at fewer past reports than a ratio needs."""
        if self.min_quarters > self.max_quarters:
            raise ValueError(f"min_quarters {self.min_quarters} is over max_quarters {self.max_quarters}")


class SpreadSettings(_Section):
    """``[spreads]``"""

    structures: tuple[Literal["iron_condor", "bull_put", "bear_call", "iron_butterfly"], ...] = (
        *("iron_condor", "bull_put", "bear_call", "iron_butterfly"),
    )
    short_rule: Literal["outside_move", "delta", "im_mult"] = "outside_move"
    short_delta: Annotated[float, Field(gt=0, lt=0.5)] = 0.25
    short_im_mult: Positive = 1.0
    width_rule: Literal["percent", "dollars", "v1"] = "percent"
    width_pct: Positive = 2.5
    wing_im_mult: Positive = 1.25
    min_credit: Annotated[float, Field(ge=0)] = 0.20
    min_reward_risk: Annotated[float, Field(ge=0)] = 0.25
    min_reward_risk_vertical: Annotated[float, Field(ge=0)] = 0.10
    min_vrp: Annotated[float, Field(ge=0)] = 1.05
    tails: Literal["fat", "normal"] = "fat"


class EvWeights(_Section):
    """``[scoring.weights]``: points of the ev scorer; they must add up to 100."""

    ev: Annotated[float, Field(ge=0, le=100)] = 80.0
    pop: Annotated[float, Field(ge=0, le=100)] = 5.0
    liquidity: Annotated[float, Field(ge=0, le=100)] = 5.0
    vrp: Annotated[float, Field(ge=0, le=100)] = 5.0
    confidence: Annotated[float, Field(ge=0, le=100)] = 5.0

    def model_post_init(self, _context: object, /) -> None:
        """Refuse weights that do not make a scale of 0 to 100."""
        total = self.ev + self.pop + self.liquidity + self.vrp + self.confidence
        if abs(total - 100.0) > 1e-9:
            raise ValueError(f"the weights add up to {total:g}, not to 100")


class EvTargets(_Section):
    """``[scoring.targets]``: what earns all points of a factor of the ev scorer."""

    ev: Positive = 0.12
    pop: Share = 0.65
    vrp: Annotated[float, Field(gt=1)] = 1.25
    quarters: Annotated[int, Field(ge=1, le=40)] = 12


class ScoringSettings(_Section):
    """``[scoring]``"""

    scorer: Literal["ev", "v1", "v1_scaled", "v2"] = "ev"
    min_score: Annotated[float, Field(ge=0, le=100)] = 0.0
    weights: EvWeights = EvWeights()
    targets: EvTargets = EvTargets()


class SizingSettings(_Section):
    """``[sizing]``: caps are shares of equity."""

    kelly_fraction: Share = 0.5
    trade_cap: Share = 0.05
    symbol_cap: Share = 0.10
    report_day_cap: Share = 0.15
    sector_cap: Share = 0.20
    portfolio_cap: Share = 0.30
    tail_ratio: Annotated[float, Field(gt=1)] = 2.5
    max_contracts: Annotated[int, Field(ge=1)] = 50


class PortfolioSettings(_Section):
    """``[portfolio]``"""

    starting_cash: Positive = 100_000.0
    fill_model: Literal["mid", "quarter", "half", "natural"] = "quarter"
    commission: Annotated[float, Field(ge=0, le=100)] = 0.35
    max_quote_age: Positive = 60.0


class StrategySettings(_Section):
    """``[strategies]``: money is in the symbol's quote currency, basis points are of what a fill is worth."""

    folder: Folder = ""
    stake: Annotated[float, Field(gt=0, le=1e9)] = 10_000.0
    fee_bp: Annotated[float, Field(ge=0, le=1000)] = 10.0
    slippage_bp: Annotated[float, Field(ge=0, le=1000)] = 1.0
    run: Annotated[tuple[Annotated[str, Field(max_length=500)], ...], Field(max_length=50)] = ()
    bar_seconds: Annotated[float, Field(ge=0.01, le=60)] = 0.25
    start_seconds: Annotated[float, Field(ge=0.5, le=600)] = 10.0
    memory_mb: Annotated[int, Field(ge=128, le=1_000_000)] = 512
    cpu_seconds: Annotated[int, Field(ge=1, le=10_000_000)] = 3600
    open_files: Annotated[int, Field(ge=16, le=1024)] = 32
    parameters: dict[str, dict[str, bool | int | float | str]] = Field(default_factory=dict)


class CacheSettings(_Section):
    """``[cache]``: how long an answer is good for, by what was asked."""

    entries: Annotated[int, Field(ge=1)] = 4096
    megabytes: Annotated[int, Field(ge=1)] = 64
    quotes_seconds: Annotated[float, Field(ge=0)] = 5.0
    chain_seconds: Annotated[float, Field(ge=0)] = 30.0
    expirations_seconds: Annotated[float, Field(ge=0)] = 43_200.0
    history_seconds: Annotated[float, Field(ge=0)] = 43_200.0
    calendar_seconds: Annotated[float, Field(ge=0)] = 43_200.0
    reports_seconds: Annotated[float, Field(ge=0)] = 604_800.0
    not_found_seconds: Annotated[float, Field(ge=0)] = 60.0
    early_share: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    file_megabytes: Annotated[int, Field(ge=0, le=100_000)] = 128


def _server(value: str) -> str:
    if value and not re.match(r"^(rediss?|unix)://[^/]*/?", value):
        raise ValueError("a server reads redis://HOST:PORT/NUMBER, rediss:// or unix://PATH")
    if "@" in value and ":" in value.partition("://")[2].rpartition("@")[0]:
        raise ValueError("a password has no place in an address; put it into COCKPIT_REDIS__PASSWORD")
    return value


class RedisSettings(_Section):
    """``[redis]``: a server that cockpits share limits and answers through; none where ``url`` is empty."""

    url: Annotated[str, AfterValidator(_server)] = ""
    password: SecretStr | None = None


class SimSettings(_Section):
    """``[sim]``: the embedded market. Everything in it follows from the seed."""

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 7
    start: Instant = datetime.fromisoformat("2026-11-24T10:42:00-05:00")
    speed: Annotated[float, Field(gt=0, le=100_000)] = 1.0
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    quotas: bool = True


class SentimentSettings(_Section):
    """``[sentiment]``: which sources are asked, and of how many names at the top of a scan."""

    sources: tuple[Literal["stocktwits", "reddit", "alpha_vantage"], ...] = ("stocktwits",)
    names: Annotated[int, Field(ge=0, le=500)] = 20
    keep_seconds: Positive = 900.0


class HealthSettings(_Section):
    """``[health]``"""

    port: Annotated[int, Field(ge=0, le=65_535)] = 0
    usage_days: Annotated[int, Field(ge=1, le=3660)] = 30


class AlertSettings(_Section):
    """``[alerts]``: rules by name, each an expression that ``health.alerts`` reads; an empty one is off."""

    rules: dict[str, Annotated[str, Field(max_length=500)]] = Field(
        default_factory=lambda: {
            "feed silent": "feed_age>30",
            "quota low": "quota<10",
            "breaker open": "breaker=open",
            "disk nearly full": "disk>95",
        },
        max_length=200,
    )
    cooldown_seconds: Annotated[float, Field(ge=0)] = 300.0
    bell: bool = True
    command: tuple[Annotated[str, Field(min_length=1)], ...] = ()


class Settings(_Section):
    """All settings of a session, immutable."""

    profile: Profile = "sim"
    paths: PathSettings = PathSettings()
    ui: UiSettings = UiSettings()
    keymap: dict[str, str] = Field(default_factory=dict)
    ticks: TickSettings = TickSettings()
    venues: Venues = Venues()
    providers: Providers = Providers()
    scan: ScanSettings = ScanSettings()
    spreads: SpreadSettings = SpreadSettings()
    scoring: ScoringSettings = ScoringSettings()
    sizing: SizingSettings = SizingSettings()
    portfolio: PortfolioSettings = PortfolioSettings()
    strategies: StrategySettings = StrategySettings()
    cache: CacheSettings = CacheSettings()
    redis: RedisSettings = RedisSettings()
    health: HealthSettings = HealthSettings()
    alerts: AlertSettings = AlertSettings()
    sentiment: SentimentSettings = SentimentSettings()
    sim: SimSettings = SimSettings()

    def folders(self) -> Paths:
        """The data and state folders of this profile."""
        return profile_paths(self.profile, Path(self.paths.data_dir) if self.paths.data_dir else None)


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings with the origin of every leaf: ``default``, a file, an environment variable or a flag."""

    settings: Settings
    origins: Mapping[str, str]


def load_settings(
    file: Path | None = None,
    flags: Sequence[tuple[str, str]] = (),
    environment: Mapping[str, str] | None = None,
) -> LoadedSettings:
    """Read, layer and validate everything; the arguments are those of :func:`read_configuration`.

    Raises:
        ConfigurationError: names the key, its origin and what to do.
    """
    return validated(read_configuration(file, flags, environment))


def validated(configuration: Configuration) -> LoadedSettings:
    """The settings that a configuration means.

    Raises:
        ConfigurationError: names the key, its origin and what to do.
    """
    for layer in configuration.layers:
        _refuse_unknown(layer)
    profile = configuration.profile
    if profile not in get_args(Profile):
        origin = configuration.origins.get("profile", "default")
        raise ConfigurationError(
            f"profile ({origin}) is {_shown(profile)}, but there are only {', '.join(get_args(Profile))}"
        )
    try:
        settings = Settings.model_validate(_with_tuples(configuration.values), strict=True)
    except ValidationError as error:
        raise ConfigurationError(_sentence(error, configuration.origins)) from None
    return LoadedSettings(settings, configuration.origins)


def leaves(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every setting as dotted key and printable value; a secret prints as ``(set)`` or ``(not set)``."""
    yield from _leaves((), settings)


def _leaves(prefix: tuple[str, ...], section: BaseModel) -> Iterator[tuple[str, str]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        key = (*prefix, name)
        if isinstance(value, BaseModel):
            yield from _leaves(key, value)
        elif is_secret(".".join(key)):
            given = isinstance(value, SecretStr) and value.get_secret_value()
            yield ".".join(key), "(set)" if given else "(not set)"
        elif isinstance(value, dict) and value:
            yield from ((".".join((*key, entry)), json.dumps(content)) for entry, content in value.items())
        elif isinstance(value, datetime):
            yield ".".join(key), json.dumps(value.isoformat())
        else:
            yield ".".join(key), json.dumps(value)


def _refuse_unknown(layer: Layer) -> None:
    values = dict(layer.values)
    profiles = values.pop("profiles", {})
    if not isinstance(profiles, Mapping):
        raise ConfigurationError(f"profiles is not a table ({layer.origin}); write [profiles.live] and keys below it")
    _check_keys(layer.origin, values, Settings, "")
    for name, overrides in profiles.items():
        if name not in get_args(Profile):
            raise ConfigurationError(
                f"unknown profile {name} ({layer.origin}); there are only {', '.join(get_args(Profile))}"
            )
        _check_keys(layer.origin, overrides, Settings, f"profiles.{name}.")


def _check_keys(origin: str, values: Any, model: type[BaseModel], prefix: str) -> None:
    if not isinstance(values, Mapping):
        raise ConfigurationError(f"{prefix.rstrip('.')} is not a table ({origin})")
    for key, value in values.items():
        if key not in model.model_fields:
            raise ConfigurationError(_unknown(f"{prefix}{key}", key, model, origin))
        section = _section_of(model.model_fields[key].annotation)
        if section is not None:
            _check_keys(origin, value, section, f"{prefix}{key}.")


def _section_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType):
        return next((found for part in get_args(annotation) if (found := _section_of(part))), None)
    return None


def _unknown(path: str, key: str, model: type[BaseModel], origin: str) -> str:
    near = difflib.get_close_matches(key, model.model_fields, n=1, cutoff=0.5)
    if near:
        return f"unknown setting {path} ({origin}); did you mean {path.removesuffix(key)}{near[0]}?"
    elsewhere = difflib.get_close_matches(path, _all_keys(), n=1, cutoff=0.3)
    nearest = f"; the nearest one is {elsewhere[0]}" if elsewhere else ""
    return f"unknown setting {path} ({origin}){nearest}"


@lru_cache(maxsize=1)
def _all_keys() -> tuple[str, ...]:
    return tuple(key for key, _ in leaves(Settings()))


def _with_tuples(value: Any) -> Any:
    """The same with tuples for lists, as the strict models have them."""
    if isinstance(value, Mapping):
        return {key: _with_tuples(inner) for key, inner in value.items()}
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value


def _sentence(error: ValidationError, origins: Mapping[str, str]) -> str:
    first = error.errors(include_url=False)[0]
    # The last part of a place among alternatives is the name of one of them.
    places = [part for part in first["loc"] if part not in _ALTERNATIVES]
    key = ".".join(map(str, places))
    known = [path for path in origins if key == path or key.startswith(f"{path}.") or path.startswith(f"{key}.")]
    written = (origins[path] for path in sorted(known, key=len, reverse=True))
    origin = next((place for place in written if not place.startswith("default")), "default")
    given = "" if is_secret(key) or isinstance(first["input"], Mapping) else f", not {_shown(first['input'])}"
    return f"setting {key} ({origin}): {_expected(first)}{given}"


def _expected(error: ErrorDetails) -> str:
    """What a setting must be, in the words of who writes TOML."""
    if error["loc"][-1] in _ALTERNATIVES:
        return "it must be a number, text in quotes, true or false"
    wanted = _WANTED.get(error["type"])
    if wanted is not None:
        bounds = error.get("ctx", {})
        return f"it must be {wanted.format(**{name: _bound(bound) for name, bound in bounds.items()})}"
    message = error["msg"].removeprefix("Value error, ")
    return f"{message[:1].lower()}{message[1:]}"


def _bound(value: Any) -> Any:
    return f"{value:g}" if isinstance(value, float) else value


_ALTERNATIVES = frozenset({"bool", "int", "float", "str"})
_WANTED: Mapping[str, str] = {
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "tuple_type": 'a list, as in ["one", "two"]',
    "dict_type": "a table",
    "model_type": "a table",
    "datetime_type": "a time with its zone, as in 2026-11-24T10:42:00-05:00",
    "timezone_aware": "a time with its zone, as in 2026-11-24T10:42:00-05:00",
    "too_short": "longer: {min_length} at least",
    "too_long": "shorter: {max_length} at most",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "literal_error": "{expected}",
    "string_pattern_mismatch": "of the form {pattern}",
}


def _shown(value: Any) -> str:
    """A value as TOML writes it; a name and a password in an address are not shown."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_shown, value))}]"
    text = re.sub(r"//[^/@]*@", "//(hidden)@", repr(value))
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
