"""Every action of the screen, once: keys, footer, help, palette and remapping all read this table. Free of Textual."""

from enum import StrEnum
from typing import NamedTuple


class Pane(StrEnum):
    """The panes, in the order of their number keys."""

    TICKS = "ticks"
    CANDIDATES = "candidates"
    SPREADS = "spreads"
    PORTFOLIO = "portfolio"
    HEALTH = "health"

    @property
    def number(self) -> int:
        """The key that goes there."""
        return list(Pane).index(self) + 1

    @property
    def label(self) -> str:
        """As shown: ``Ticks``."""
        return self.value.capitalize()

    @property
    def short(self) -> str:
        """A word of at most seven letters for narrow screens."""
        return {Pane.CANDIDATES: "Names", Pane.PORTFOLIO: "Book"}.get(self, self.label)


class Group(StrEnum):
    """The chapters of the help."""

    TRADE = "Trade"
    ROWS = "Rows"
    PANES = "Panes"
    REPLAY = "Replay"
    COCKPIT = "Cockpit"
    VENDORS = "Vendors, in the health pane"


class Action(NamedTuple):
    """Something a key does.

    Attributes:
        name: the id in ``[keymap]`` and the suffix of the screen's handler, ``action_NAME``.
        keys: default keys, the first is the one shown.
        label: one or two words for the footer.
        description: a sentence for the help and the palette.
        panes: where the footer shows it; empty where it is shown nowhere. Of starting and stopping a scan it shows the
            one that can be done now.
        always: True where the footer shows it whatever the pane.
        palette: True where the command palette offers it by its label.
    """

    name: str
    keys: tuple[str, ...]
    label: str
    description: str
    group: Group
    panes: tuple[Pane, ...] = ()
    always: bool = False
    palette: bool = True


_T, _C, _S, _P, _H = Pane

ACTIONS: tuple[Action, ...] = (
    Action("scan", ("s",), "scan", "Scan the earnings calendar for candidates", Group.TRADE, (_T, _C, _S)),
    Action(
        *("cancel_scan", ("x",), "stop scan", "Stop the running scan; what it has found stays"),
        *(Group.TRADE, (_T, _C, _S)),
    ),
    Action("open", ("o",), "open", "Open a ticket for the spread under the cursor", Group.TRADE, (_C, _S)),
    Action("close", ("c",), "close", "Open a ticket that closes the position under the cursor", Group.TRADE, (_P,)),
    Action("why", ("e",), "why", "Show every number behind the name under the cursor", Group.TRADE, (_C, _S, _P)),
    Action("history", ("H",), "history", "Show closed positions, their scorecard and reviews", Group.TRADE, (_P,)),
    Action(
        *("next_session", ("n",), "next session", "Move the simulated market to its next open"),
        *(Group.TRADE, (_P,)),
    ),
    Action("detail", ("enter",), "detail", "Show all that is known of the row", Group.ROWS, (_T, _C, _S, _P, _H)),
    Action("chart", ("C",), "chart", "Show a chart of the symbol's prices", Group.ROWS, (_T,)),
    Action("restart", ("R",), "restart", "Start the symbol's stopped strategies again", Group.ROWS),
    Action("flatten", ("F",), "flatten", "Flatten what the symbol's strategies hold that run no more", Group.ROWS),
    Action("filter", ("/",), "filter", "Show only rows that meet an expression", Group.ROWS, (_T, _C, _S, _P)),
    Action("sort", ("t",), "sort", "Sort by the next column", Group.ROWS, (_T, _C, _S, _P)),
    Action("reverse", ("r",), "reverse", "Turn the order round", Group.ROWS),
    Action("up", ("up", "k"), "up", "Row up", Group.ROWS, palette=False),
    Action("down", ("down", "j"), "down", "Row down", Group.ROWS, palette=False),
    Action("page_up", ("pageup", "ctrl+b"), "page up", "Page up", Group.ROWS, palette=False),
    Action("page_down", ("pagedown", "ctrl+f"), "page down", "Page down", Group.ROWS, palette=False),
    Action("first", ("home", "g"), "first", "First row", Group.ROWS, palette=False),
    Action("last", ("end", "G"), "last", "Last row", Group.ROWS, palette=False),
    *(
        Action(pane.value, (str(pane.number),), pane.label, f"Go to the pane {pane.label}", Group.PANES)
        for pane in Pane
    ),
    Action("next_pane", ("tab", "right", "l"), "next pane", "Go to the next pane", Group.PANES, palette=False),
    Action(
        *("previous_pane", ("shift+tab", "left", "h"), "previous pane", "Go to the previous pane", Group.PANES),
        palette=False,
    ),
    Action(
        *("probe", ("p",), "probe", "Ask the vendor under the mark something cheap, within its limits"),
        *(Group.VENDORS, (_H,)),
    ),
    Action(
        *("reset_breaker", ("b",), "reset breaker", "Ask the vendor under the mark again at its next turn"),
        *(Group.VENDORS, (_H,)),
    ),
    Action(
        *("drop_cache", ("d",), "drop cache", "Forget what the vendor under the mark has answered; it asks first"),
        *(Group.VENDORS, (_H,)),
    ),
    Action(
        *("pause", ("space",), "pause", "Stop the recording's time, or let it go on", Group.REPLAY),
        always=True,
    ),
    Action(
        *("seek_back", ("[", "comma"), "-1 min", "Go back by a minute of the recording", Group.REPLAY),
        always=True,
    ),
    Action(
        *("seek_forward", ("]", "."), "+1 min", "Go forward by a minute of the recording", Group.REPLAY),
        always=True,
    ),
    Action("slower", ("-",), "slower", "Play the recording slower", Group.REPLAY, always=True),
    Action("faster", ("+", "="), "faster", "Play the recording faster", Group.REPLAY, always=True),
    Action("zoom", ("z",), "zoom", "Give the pane the whole screen, and back", Group.PANES, always=True),
    Action("palette", (":", "ctrl+p"), "command", "Type a command", Group.COCKPIT, always=True, palette=False),
    Action("theme", ("ctrl+t",), "theme", "Choose a theme", Group.COCKPIT),
    Action("help", ("?", "f1"), "help", "Show all keys", Group.COCKPIT, always=True),
    Action("back", ("escape",), "back", "Leave the filter, the zoom or the window", Group.COCKPIT, palette=False),
    Action(
        "quit",
        ("q", "ctrl+q", "ctrl+c"),
        "quit",
        "Quit; what is shown as filled is on disk",
        Group.COCKPIT,
        always=True,
    ),
)


def offered(profile: str) -> tuple[Action, ...]:
    """What footer, help and palette offer: a replay asks nobody and trades nothing; nothing else can be replayed."""
    absent = (Group.TRADE, Group.VENDORS) if profile == "replay" else (Group.REPLAY,)
    return tuple(action for action in ACTIONS if action.group not in absent)


BY_NAME: dict[str, Action] = {action.name: action for action in ACTIONS}
