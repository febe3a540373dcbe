"""Where the panes stand: two columns that are split independently, and health below both."""

from collections.abc import Callable

from textual.containers import Container
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import Layout, WidgetPlacement
from textual.widget import Widget

from cockpit.tui.actions import Pane

_LEAST_HEALTH, _MOST_HEALTH = 6, 12
"""Title and five lines; a line more for every two of a body beyond that of a screen of forty lines."""
_BODY = 38
_LEAST_SPREADS, _MOST_SPREADS, _WITH_LEGS = 9, 11, 17
"""Title, header and four structures with their reasons below; the second leaves blank lines around them, and the third
has room for the legs with the result at expiry: on a tall screen."""
_LEFT, _RIGHT = 55, 64
_HEAD = 2
"""Title and header of a table."""


def health_rows(height: int) -> int:
    """Rows of the health pane in a body of so many."""
    return max(_LEAST_HEALTH, min(_MOST_HEALTH, _LEAST_HEALTH + (height - _BODY) // 2))


def areas(width: int, height: int, symbols: int) -> dict[Pane, Region]:
    """A region for each pane.

    Args:
        symbols: rows that the ticks would fill: they get up to half of the column, and the portfolio the rest. As long
            as there are none, it is halves.
    """
    upper = max(0, height - health_rows(height))
    left = (width - 1) * _LEFT // (_LEFT + _RIGHT)
    right = width - 1 - left
    ticks = min(upper // 2, _HEAD + symbols) if symbols else upper // 2
    share = upper * 2 // 5
    most = _WITH_LEGS if share >= _WITH_LEGS else _MOST_SPREADS
    spreads = min(max(_LEAST_SPREADS, min(most, share)), upper // 2)
    return {
        Pane.TICKS: Region(0, 0, left, ticks),
        Pane.PORTFOLIO: Region(0, ticks, left, upper - ticks),
        Pane.CANDIDATES: Region(left + 1, 0, right, upper - spreads),
        Pane.SPREADS: Region(left + 1, upper - spreads, right, spreads),
        Pane.HEALTH: Region(0, upper, width, height - upper),
    }


class _Columns(Layout):
    name = "columns"

    def __init__(self, symbols: Callable[[], int]) -> None:
        self._symbols = symbols

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> list[WidgetPlacement]:
        """A pane that is alone gets all."""
        parent.pre_layout(self)
        if len(children) == 1:
            regions = {children[0].id: size.region}
        else:
            regions = {pane.value: region for pane, region in areas(size.width, size.height, self._symbols()).items()}
        return [WidgetPlacement(regions[child.id], NULL_OFFSET, NULL_SPACING, child) for child in children]


class PanesArea(Container):
    """Holds the panes; :meth:`resplit` is to be called when the ticks may want more or fewer rows."""

    DEFAULT_CSS = """
    PanesArea { height: 1fr; overflow: hidden; }
    """

    def __init__(self, *panes: Widget, symbols: Callable[[], int]) -> None:
        super().__init__(*panes)
        self._symbols = symbols
        self._split_for = -1
        self._columns = _Columns(symbols)

    @property
    def layout(self) -> Layout:
        """Textual asks for it whenever it arranges the panes."""
        return self._columns

    def resplit(self) -> None:
        """Arrange anew where the number of symbols has changed, and only then: a layout paints the whole screen."""
        symbols = self._symbols()
        if symbols != self._split_for:
            self._split_for = symbols
            # A child's request drops the arrangement that is kept here; one's own request keeps it.
            self.children[0].refresh(layout=True)
