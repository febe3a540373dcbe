"""Health with the whole screen to itself: every limit of every vendor, and what each was asked."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cockpit.health.alert import Alert
from cockpit.health.status import (
    FeedStatus,
    HealthRow,
    ProcessStatus,
    ProviderStatus,
    State,
    StorageStatus,
    StrategyStatus,
    TaskStatus,
    UsageStatus,
    Window,
)
from cockpit.tui.format import compact, data_size, fixed
from cockpit.tui.inks import Ink, Run
from cockpit.tui.panes.alert_lines import alert_lines
from cockpit.tui.panes.health_lines import (
    NAME,
    Item,
    Laid,
    breaker_item,
    cache_items,
    error_of,
    item,
    items_of,
    limit_ink,
    limit_meter,
    loud,
    mark,
    milliseconds,
    padded,
    provider_name,
    sentence_of,
    state_run,
    tasks_line,
    troubled,
)
from cockpit.tui.widgets.columns import Moment
from cockpit.tui.widgets.lines import EMPTY, Line, clean, fit, merged, width_of

_SPANS = (("a second", 0.0), ("a minute, an hour", 30.0), ("a day", 7200.0))
"""Columns of limits, each from so many seconds on."""
_NARROW, _WIDE = 76, 100
_WIDEST = 180
"""From this width on a vendor's figures stand beside its limits."""
_GAP = ("  ", Ink.TEXT)
_BAR, _SHORT_BAR = 9, 3
_METER = 16
"""Cells of a limit besides its bar."""
_LEAST_ALERTS = 4
_PARTS = (FeedStatus, StorageStatus, ProcessStatus)
_STRATEGY = 24
"""Cells of a strategy's name."""


def health_page(
    rows: Mapping[str, HealthRow],
    moment: Moment,
    width: int,
    *,
    alerts: Mapping[str, Alert],
    height: int,
    chosen: str | None = None,
) -> Laid:
    """Alerts, the cockpit's own parts, vendors with all their limits, and their usage, in lines of ``width`` cells.

    Many alerts leave half of the ``height`` to the rest.
    """
    lines: list[list[Run]] = []
    if alerts:
        lines += [*alert_lines(alerts.values(), moment, width, max(_LEAST_ALERTS, height // 2), "Enter"), []]
    tasks = [row for row in rows.values() if isinstance(row, TaskStatus)]
    for row in sorted((row for row in rows.values() if isinstance(row, _PARTS)), key=_place):
        lines += _part(row, moment, width)
    for task in tasks:
        if troubled(task):
            lines += _part(task, moment, width)
    for strategy in rows.values():
        if isinstance(strategy, StrategyStatus):
            lines += _part(strategy, moment, width, _STRATEGY)
    if tasks:
        lines.append(tasks_line(tasks, width, NAME))
    vendors = [row for row in rows.values() if isinstance(row, ProviderStatus)]
    places = {}
    if vendors:
        spans = [at for at in range(len(_SPANS)) if any(_column(vendor.windows, at) for vendor in vendors)]
        lines += [[], _heads(spans, width)]
        for vendor in vendors:
            places[vendor.provider] = len(lines)
            lines += _vendor(vendor, spans, moment, width, chosen)
    asked = [(vendor, usage) for vendor in vendors for usage in vendor.usage]
    if asked:
        lines += [[], *_usage(asked, width)]
    return Laid([Line(merged(line)) if line else EMPTY for line in lines], places)


def _place(row: HealthRow) -> int:
    return next(at for at, kind in enumerate(_PARTS) if isinstance(row, kind))


def _part(row: HealthRow, moment: Moment, width: int, cells: int = NAME) -> list[list[Run]]:
    """All figures of a part on as many lines as they take, and what it says; ``cells`` of them for its name."""
    name, items = items_of(row, moment)
    lines = _flowed(f" {fit(name, cells)} ", items, width)
    said = clean(sentence_of(row))
    if said:
        lines.append(padded(" " * (NAME + 2), [((said, Ink.WARN if troubled(row) else Ink.MUTED),)], width))
    return lines


def _vendor(
    vendor: ProviderStatus, spans: Sequence[int], moment: Moment, width: int, chosen: str | None
) -> list[list[Run]]:
    """Its limits; state, breaker, queue, caches, latency; its last error with its age."""
    head: list[Run] = [mark(vendor, chosen), (f"{fit(provider_name(vendor), NAME)} ", Ink.STRONG)]
    blank: list[Run] = [(" " * (NAME + 2), Ink.TEXT)]
    if _in_columns(spans, width):
        columns = [_column(vendor.windows, at) for at in spans]
        deepest = max(map(len, columns), default=0)
        lines = [[*(blank if depth else head), *_limits(columns, depth, _bar(width))] for depth in range(deepest)]
    else:
        meters: list[Item] = [((limit_meter(each, _SHORT_BAR), limit_ink(each)),) for each in vendor.windows]
        lines = _flowed("".join(text for text, _ in head), meters, width)
        lines[0][:1] = head
    if not vendor.windows:
        lines = [[*head, ("no limits", Ink.MUTED)]]
    figures = _figures(vendor)
    if width >= _WIDEST:
        lines[0] += [run for figure in figures for run in (*figure, _GAP)]
    else:
        lines += _flowed(" " * (NAME + 2), figures, width)
    if vendor.last_error:
        ink = Ink.MUTED if vendor.state is State.UP else Ink.WARN
        lines.append(padded(" " * (NAME + 2), [((error_of(vendor, moment), ink),)], width))
    return lines


def _in_columns(spans: Sequence[int], width: int) -> bool:
    return NAME + 2 + len(spans) * (_METER + _bar(width) + 2) - 2 <= width


def _limits(columns: Sequence[Sequence[Window]], depth: int, bar: int) -> Iterator[Run]:
    """One line of the columns of limits."""
    for column in columns:
        if depth < len(column):
            yield (limit_meter(column[depth], bar), limit_ink(column[depth]))
            yield _GAP
        else:
            yield (" " * (_METER + bar + 2), Ink.TEXT)


def _figures(vendor: ProviderStatus) -> list[Item]:
    """State, queue, breaker, both caches, latency, and what there is of failures."""
    figures: list[Item] = [
        (state_run(vendor.state),),
        item("queue", str(vendor.waiting), loud(vendor.waiting)),
        breaker_item(vendor),
        *cache_items(vendor),
        item("p95", milliseconds(vendor.p95_ms)),
        item("asked", compact(vendor.requests)),
    ]
    for label, count in (("failed", vendor.errors), ("evicted", vendor.evictions), ("bad rows", vendor.dropped)):
        if count:
            figures.append(item(label, compact(count), loud(count) if label == "bad rows" else Ink.TEXT))
    return figures


def _column(windows: Iterable[Window], at: int) -> list[Window]:
    """The limits whose span belongs into a column, the shorter first."""
    low = _SPANS[at][1]
    high = _SPANS[at + 1][1] if at + 1 < len(_SPANS) else float("inf")
    return sorted((window for window in windows if low <= window.seconds < high), key=lambda window: window.seconds)


def _bar(width: int) -> int:
    return _BAR if width >= _WIDE else _SHORT_BAR


def _heads(spans: Sequence[int], width: int) -> list[Run]:
    named = spans if _in_columns(spans, width) else ()
    cells = "".join(fit(_SPANS[at][0], _METER + _bar(width) + 2) for at in named)
    return [(fit(f" {fit('limits', NAME)} {cells}", width), Ink.MUTED)]


def _usage(asked: Sequence[tuple[ProviderStatus, UsageStatus]], width: int) -> list[list[Run]]:
    """A table of what each endpoint was asked since the start."""
    shown = [at for at in range(len(_ASKED)) if width >= _NARROW or _ASKED[at].always]
    room = max(NAME + 1, min(width - 1 - sum(_ASKED[at].cells for at in shown), 40))
    heads = "".join(f"{_ASKED[at].title:>{_ASKED[at].cells}}" for at in shown)
    lines: list[list[Run]] = [[(fit(f" {fit('asked since the start', room)}{heads}", width), Ink.MUTED)]]
    named = ""
    for vendor, usage in asked:
        name = provider_name(vendor)
        lines.append(
            [
                (f" {fit('' if name == named else name, NAME)} ", Ink.STRONG),
                (fit(clean(usage.name), room - NAME - 1), Ink.TEXT),
                *(_cell(_ASKED[at], usage) for at in shown),
            ]
        )
        named = name
    return lines


def _cell(figure: "_Asked", usage: UsageStatus) -> Run:
    text = figure.text(usage)
    failed = figure.title == "failed" and usage.errors
    return (f"{text:>{figure.cells}}", Ink.WARN if failed else Ink.MUTED if text == "?" else Ink.TEXT)


class _Asked(NamedTuple):
    """A figure of what an endpoint was asked; those that are not for always go where it is narrow."""

    title: str
    cells: int
    text: Callable[[UsageStatus], str]
    always: bool = True


_ASKED = (
    _Asked("requests", 9, lambda usage: compact(usage.requests)),
    _Asked("failed", 7, lambda usage: compact(usage.errors)),
    _Asked("waits", 6, lambda usage: compact(usage.waits), always=False),
    _Asked("p50 ms", 8, lambda usage: fixed(usage.p50_ms, 0), always=False),
    _Asked("p95 ms", 8, lambda usage: fixed(usage.p95_ms, 0)),
    _Asked("received", 9, lambda usage: data_size(usage.received)),
)


def _flowed(head: str, items: Iterable[Item], width: int) -> list[list[Run]]:
    lines: list[list[Run]] = [[(head, Ink.STRONG)]]
    used = width_of(head)
    for figure in items:
        size = sum(width_of(text) for text, _ in figure)
        if used > len(head) and used + size > width:
            lines.append([(" " * len(head), Ink.TEXT)])
            used = len(head)
        lines[-1] += [*figure, _GAP]
        used += size + 2
    return lines
