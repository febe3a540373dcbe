import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.tui.actions import Pane
from cockpit.tui.areas import areas, health_rows
from tests.tui.clocks import StillClock
from tests.tui.conftest import Screen, settled
from tests.tui.demo import DemoSession


@given(st.integers(100, 400), st.integers(28, 200), st.integers(0, 500))
def test_panes_cover_the_body_and_do_not_overlap(width: int, height: int, symbols: int) -> None:
    found = areas(width, height, symbols)
    assert set(found) == set(Pane)
    between_the_columns = height - health_rows(height)
    assert sum(region.area for region in found.values()) + between_the_columns == width * height
    regions = list(found.values())
    assert not any(one.overlaps(other) for at, one in enumerate(regions) for other in regions[:at])
    assert min(region.height for region in regions) >= 3


@pytest.mark.parametrize("height", [28, 38, 58])
def test_ticks_take_what_they_need_and_spreads_what_they_can_use(height: int) -> None:
    found = areas(120, height, 5)
    assert found[Pane.TICKS].height == 7
    assert found[Pane.SPREADS].height == {28: 9, 38: 11, 58: 17}[height]
    assert found[Pane.CANDIDATES].height > found[Pane.SPREADS].height
    assert areas(120, height, 500)[Pane.TICKS].height == (height - health_rows(height)) // 2


async def test_the_split_follows_symbols_sizes_and_zoom(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        main = app.main
        assert main.ticks.size.height == 12
        session.boards.ticks.remove("DOTUSDT")
        main._refill()
        await pilot.pause()
        assert main.ticks.size.height == 11
        for size in ((200, 60), (100, 30), (80, 24), (120, 40)):
            await pilot.resize_terminal(*size)
            await settled(app, pilot)
            shown = main.shown_panes()
            if len(shown) == 1:
                assert shown[0].size == main._body.size
            else:
                assert {view.pane: view.region.size for view in shown} == {
                    pane: region.size for pane, region in areas(size[0], size[1] - 2, 9).items()
                }
        await pilot.press("3", "z")
        await pilot.pause()
        assert main.spreads.size == main._body.size
        await pilot.press("z")
        await pilot.pause()
        assert main.spreads.size.height == 11


async def test_no_layout_without_a_reason(session: DemoSession, screen: Screen) -> None:
    async with screen(session) as (app, pilot):
        before = app.main._body._layout_updates
        for _ in range(5):
            app.main._refill()
            await pilot.pause()
        assert app.main._body._layout_updates == before


async def test_halves_as_long_as_there_are_no_ticks(screen: Screen) -> None:
    async with screen(DemoSession(StillClock())) as (app, _pilot):
        assert app.main.ticks.size.height == app.main.portfolio.size.height == 16
