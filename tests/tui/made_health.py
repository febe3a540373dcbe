"""The health of a made-up day: one vendor limps, the rest is well."""

from datetime import timedelta

from cockpit.board import Board
from cockpit.health.status import (
    FeedStatus,
    HealthRow,
    ProcessStatus,
    ProviderStatus,
    State,
    StorageStatus,
    TaskStatus,
    UsageStatus,
    Window,
)
from tests.tui.clocks import NOW


def put_health(board: Board[str, HealthRow], mono: float, elapsed: float) -> None:
    """Every part, so many seconds after the start."""
    put = board.put
    put(
        "feed",
        FeedStatus(
            "binance",
            State.UP,
            rate=54.2,
            lag_ms=3.2,
            clock_offset_ms=-12.4,
            last_message_at=mono,
            up_since=mono - 11520 - elapsed,
            backfilled=118,
            reconnects=1,
            received=91234,
            stored=91230,
        ),
    )
    put("storage", StorageStatus(State.UP, False, "", 12, 4.1, 3_100_000, 48_000_000, 0.61))
    put("process", ProcessStatus(0.021, 118_000_000, 3.0, 14, 11520.0 + elapsed))
    put(
        "provider:tradier",
        ProviderStatus(
            "tradier",
            State.UP,
            (Window(120, 60.0, 84, 38.0 - elapsed % 38),),
            0,
            "closed",
            112.0,
            0.89,
            812,
            0,
            memory_hit_ratio=0.81,
            second_hit_ratio=0.42,
            usage=(
                UsageStatus("chains", 640, 0, 12, 48_000_000, 88.0, 121.0),
                UsageStatus("quotes", 172, 0, 0, 310_000, 41.0, 60.0),
            ),
        ),
    )
    put(
        "provider:alpha_vantage",
        ProviderStatus(
            "alpha_vantage",
            State.UP,
            (Window(25, 86400.0, 12, 32400.0), Window(1, 1.0, 0, 0.0)),
            0,
            "closed",
            340.0,
            0.97,
            31,
            1,
            "alpha_vantage: no answer from 127.0.0.1 within 10 s",
            NOW - timedelta(minutes=42),
            memory_hit_ratio=0.60,
            second_hit_ratio=0.93,
            usage=(UsageStatus("earnings", 31, 1, 4, 1_200_000, 210.0, 340.0),),
        ),
    )
    put(
        "provider:stocktwits",
        ProviderStatus(
            "stocktwits",
            State.DEGRADED,
            (Window(200, 3600.0, 11, 2460.0),),
            2,
            "half-open",
            210.0,
            0.64,
            11,
            3,
            "stocktwits: answered 503 three times",
            NOW - timedelta(seconds=25),
            memory_hit_ratio=0.64,
            usage=(UsageStatus("symbol", 11, 3, 0, 92_000, 150.0, 210.0),),
        ),
    )
    for name in ("feed", "recorder", "sampler"):
        put(f"task:{name}", TaskStatus(name, State.UP))
