"""The health pane by its keys: the mark that they act on, and the word that each of them ends with."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cockpit.health.alert import Alert
from cockpit.health.status import FeedStatus, HealthRow, ProviderStatus, State, UsageStatus, Window
from cockpit.health.wording import reset_clock
from cockpit.tui.panes.health_page import health_page
from cockpit.tui.widgets.columns import Moment
from tests.tui.clocks import NOW, StillClock
from tests.tui.conftest import Screen, picture, settled, told
from tests.tui.demo import DemoSession

MOMENT = Moment(NOW, 1000.0)


def marked(text: str) -> str:
    """The line with the mark."""
    return next(line for line in text.split("\n") if "▌" in line)


def page(rows: dict[str, HealthRow], width: int) -> list[str]:
    laid = health_page(rows, MOMENT, width, alerts={}, height=40, chosen="tradier")
    return ["".join(words for words, _ in line.runs).rstrip() for line in laid.lines]


async def test_the_mark_goes_from_vendor_to_vendor(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        assert "▌tradier" not in picture(app)
        await pilot.press("5")
        await settled(app, pilot)
        for key, name in (("j", "alpha vantage"), ("j", "stocktwits"), ("j", "stocktwits"), ("k", "alpha vantage")):
            await pilot.press(key)
            await settled(app, pilot)
            assert f"▌{name}" in picture(app)
        await pilot.press("1")
        await settled(app, pilot)
        assert "▌alpha vantage" not in picture(app)


async def test_keys_act_on_the_vendor_under_the_mark_and_say_what_came_of_it(
    session: DemoSession, screen: Screen
) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("5", "j", "p", "b")
        await settled(app, pilot)
        assert session.demo.asked == ["probe alpha_vantage", "reset alpha_vantage"]
        assert "alpha_vantage answers, within 112 ms" in told(app)
        assert "the breaker of alpha_vantage was open and is closed" in told(app)


async def test_a_probe_that_fails_says_why(session: DemoSession, screen: Screen) -> None:
    session.demo.refuse = "no answer from 127.0.0.1 within 10 s"
    async with screen(session) as (app, pilot):
        await pilot.press("5", "p")
        await settled(app, pilot)
        assert "no answer from 127.0.0.1 within 10 s" in told(app)


async def test_a_cache_is_dropped_once_that_is_confirmed(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press("5", "d", "escape", "j", "d")
        await settled(app, pilot)
        assert "Drop all that alpha_vantage answered?" in picture(app)
        assert session.demo.asked == []
        await pilot.press("enter", "enter")
        await settled(app, pilot)
        assert session.demo.asked == ["drop alpha_vantage"]
        assert "dropped 41 answers of alpha_vantage" in told(app)


async def test_without_a_vendor_the_keys_say_so(screen: Screen) -> None:
    async with screen(DemoSession(StillClock())) as (app, pilot):
        await pilot.press("p", "b", "d")
        await pilot.pause()
        assert told(app).count("no vendor has reported yet") == 3


async def test_the_palette_acts_on_any_vendor_and_on_one_name(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        for words, asked, confirmed in (
            ("probe stocktwits", "probe stocktwits", False),
            ("reset breaker tradier", "reset tradier", False),
            ("drop nvda", "drop  NVDA", True),
        ):
            await pilot.press("colon")
            await pilot.pause()
            await pilot.press(*words)
            for _ in range(40):
                await pilot.pause(0.02)
                if app.screen.query("CommandList").first().option_count:  # type: ignore[attr-defined]  # a list
                    break
            await pilot.press("enter")
            if confirmed:
                for _ in range(40):
                    if "Drop all that all vendors answered about NVDA?" in picture(app):
                        break
                    await pilot.pause(0.02)
                await pilot.press("enter")
            for _ in range(40):
                if session.demo.asked[-1:] == [asked]:
                    break
                await pilot.pause(0.02)
            assert session.demo.asked[-1:] == [asked]
        await settled(app, pilot)
        assert "dropped 41 answers of all vendors about NVDA" in told(app)


async def test_a_replay_offers_nothing_about_vendors(session: DemoSession, screen: Screen) -> None:
    from cockpit.tui.actions import offered

    names = {action.name for action in offered("replay")}
    assert not {"probe", "reset_breaker", "drop_cache"} & names


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_alone_it_shows_every_limit_and_the_marked_vendor_in_sight(
    session: DemoSession, screen: Screen, size: tuple[int, int]
) -> None:
    async with screen(session, size) as (app, pilot):
        await pilot.press("5", *(["z"] if size[0] >= 100 else []))
        await settled(app, pilot)
        for name in ("alpha vantage", "stocktwits"):
            await pilot.press("j")
            await settled(app, pilot)
            assert marked(picture(app)).startswith(f"▌{name}")
        await pilot.press("G")
        await settled(app, pilot)
        assert "symbol" in picture(app)


def test_the_page_tells_limits_breaker_caches_and_the_last_error_with_its_age() -> None:
    vendor = ProviderStatus(
        "tradier",
        State.DOWN,
        (Window(120, 60.0, 84, 38.0), Window(25, 86_400.0, 12, 32_400.0), Window(300, 300.0, 0, 0.0)),
        2,
        "open",
        112.0,
        0.9,
        7,
        3,
        "tradier: HTTP 503",
        NOW - timedelta(minutes=3),
        memory_hit_ratio=0.8,
        second_hit_ratio=0.5,
        breaker_seconds=12.0,
        evictions=4,
        usage=(UsageStatus("chains", 7, 3, 1, 5_000, 80.0, 112.0),),
    )
    lines = page({"provider:tradier": vendor}, 120)
    text = "\n".join(lines)
    for words in ("84/120m   ▇▇▇▇▇▇▁▁▁ 00:38", "12/25d", "9h00", "0/300/5m", "queue 2", "breaker open 00:12"):
        assert words in text
    for words in ("L1  80%", "L2  50%", "p95 112ms", "asked 7", "failed 3", "evicted 4", "3m ago: HTTP 503"):
        assert words in text
    assert lines[-1].split() == ["tradier", "chains", "7", "3", "1", "80", "112", "5.00kB"]


def test_a_vendor_without_limits_says_so() -> None:
    assert "▌tradier       no limits" in page({"provider:tradier": ProviderStatus("tradier", State.UP)}, 120)


@pytest.mark.parametrize("width", [30, 60, 80, 99, 120, 200])
def test_no_line_of_the_page_is_too_wide(session: DemoSession, width: int) -> None:
    rows = dict(session.boards.health.items())
    feed = rows["feed"]
    assert isinstance(feed, FeedStatus)
    rows["feed"] = replace(feed, state=State.DEGRADED, message="the venue does not answer " * 12)
    alerts = {"a": Alert("rule", "row", "rule: row has x " * 20, NOW)}
    laid = health_page(rows, MOMENT, width, alerts=alerts, height=20, chosen="tradier")
    assert max(len("".join(words for words, _ in line.runs).rstrip()) for line in laid.lines) <= max(width, 55)


@pytest.mark.parametrize(
    ("seconds", "clock"),
    [
        *((0.0, "00:00"), (-3.0, "00:00"), (0.2, "00:01"), (38.0, "00:38"), (59.5, "01:00"), (2460, "41:00")),
        *((3599.9, "1h00"), (32_400.0, "9h00"), (86_399.0, "23h59")),
    ],
)
def test_reset_clocks(seconds: float, clock: str) -> None:
    assert reset_clock(seconds) == clock
