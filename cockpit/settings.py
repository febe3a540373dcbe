"""Settings: every section and key that a configuration may have, with its default and its bounds."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from cockpit.paths import Paths, profile_paths
from cockpit.setting_values import (
    ExchangeSymbol,
    Folder,
    Instant,
    Positive,
    RateLimit,
    RedisAddress,
    Share,
    StreamAddress,
    WebAddress,
)

Profile = Literal["sim", "live", "replay"]


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
    chart: Literal["blocks", "braille"] = "blocks"


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


class RedisSettings(_Section):
    """``[redis]``: a server that cockpits share limits and answers through; none where ``url`` is empty."""

    url: RedisAddress = ""
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
