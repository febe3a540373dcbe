"""All keys, from the table of actions and the user's keymap."""

from collections.abc import Mapping, Sequence

from cockpit.fields import CANDIDATE_FIELDS, POSITION_FIELDS, SPREAD_FIELDS, TICK_FIELDS
from cockpit.tui.actions import ACTIONS, Action, Group, offered
from cockpit.tui.inks import Ink
from cockpit.tui.keymap import keys_of, shown
from cockpit.tui.screens.sheet import LinesSheet, line_of, wrapped
from cockpit.tui.widgets.lines import EMPTY, Line, fit


def help_lines(keymap: Mapping[str, str], width: int = 76, *, actions: Sequence[Action] = ACTIONS) -> list[Line]:
    """The help, a chapter a group."""
    lines: list[Line] = []
    offered_groups = {action.group for action in actions}
    for group in (group for group in Group if group in offered_groups):
        lines.append(line_of((group.value, Ink.ACCENT)))
        for action in actions:
            if action.group is group:
                keys = " ".join(shown(key) for key in keys_of(action.name, keymap))
                lines.append(line_of((f"  {fit(keys, 14)}", Ink.STRONG), (action.description, Ink.TEXT)))
        lines.append(EMPTY)
    lines.append(line_of(("Commands, after :", Ink.ACCENT)))
    for command, meaning in (
        ("open NVDA condor", "a ticket for that spread"),
        ("why NVDA", "every number behind it"),
        ("scan NVDA,CRM", "look at these names only"),
        ("sort ev", "sort the pane by a column"),
        ("filter vrp>1.2", "filter the pane"),
        ("theme light", "change the colours"),
        ("probe tradier", "ask a vendor something cheap"),
        ("drop NVDA", "forget what all vendors answered about it"),
    ):
        lines.append(line_of((f"  {fit(command, 20)}", Ink.STRONG), (meaning, Ink.TEXT)))
    lines += [EMPTY, line_of(("Filters, after /", Ink.ACCENT))]
    lines += wrapped(
        "  vrp>1.2 and (liq<=B or score>=60)    not flags~timing    score!=?    nv  (looks for a name)", width
    )
    for title, fields in (
        ("ticks", TICK_FIELDS),
        ("candidates", CANDIDATE_FIELDS),
        ("spreads", SPREAD_FIELDS),
        ("portfolio", POSITION_FIELDS),
    ):
        lines += wrapped(f"  {title}: {', '.join(fields)}", width, Ink.MUTED)
    lines += [EMPTY, line_of(("Columns", Ink.ACCENT))]
    for word, meaning in (
        ("impl%", "implied move by expiry"),
        ("evnt%", "implied move of the report alone, from two expiries"),
        ("hist%", "mean move on past reports; n is how many"),
        ("vrp", "implied over past move, shrunk towards 1 where n is small"),
        ("lq", "liquidity, A to D, the worst leg counts"),
        ("POP", "probability of profit at the breakevens"),
        ("EV", "expected profit after costs, dollars a contract"),
        ("tr/s", "trades a second, over ten seconds"),
        ("?", "unknown; never counted as zero"),
    ):
        lines.append(line_of((f"  {fit(word, 8)}", Ink.STRONG), (meaning, Ink.TEXT)))
    return lines


def help_sheet(keymap: Mapping[str, str], profile: str) -> LinesSheet:
    """The help as a window, of what a profile offers."""
    return LinesSheet("Keys", help_lines(keymap, actions=offered(profile)))
