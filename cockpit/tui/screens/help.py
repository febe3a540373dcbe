"""All keys, from the table of actions and the user's keymap; commands, filters, and what the columns mean."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cockpit.fields import CANDIDATE_FIELDS, POSITION_FIELDS, SPREAD_FIELDS, TICK_FIELDS
from cockpit.tui.actions import ACTIONS, Action, Group, offered
from cockpit.tui.inks import Ink
from cockpit.tui.keymap import keys_of, shown
from cockpit.tui.screens.sheet import Sheet
from cockpit.tui.widgets.lines import EMPTY, Line, fit, merged, width_of
from cockpit.tui.widgets.prose import hanging, line_of, wrapped

_TWO_COLUMNS = 100
_BETWEEN = 3
_KEYS, _COMMAND, _WORD = 9, 16, 6

_COMMANDS = (
    ("open NVDA condor", "a ticket for that spread"),
    ("why NVDA", "every number behind it"),
    ("scan NVDA,CRM", "look at these names only"),
    ("sort ev", "sort the pane by a column"),
    ("filter vrp>1.2", "filter the pane"),
    ("theme light", "change the colours"),
    ("probe tradier", "ask a vendor something cheap"),
    ("drop NVDA", "forget what all vendors answered about it"),
)
_COLUMNS = (
    ("tr/s", "trades a second, over ten seconds"),
    ("lost", "trades that are missing; +n came later over REST"),
    ("impl%", "implied move by expiry"),
    ("evnt%", "implied move of the report alone, from two expiries"),
    ("hist%", "mean move on past reports"),
    ("vrp", "implied over past move, shrunk towards 1 where n is small"),
    ("n", "past reports behind it; … where they wait for an allowance"),
    ("lq", "liquidity, A to D, the worst leg counts"),
    ("sent", "what people write about it, -1 to +1; it never scores"),
    ("tail", "largest over mean past move"),
    ("credit", "dollars a share, as it would be filled"),
    ("POP%", "probability of profit at the breakevens"),
    ("EV $", "expected profit after costs, dollars a contract"),
    ("R/R", "reward over risk"),
    ("sc", "score, 0 to 100"),
    ("qty", "contracts that the sizing suggests, or that are held"),
    ("kept%", "of the credit, if it were bought back at mid"),
    ("Δ", "delta of the position in contracts of stock"),
    ("L1 L2", "answers from memory, and of the rest from the level behind"),
    ("ring", "how full the way into the database is"),
    ("?", "unknown, never counted as zero; behind a date: doubted"),
)
_FIELDS = (
    ("ticks", TICK_FIELDS),
    ("candidates", CANDIDATE_FIELDS),
    ("spreads", SPREAD_FIELDS),
    ("portfolio", POSITION_FIELDS),
)


class HelpScreen(Sheet[None]):
    """The help as a window, of what a profile offers."""

    preferred_width = 118

    def __init__(self, keymap: Mapping[str, str], profile: str) -> None:
        super().__init__("Keys, commands, columns")
        self._keymap = keymap
        self._actions = offered(profile)

    def content(self, width: int) -> list[Line]:
        """In two columns where there is room."""
        return help_lines(self._keymap, width, actions=self._actions)


def help_lines(keymap: Mapping[str, str], width: int = 76, *, actions: Sequence[Action] = ACTIONS) -> list[Line]:
    """The help in lines of ``width`` cells, a chapter a group."""
    if width < _TWO_COLUMNS:
        return _joined(_chapters(keymap, width, actions))
    column = (width - _BETWEEN) // 2
    chapters = list(_chapters(keymap, column, actions))
    half = (sum(map(len, chapters)) + len(chapters)) // 2
    split = next(at for at in range(len(chapters) + 1) if sum(len(one) + 1 for one in chapters[:at]) >= half)
    left, right = _joined(chapters[:split]), _joined(chapters[split:])
    count = max(len(left), len(right))
    pairs = zip(left + [EMPTY] * (count - len(left)), right + [EMPTY] * (count - len(right)), strict=True)
    return [_beside(one, other, column) for one, other in pairs]


def _joined(chapters: Iterable[Sequence[Line]]) -> list[Line]:
    lines: list[Line] = []
    for chapter in chapters:
        lines += [*([EMPTY] if lines else []), *chapter]
    return lines


def _beside(one: Line, other: Line, column: int) -> Line:
    used = sum(width_of(text) for text, _ in one.runs)
    return Line(merged((*one.runs, (" " * (column + _BETWEEN - used), Ink.TEXT), *other.runs)))


def _chapters(keymap: Mapping[str, str], width: int, actions: Sequence[Action]) -> Iterator[list[Line]]:
    for group in Group:
        chosen = [action for action in actions if action.group is group]
        if chosen:
            keys = [" ".join(shown(key) for key in keys_of(action.name, keymap)) for action in chosen]
            meanings = [action.description for action in chosen]
            yield _chapter(group.value, zip(keys, meanings, strict=True), _KEYS, width)
    yield _chapter("Commands, after :", _COMMANDS, _COMMAND, width)
    filters = "vrp>1.2 and (liq<=B or score>=60)    not flags~timing    score!=?    nv  (looks for a name)"
    yield [
        line_of(("Filters, after /", Ink.ACCENT)),
        *hanging((("  ", Ink.TEXT),), filters, width, Ink.STRONG),
        *(
            line
            for title, fields in _FIELDS
            for line in hanging(((f"  {title}: ", Ink.MUTED),), ", ".join(fields), width, Ink.MUTED)
        ),
    ]
    yield _chapter("Columns", _COLUMNS, _WORD, width)


def _chapter(title: str, entries: Iterable[tuple[str, str]], cells: int, width: int) -> list[Line]:
    lines = wrapped(title, width, Ink.ACCENT)
    for words, meaning in entries:
        lines += hanging(((f"  {fit(words, max(cells, width_of(words)))} ", Ink.STRONG),), meaning, width, Ink.TEXT)
    return lines
