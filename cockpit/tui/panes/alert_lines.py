"""The alerts whose condition holds, as lines: on top of the health pane, the newest first."""

from collections.abc import Iterable

from cockpit.health.alert import Alert
from cockpit.tui.format import age, since
from cockpit.tui.inks import Ink, Run
from cockpit.tui.widgets.columns import Moment
from cockpit.tui.widgets.lines import clean, fit

_RULE = 16
_SUBJECT = 14
_AGE = 5
_TIMES = 5
_COLUMNS = 70
"""From this width on rule and row have columns of their own."""


def alert_lines(alerts: Iterable[Alert], moment: Moment, width: int, most: int, hint: str = "z") -> list[list[Run]]:
    """A line for each alert with its rule, row, figures, count and age.

    The last of ``most`` tells how many others there are, and by ``hint`` which key shows them.
    """
    newest = sorted(alerts, key=lambda alert: alert.at, reverse=True)
    shown = newest if len(newest) <= most else newest[: max(1, most - 1)]
    lines = [_line(alert, moment, width) for alert in shown]
    left = len(newest) - len(shown)
    if left and most == 1:
        lines = [_with_others(newest[0], left, width)]
    elif left:
        lines.append([(fit(f"   and {left} more; {hint} shows them all", width), Ink.WARN)])
    return lines


def figures(alert: Alert) -> str:
    """The figures and the condition of an alert, without the rule and the row that its sentence begins with."""
    text = alert.sentence.removeprefix(f"{alert.rule}: ")
    return text.removeprefix(f"{alert.subject} has ") if alert.subject else text


def _line(alert: Alert, moment: Moment, width: int) -> list[Run]:
    ago = age(since(alert.at, moment.now))
    times = f"x{alert.count}" if alert.count > 1 else ""
    tail = f" {times:>{_TIMES}} {ago:>{_AGE}} "
    if width < _COLUMNS:
        return [(fit(f" {clean(alert.sentence)}", width - len(tail)), Ink.WARN), (tail, Ink.MUTED)]
    room = width - _RULE - _SUBJECT - len(tail) - 3
    return [
        (f" {fit(clean(alert.rule), _RULE)} ", Ink.WARN),
        (f"{fit(clean(alert.subject), _SUBJECT)} ", Ink.STRONG),
        (fit(clean(figures(alert)), room), Ink.TEXT),
        (tail, Ink.MUTED),
    ]


def _with_others(alert: Alert, left: int, width: int) -> list[Run]:
    tail = f" and {left} more "
    return [(fit(f" {clean(alert.sentence)}", max(0, width - len(tail))), Ink.WARN), (tail[:width], Ink.WARN)]
