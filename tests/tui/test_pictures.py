"""Pictures of the screen, kept as text beside the tests. ``pytest tests/tui --snapshot-update`` draws them anew."""

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.tui.clocks import StillClock
from tests.tui.conftest import Screen, picture, settled
from tests.tui.demo import DemoSession

WINDOWS = [
    *(("3", "o"), ("4", "j", "c"), ("2", "e"), ("1", "enter")),
    *(("3", "enter"), ("5", "enter"), ("H",), ("question_mark",)),
]
SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_busy_day(
    session: DemoSession, screen: Screen, snapshot: SnapshotAssertion, size: tuple[int, int]
) -> None:
    async with screen(session, size) as (app, _pilot):
        assert picture(app) == snapshot


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_nothing_yet(screen: Screen, snapshot: SnapshotAssertion, size: tuple[int, int]) -> None:
    async with screen(DemoSession(StillClock()), size) as (app, _pilot):
        assert picture(app) == snapshot


@pytest.mark.parametrize("key", ["2", "3", "4", "5"])
@pytest.mark.parametrize("size", [(80, 24), (40, 10)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_one_pane(
    session: DemoSession, screen: Screen, snapshot: SnapshotAssertion, size: tuple[int, int], key: str
) -> None:
    async with screen(session, size) as (app, pilot):
        await pilot.press("2", key)
        await settled(app, pilot)
        assert picture(app) == snapshot


@pytest.mark.parametrize(
    "keys",
    [
        ("3", "o"),
        ("4", "j", "c"),
        ("2", "e"),
        ("1", "enter"),
        ("3", "enter"),
        ("5", "enter"),
        ("H",),
        ("question_mark",),
    ],
    ids=lambda keys: "-".join(keys),
)
async def test_windows(
    session: DemoSession, screen: Screen, snapshot: SnapshotAssertion, keys: tuple[str, ...]
) -> None:
    async with screen(session) as (app, pilot):
        await pilot.press(*keys)
        for _ in range(5):
            await pilot.pause()
        assert picture(app) == snapshot


async def test_read_only_is_said(screen: Screen, snapshot: SnapshotAssertion) -> None:
    session = DemoSession(StillClock(), read_only="another cockpit owns this folder; nothing can be traded here").fill()
    async with screen(session) as (app, _pilot):
        assert picture(app).split("\n")[0] == snapshot
