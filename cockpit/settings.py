"""Settings: layered, validated as a whole, each value with its origin.

Precedence: ``--set`` flag, environment ``COCKPIT_SECTION__KEY``, the file of secrets, the configuration file, the
shipped defaults; within a file, ``[profiles.NAME]`` goes over the rest. An unknown key is an error that names the
nearest one. Secrets are taken from the environment or a file of mode 0600 only, and never printed.
"""

import difflib
import json
import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from cockpit.errors import ConfigurationError
from cockpit.paths import Paths, config_file, environment_file, profile_paths, shipped

_PREFIX = "COCKPIT_"
_LIMIT = re.compile(r"^(\d+)/(\d*)([smhd])\Z", re.ASCII)
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SECRETS = frozenset({"token", "api_key", "client_secret", "redis.url"})

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
    if match is None or int(match[1]) == 0 or (match[2] and int(match[2]) == 0):
        raise ValueError("a limit reads COUNT/TIME with s, m, h or d, such as 120/1m or 25/1d")
    return int(match[1]), float(int(match[2] or 1) * _UNIT_SECONDS[match[3]])


ExchangeSymbol = Annotated[str, AfterValidator(_symbol)]
RateLimit = Annotated[str, AfterValidator(_limit)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PathSettings(_Section):
    """``[paths]``"""

    data_dir: str = ""


class UiSettings(_Section):
    """``[ui]``"""

    theme: str = "dark"
    hz: Annotated[float, Field(ge=0, le=30)] = 0
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
    mute_seconds: Positive = 10.0


class VenueSettings(_Section):
    """``[venues.NAME]``"""

    ws_url: Annotated[str, Field(pattern=r"^wss?://")]
    rest_url: Annotated[str, Field(pattern=r"^https?://")]


class Venues(_Section):
    """``[venues]``"""

    binance: VenueSettings = VenueSettings(ws_url="wss://stream.binance.com:9443", rest_url="https://api.binance.com")
    binance_us: VenueSettings = VenueSettings(ws_url="wss://stream.binance.us:9443", rest_url="https://api.binance.us")


class TradierSettings(_Section):
    """``[providers.tradier]``"""

    base_url: Annotated[str, Field(pattern=r"^https?://")] = "https://api.tradier.com/v1"
    token: SecretStr | None = None
    limits: tuple[RateLimit, ...] = ("120/1m",)
    timeout: Positive = 10.0


class AlphaVantageSettings(_Section):
    """``[providers.alpha_vantage]``"""

    base_url: Annotated[str, Field(pattern=r"^https?://")] = "https://www.alphavantage.co"
    api_key: SecretStr | None = None
    limits: tuple[RateLimit, ...] = ("1/1s", "25/1d")
    timeout: Positive = 20.0


class BinanceSettings(_Section):
    """``[providers.binance]``: limits are in request weight."""

    limits: tuple[RateLimit, ...] = ("6000/1m",)
    timeout: Positive = 10.0


class Providers(_Section):
    """``[providers]``"""

    tradier: TradierSettings = TradierSettings()
    alpha_vantage: AlphaVantageSettings = AlphaVantageSettings()
    binance: BinanceSettings = BinanceSettings()


class ScanSettings(_Section):
    """``[scan]``"""

    days: Annotated[int, Field(ge=1, le=90)] = 14
    every_minutes: Annotated[float, Field(ge=0)] = 15
    concurrency: Annotated[int, Field(ge=1, le=256)] = 16
    min_quarters: Annotated[int, Field(ge=1, le=40)] = 4
    max_quarters: Annotated[int, Field(ge=1, le=40)] = 12
    implied_move: Literal["atmf", "nearest", "interp", "x085"] = "atmf"
    risk_free: Annotated[float, Field(ge=-0.05, le=0.5)] = 0.045
    vrp_tiers: Literal["conservative", "balanced", "aggressive", "legacy"] = "balanced"
    min_price: Annotated[float, Field(ge=0)] = 5.0


class SpreadSettings(_Section):
    """``[spreads]``"""

    structures: tuple[Literal["iron_condor", "bull_put", "bear_call", "iron_butterfly"], ...] = (
        *("iron_condor", "bull_put", "bear_call", "iron_butterfly"),
    )
    short_rule: Literal["outside_move", "delta", "im_mult"] = "outside_move"
    short_delta: Annotated[float, Field(gt=0, lt=0.5)] = 0.25
    short_im_mult: Positive = 1.0
    width_pct: Positive = 2.5
    wing_im_mult: Positive = 1.25
    min_credit: Annotated[float, Field(ge=0)] = 0.20
    min_reward_risk: Annotated[float, Field(ge=0)] = 0.25


class EvWeights(_Section):
    """``[scoring.weights]``: points of the ev scorer; they must add up to 100."""

    ev: Annotated[float, Field(ge=0, le=100)] = 35.0
    pop: Annotated[float, Field(ge=0, le=100)] = 20.0
    liquidity: Annotated[float, Field(ge=0, le=100)] = 20.0
    vrp: Annotated[float, Field(ge=0, le=100)] = 15.0
    confidence: Annotated[float, Field(ge=0, le=100)] = 10.0

    def model_post_init(self, _context: object, /) -> None:
        """Refuse weights that do not make a scale of 0 to 100."""
        total = self.ev + self.pop + self.liquidity + self.vrp + self.confidence
        if abs(total - 100.0) > 1e-9:
            raise ValueError(f"the weights add up to {total:g}, not to 100")


class ScoringSettings(_Section):
    """``[scoring]``"""

    scorer: Literal["ev", "v1", "v1_scaled", "v2"] = "ev"
    weights: EvWeights = EvWeights()


class SizingSettings(_Section):
    """``[sizing]``: caps are shares of equity."""

    kelly_fraction: Share = 0.5
    trade_cap: Share = 0.05
    symbol_cap: Share = 0.10
    portfolio_cap: Share = 0.30
    max_contracts: Annotated[int, Field(ge=1)] = 50


class PortfolioSettings(_Section):
    """``[portfolio]``"""

    starting_cash: Positive = 100_000.0
    fill_model: Literal["mid", "quarter", "half", "natural"] = "quarter"
    commission: Annotated[float, Field(ge=0, le=100)] = 0.35
    max_quote_age: Positive = 60.0


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


class RedisSettings(_Section):
    """``[redis]``"""

    url: SecretStr = SecretStr("")


class AlertSettings(_Section):
    """``[alerts]``"""


class SimSettings(_Section):
    """``[sim]``: the embedded market. Everything in it follows from the seed."""

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 7
    start: AwareDatetime = datetime.fromisoformat("2026-11-24T10:42:00-05:00")
    speed: Annotated[float, Field(gt=0, le=100_000)] = 1.0
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    quotas: bool = True


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
    cache: CacheSettings = CacheSettings()
    redis: RedisSettings = RedisSettings()
    alerts: AlertSettings = AlertSettings()
    sim: SimSettings = SimSettings()

    def folders(self) -> Paths:
        """The data and state folders of this profile."""
        return profile_paths(self.profile, Path(self.paths.data_dir) if self.paths.data_dir else None)


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings with the origin of every leaf: ``default``, a file, an environment variable or a flag."""

    settings: Settings
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Layer:
    origin: str
    values: Mapping[str, Any]


def load_settings(
    file: Path | None = None,
    flags: Sequence[tuple[str, str]] = (),
    environment: Mapping[str, str] | None = None,
) -> LoadedSettings:
    """Read, layer and validate everything.

    Args:
        file: a configuration file that must exist; None takes the user's own, if there is one.
        flags: ``--set`` pairs of dotted key and TOML value (a bare word is a string).
        environment: defaults to ``os.environ``.

    Raises:
        ConfigurationError: names the key, its origin and what to do.
    """
    environment = os.environ if environment is None else environment
    layers = [_Layer("default", _read(shipped("config.toml")))]
    chosen = file if file is not None else config_file()
    if file is not None or chosen.exists():
        values = _read(chosen)
        _refuse_exposed_secrets(chosen, values)
        layers.append(_Layer(f"file {chosen}", values))
    layers.extend(_environment_layers(environment))
    for key, text in flags:
        layers.append(_Layer(f"--set {key}", _nest(key.split("."), _literal(text))))
    for layer in layers:
        _refuse_unknown(layer)
    profile = _last(layers, "profile")
    if profile not in get_args(Profile):
        raise ConfigurationError(f"profile is {profile!r}, but there are only {', '.join(get_args(Profile))}")
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in _with_profiles(layers, profile):
        _merge(merged, origins, layer.values, layer.origin)
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise ConfigurationError(_sentence(error, origins)) from None
    return LoadedSettings(settings, origins)


def leaves(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every setting as dotted key and printable value; a secret prints as ``(set)`` or ``(not set)``."""
    yield from _leaves((), settings)


def is_secret(key: str) -> bool:
    """True for a dotted key whose value is never shown."""
    return key in _SECRETS or key.rpartition(".")[2] in _SECRETS


def _leaves(prefix: tuple[str, ...], section: BaseModel) -> Iterator[tuple[str, str]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        key = (*prefix, name)
        if isinstance(value, BaseModel):
            yield from _leaves(key, value)
        elif is_secret(".".join(key)):
            given = isinstance(value, SecretStr) and value.get_secret_value()
            yield ".".join(key), "(set)" if given else "(not set)"
        elif isinstance(value, datetime):
            yield ".".join(key), json.dumps(value.isoformat())
        else:
            yield ".".join(key), json.dumps(value)


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError:
        raise ConfigurationError(f'there is no configuration file {file}; "cockpit config init" makes one') from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the configuration file {file}: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}") from None


def _environment_layers(environment: Mapping[str, str]) -> Iterator[_Layer]:
    file = environment_file()
    if file.exists():
        _refuse_exposed(file)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            name, equals, value = text.partition("=")
            name = name.removeprefix("export ").strip()
            if not equals or not name.startswith(_PREFIX):
                raise ConfigurationError(f"{file}, line {number}: expected {_PREFIX}SECTION__KEY=VALUE")
            yield _variable(name, value.strip().strip("\"'"), f"file {file}")
    for name, value in sorted(environment.items()):
        # A single underscore ahead names the cockpit's own switches (COCKPIT_VECTORS and the like), not settings.
        if name.startswith(_PREFIX) and ("__" in name or name == "COCKPIT_PROFILE"):
            yield _variable(name, value, f"environment {name}")


def _variable(name: str, value: str, origin: str) -> _Layer:
    keys = name.removeprefix(_PREFIX).lower().split("__")
    if is_secret(".".join(keys)):
        return _Layer(origin, _nest(keys, value))
    return _Layer(origin, _nest(keys, _literal(value)))


def _literal(text: str) -> Any:
    """A TOML value, or the text itself where it is none: ``sim`` and ``0.5`` mean what they look like."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _nest(keys: Sequence[str], value: Any) -> dict[str, Any]:
    for key in reversed(keys):
        value = {key: value}
    nested: dict[str, Any] = value
    return nested


def _last(layers: Sequence[_Layer], key: str) -> Any:
    return next((layer.values[key] for layer in reversed(layers) if key in layer.values), "sim")


def _with_profiles(layers: Sequence[_Layer], profile: str) -> Iterator[_Layer]:
    for layer in layers:
        yield _Layer(layer.origin, {key: value for key, value in layer.values.items() if key != "profiles"})
        overrides = layer.values.get("profiles", {}).get(profile)
        if overrides:
            yield _Layer(f"{layer.origin} [profiles.{profile}]", overrides)


def _merge(
    into: dict[str, Any], origins: dict[str, str], values: Mapping[str, Any], origin: str, prefix: str = ""
) -> None:
    for key, value in values.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            inner = into.setdefault(key, {})
            if isinstance(inner, dict):
                _merge(inner, origins, value, origin, f"{path}.")
                continue
        into[key] = value
        origins[path] = origin


def _refuse_unknown(layer: _Layer) -> None:
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


def _sentence(error: ValidationError, origins: Mapping[str, str]) -> str:
    first = error.errors(include_url=False)[0]
    names = [str(part) for part in first["loc"]]
    key = ".".join(names)
    known = [path for path in origins if key == path or key.startswith(f"{path}.") or path.startswith(f"{key}.")]
    origin = origins[max(known, key=len)] if known else "default"
    given = "" if is_secret(key) else f", not {first['input']!r}" if not isinstance(first["input"], dict) else ""
    message = first["msg"].removeprefix("Value error, ")
    return f"setting {key} ({origin}): {message[0].lower()}{message[1:]}{given}"


def _refuse_exposed_secrets(file: Path, values: Mapping[str, Any], prefix: str = "") -> None:
    for key, value in values.items():
        if isinstance(value, Mapping):
            _refuse_exposed_secrets(file, value, f"{prefix}{key}.")
        elif value and is_secret(f"{prefix}{key}"):
            _refuse_exposed(file)


def _refuse_exposed(file: Path) -> None:
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise ConfigurationError(f"{file} holds a secret and can be read by others; run: chmod 600 {file}")
