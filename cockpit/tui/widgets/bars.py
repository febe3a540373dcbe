"""The one-line widgets: header, titles of panes, the strip of tabs, the strip of health, the footer."""

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.message import Message
from textual.widget import Widget

from cockpit.tui.inks import Ground, Ink, Run
from cockpit.tui.widgets.lines import Line, LinesMixin, clean, fit, merged, width_of

_PROFILE_INK = {"sim": Ink.SIM, "live": Ink.LIVE, "replay": Ink.REPLAY}


class Part(NamedTuple):
    """A piece of a bar. Where room is short, parts of high rank go first.

    Attributes:
        right: True where the part stands at the right end.
        target: what a click on it asks for.
    """

    runs: tuple[Run, ...]
    rank: int = 0
    right: bool = False
    target: str = ""

    @property
    def width(self) -> int:
        """Cells that the part takes."""
        return sum(width_of(text) for text, _ in self.runs)


class Bar(LinesMixin, Widget):
    """One line of parts, as many as fit."""

    DEFAULT_CSS = """
    Bar { height: 1; width: 1fr; }
    """

    class Clicked(Message):
        """A part with a target was clicked."""

        def __init__(self, target: str) -> None:
            super().__init__()
            self.target = target

    def __init__(self, name: str | None = None, *, ground: Ground = Ground.BAR, gap: int = 2) -> None:
        """``name`` is how styles know it."""
        super().__init__(id=name)
        self.ground = ground
        self._gap = gap
        self._parts: Sequence[Part] = ()
        self._targets: list[tuple[int, int, str]] = []

    def show(self, parts: Sequence[Part]) -> None:
        """Replace what is shown; only a changed line is sent."""
        self._parts = parts
        self.repaint()

    def line(self, y: int) -> Line:
        """The one line."""
        if y:
            return Line()
        chosen = _fitting(self._parts, self.size.width - 2, self._gap)
        self._targets = []
        runs: list[Run] = [(" ", Ink.TEXT)]
        at = 1
        rest = sum(part.width + self._gap for part in chosen if part.right)
        for right in (False, True):
            if right and rest:
                pad = max(0, self.size.width - 1 - at - rest + self._gap)
                runs.append((" " * pad, Ink.TEXT))
                at += pad
            for part in chosen:
                if part.right is not right:
                    continue
                if part.target:
                    self._targets.append((at, at + part.width, part.target))
                runs.extend(part.runs)
                runs.append((" " * self._gap, Ink.TEXT))
                at += part.width + self._gap
        return Line(merged(runs), self.ground)

    def on_click(self, event: events.Click) -> None:
        """Tell which part was clicked."""
        for start, end, target in self._targets:
            if start <= event.x < end:
                self.post_message(self.Clicked(target))


def _fitting(parts: Sequence[Part], room: int, gap: int) -> list[Part]:
    chosen = list(parts)
    while chosen and sum(part.width for part in chosen) + gap * (len(chosen) - 1) > room:
        worst = max(range(len(chosen)), key=lambda at: (chosen[at].rank, at))
        if len(chosen) == 1:
            return [_cut(chosen[0], room)]
        del chosen[worst]
    return chosen


def _cut(part: Part, room: int) -> Part:
    """A part that is too wide for its bar, with an ellipsis in place of what does not fit."""
    runs: list[Run] = []
    for text, ink in part.runs:
        runs.append((text if width_of(text) <= room else fit(text, max(0, room)), ink))
        room -= width_of(text)
    return part._replace(runs=tuple(runs))


def words(*runs: Run, rank: int = 0, right: bool = False, target: str = "") -> Part:
    """A part from its runs."""
    return Part(tuple((clean(text), ink) for text, ink in runs), rank, right, target)


def product() -> Part:
    """The product's name, the first to go where room is short."""
    return words(("COCKPIT", Ink.STRONG), rank=9)


def profile_part(profile: str) -> Part:
    """The profile in its own colour, the last to go."""
    return words((profile.upper(), _PROFILE_INK.get(profile, Ink.STRONG)), rank=0)
