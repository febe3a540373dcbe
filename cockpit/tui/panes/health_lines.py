"""What the health pane says of each part, as lines: read when there is something to say, not at the first paint."""

from collections.abc import Mapping
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
    Window,
)
from cockpit.health.wording import reset_clock
from cockpit.tui.format import age, compact, data_size, duration, meter, signed, since
from cockpit.tui.inks import Ink, Run
from cockpit.tui.panes.alert_lines import alert_lines
from cockpit.tui.widgets.bars import Part, words
from cockpit.tui.widgets.columns import Moment
from cockpit.tui.widgets.lines import Line, clean, fit, merged, width_of

_STATE_INK = {State.UP: Ink.UP, State.DEGRADED: Ink.WARN, State.DOWN: Ink.ERROR, State.STARTING: Ink.WARN}
_TWO_COLUMNS = 100
_SHORT_ITEM = 24
NAME = 13
"""Cells of a part's name."""
MARK = "▌"
"""Stands before the vendor that keys act on."""
_PART = 9
_CELLS = (9, 10, 12, 10, 9, 8, 6)
"""Cells of the figures of feed, database and process, by place."""
_SHORT = {"tradier": "TR", "alpha_vantage": "AV", "binance": "BN"}

Item = tuple[Run, ...]


class Laid(NamedTuple):
    """The lines of the pane, and the line at which each vendor stands."""

    lines: list[Line]
    places: dict[str, int]


def state_run(state: State) -> Run:
    """A state by its word and ink."""
    return (state.value, _STATE_INK.get(state, Ink.MUTED))


def alert_count(count: int) -> str:
    """``1 alert``, ``2 alerts``."""
    return f"{count} alert{'s' if count != 1 else ''}"


def trouble(rows: dict[str, HealthRow]) -> int:
    """How many parts need the user's eye."""
    return sum(map(troubled, rows.values()))


def troubled(row: HealthRow) -> bool:
    """True where the part needs the user's eye."""
    return row_state(row) in (State.DEGRADED, State.DOWN)


def row_state(row: HealthRow) -> State:
    """The state of any part; a process that tells figures is up."""
    return State.UP if isinstance(row, ProcessStatus) else row.state


def limit_unit(window: Window) -> str:
    """``m`` for a limit a minute, ``d`` a day, ``10s`` for any other span."""
    return {1.0: "s", 60.0: "m", 3600.0: "h", 86400.0: "d"}.get(window.seconds, duration(window.seconds))


def limit_text(window: Window) -> str:
    """``84/120m``: used of the limit in its time; ``0/300/5m`` where that is not one of a unit."""
    unit = limit_unit(window)
    return f"{window.used}/{window.limit}{'/' if unit[0].isdigit() else ''}{unit}"


def limit_ink(window: Window) -> Ink:
    """Quiet below three quarters, loud when it is spent."""
    share = window.used / window.limit if window.limit else 1.0
    return Ink.ERROR if share >= 1.0 else Ink.WARN if share >= 0.75 else Ink.TEXT


def tightest(provider: ProviderStatus) -> Window | None:
    """The limit with the least room left."""
    return max(provider.windows, key=lambda window: window.used / max(1, window.limit), default=None)


def item(label: str, text: str, ink: Ink = Ink.TEXT) -> Item:
    """A figure behind its label; what is unknown is quiet."""
    return ((f"{label} " if label else "", Ink.MUTED), (text, Ink.MUTED if text.strip() == "?" else ink))


def loud(count: int) -> Ink:
    """The ink of a count that ought to be zero."""
    return Ink.WARN if count else Ink.TEXT


def milliseconds(value: float | None) -> str:
    """``112ms``, and from a second on ``1.9s``."""
    if value is None:
        return "?"
    return f"{value:.0f}ms" if value < 999.5 else f"{value / 1000.0:,.1f}s"


def _share(ratio: float | None) -> str:
    return "?" if ratio is None else f"{ratio:.0%}"


def _offset(value: float | None) -> str:
    return "?" if value is None else f"{signed(value, 0)}ms"


def feed_items(feed: FeedStatus, moment: Moment) -> list[Item]:
    """The stream's figures."""
    up = "" if feed.up_since is None else duration(moment.monotonic - feed.up_since)
    quiet = None if feed.last_message_at is None else moment.monotonic - feed.last_message_at
    items = [
        (state_run(feed.state), (f" {up}" if up and feed.state is State.UP else "", Ink.TEXT)),
        item("", f"{feed.rate:.0f}/s"),
        item("lag", milliseconds(feed.lag_ms)),
        item("gaps", compact(feed.gaps), loud(feed.gaps)),
        item("ring", f"{feed.ring_fill:.0%}", Ink.WARN if feed.ring_fill > 0.5 else Ink.TEXT),
        item("reconn", compact(feed.reconnects), loud(feed.reconnects)),
        item("bad", compact(feed.rejected), loud(feed.rejected)),
        item("open", compact(feed.open_gaps), loud(feed.open_gaps)),
        item("filled", compact(feed.backfilled)),
        item("clock", _offset(feed.clock_offset_ms)),
        item("stored", compact(feed.stored)),
    ]
    if quiet is not None and quiet >= 3:
        items[1] = item("silent", age(quiet), Ink.WARN)
    return items


def limit_items(provider: ProviderStatus, cells: int = 7) -> list[Item]:
    """A vendor's limits, the tightest first: used of so many, a bar of so many cells, the clock until the reset."""
    return [((limit_meter(window, cells), limit_ink(window)),) for window in provider.windows]


def limit_meter(window: Window, cells: int) -> str:
    """``84/120m   ▇▇▇▇▇▁▁ 00:38``."""
    bar = meter(window.used / max(1, window.limit), cells)
    return f"{limit_text(window):<9} {bar} {reset_clock(window.resets_in) if window.used else '-':>5}"


def provider_items(provider: ProviderStatus) -> list[Item]:
    """A vendor's limits as bars with their resets, what is not as it should be, latency, hits of both caches."""
    limits = limit_items(provider)
    unwell = [breaker_item(provider)] if provider.breaker != "closed" else []
    if provider.waiting:
        unwell.append(item("queue", str(provider.waiting), Ink.WARN))
    return [
        *(limits[:1] or [(state_run(provider.state),)]),
        *unwell,
        item("p95", f"{milliseconds(provider.p95_ms):>6}"),
        *cache_items(provider),
        *([] if unwell else [breaker_item(provider)]),
        *limits[1:],
    ]


def cache_items(provider: ProviderStatus) -> list[Item]:
    """Hits of the cache in memory, and of the level behind it among the rest."""
    return [
        item("L1", f"{_share(provider.memory_hit_ratio):>4}"),
        item("L2", f"{_share(provider.second_hit_ratio):>4}"),
    ]


def breaker_item(provider: ProviderStatus) -> Item:
    """The breaker's state, and how long it stays open."""
    if provider.breaker == "closed":
        return item("breaker", "closed", Ink.MUTED)
    left = "" if provider.breaker_seconds is None else f" {reset_clock(provider.breaker_seconds)}"
    return item("breaker", f"{provider.breaker}{left}", Ink.ERROR)


def storage_items(storage: StorageStatus) -> list[Item]:
    """The database's figures."""
    state: Item = (("read-only", Ink.WARN),) if storage.read_only else (state_run(storage.state),)
    return [
        state,
        item("queue", compact(storage.queued), Ink.WARN if storage.queued > 10_000 else Ink.TEXT),
        item("commit", milliseconds(storage.commit_p99_ms)),
        item("wal", data_size(storage.wal_bytes)),
        item("disk", "?" if storage.disk_used is None else f"{storage.disk_used:.0%}", _disk_ink(storage.disk_used)),
        item("db", data_size(storage.database_bytes)),
    ]


def process_items(process: ProcessStatus) -> list[Item]:
    """The process's figures."""
    return [
        item("up", duration(process.uptime)),
        item("cpu", "?" if process.cpu is None else f"{process.cpu:.1%}"),
        item("loop", milliseconds(process.loop_lag_ms)),
        item("rss", "?" if process.rss_bytes is None else data_size(process.rss_bytes)),
        item("tasks", str(process.tasks)),
    ]


def task_items(task: TaskStatus) -> list[Item]:
    """A supervised task's figures."""
    return [(state_run(task.state),), item("restarts", str(task.restarts), loud(task.restarts))]


def strategy_items(strategy: StrategyStatus) -> list[Item]:
    """A strategy's figures."""
    warming = strategy.state is State.STARTING and strategy.warm_up > 0
    memory = [] if strategy.rss_bytes is None else [item("rss", data_size(strategy.rss_bytes))]
    return [
        (state_run(strategy.state),),
        item("bars", f"{strategy.heard}/{strategy.warm_up}" if warming else compact(strategy.heard)),
        item("p95", milliseconds(strategy.p95_ms)),
        item("restarts", str(strategy.restarts), loud(strategy.restarts)),
        *memory,
    ]


def _disk_ink(used: float | None) -> Ink:
    return Ink.TEXT if used is None or used < 0.9 else Ink.ERROR


def sentence_of(row: HealthRow) -> str:
    """What a part says of itself where it is not well, or of what it waits for; empty where there is nothing to say."""
    match row:
        case ProviderStatus():
            return row.last_error if row.state is not State.UP else ""
        case ProcessStatus():
            return ""
        case _:
            return row.message


def error_of(vendor: ProviderStatus, moment: Moment) -> str:
    """``12s ago: it has trouble of its own (HTTP 500)``: the last error, without the name that stands before it."""
    ago = age(since(vendor.last_error_at, moment.now))
    when = ago if ago in ("now", "?") else f"{ago} ago"
    return f"{when}: {clean(vendor.last_error.removeprefix(f'{vendor.provider}: '))}"


def items_of(row: HealthRow, moment: Moment) -> tuple[str, list[Item]]:
    """Name and figures of any part."""
    match row:
        case FeedStatus():
            return row.venue, feed_items(row, moment)
        case ProviderStatus():
            return provider_name(row), provider_items(row)
        case StorageStatus():
            return "storage", storage_items(row)
        case ProcessStatus():
            return "process", process_items(row)
        case TaskStatus():
            return row.name, task_items(row)
        case StrategyStatus():
            return row.name, strategy_items(row)


def provider_name(provider: ProviderStatus) -> str:
    """A vendor as it is written."""
    return provider.provider.replace("_", " ")


def strip_parts(rows: dict[str, HealthRow]) -> list[Part]:
    """Health in a few words, for the header of a small screen: the vendors' limits; of one that is left alone, that."""
    parts = []
    for row in rows.values():
        if not isinstance(row, ProviderStatus):
            continue
        short = f"{_SHORT.get(row.provider, row.provider[:2].upper())} "
        if row.breaker != "closed":
            *_, (text, ink) = breaker_item(row)
            parts.append(words((short, Ink.MUTED), (text, ink), rank=4))
        elif (window := tightest(row)) is not None:
            parts.append(words((short, Ink.MUTED), (limit_text(window), limit_ink(window)), rank=6))
    return parts


def health_lines(
    rows: Mapping[str, HealthRow],
    moment: Moment,
    width: int,
    *,
    alerts: Mapping[str, Alert] | None = None,
    height: int = 0,
    chosen: str | None = None,
) -> Laid:
    """Alerts and every part in lines of ``width`` cells: in two columns where they fit, below each other where not.

    What fires, and what a part has to say, comes first and across the whole width: nothing else matters then.

    Args:
        rows: the board of health.
        moment: the time to draw for.
        width: cells of a line.
        alerts: the board of alerts.
        height: lines that there is room for.
        chosen: the vendor that keys act on.
    """
    order = {FeedStatus: 0, StorageStatus: 1, ProcessStatus: 2}
    tasks = [row for row in rows.values() if isinstance(row, TaskStatus)]
    said = [_sentence(row, moment, width) for row in rows.values() if sentence_of(row)]
    left = sorted((row for row in rows.values() if type(row) in order), key=lambda row: order[type(row)])
    vendors = [row for row in rows.values() if isinstance(row, ProviderStatus)]
    # Tasks are one line together, but one that is in trouble and says nothing gets a line of its own.
    left.extend(task for task in tasks if troubled(task) and not task.message)
    half = width if width < _TWO_COLUMNS else (width - 1) // 2
    ones = [_row(row, moment, half) for row in left]
    others = [_row(vendor, moment, width if half == width else width - half - 1, chosen) for vendor in vendors]
    if half == width:
        first = len(said) + len(ones)
        ones += others
        if tasks:
            ones.append(tasks_line(tasks, width))
        lines = [*said, *ones]
    else:
        first = len(said)
        if tasks:
            column = ones if len(ones) <= len(others) else others
            column.append(tasks_line(tasks, half))
        count = max(len(ones), len(others))
        blank: list[Run] = [(" " * half, Ink.TEXT)]
        pairs = zip(ones + [blank] * (count - len(ones)), others + [[]] * (count - len(others)), strict=True)
        lines = [*said, *([*one, (" ", Ink.TEXT), *other] for one, other in pairs)]
    above = alert_lines((alerts or {}).values(), moment, width, max(1, height - len(lines)))
    places = {vendor.provider: len(above) + first + at for at, vendor in enumerate(vendors)}
    return Laid([Line(merged(line)) for line in [*above, *lines]], places)


def _sentence(row: HealthRow, moment: Moment, width: int) -> list[Run]:
    name, _ = items_of(row, moment)
    state = row_state(row)
    said = error_of(row, moment) if isinstance(row, ProviderStatus) else clean(sentence_of(row))
    items: list[Item] = [(state_run(state),), ((said, Ink.WARN if troubled(row) else Ink.MUTED),)]
    if isinstance(row, TaskStatus):
        items.append(item("restarts", str(row.restarts), loud(row.restarts)))
    return padded(f" {fit(name, NAME)} ", items, width)


def _row(row: HealthRow, moment: Moment, width: int, chosen: str | None = None) -> list[Run]:
    name, items = items_of(row, moment)
    if isinstance(row, ProviderStatus):
        return [mark(row, chosen), *padded(f"{fit(name, NAME)} ", items, width - 1)]
    return padded(f" {fit(name, _PART)} ", _aligned(items), width)


def mark(provider: ProviderStatus, chosen: str | None) -> Run:
    """What stands before a vendor: a mark before the one that keys act on."""
    return (MARK, Ink.ACCENT) if provider.provider == chosen else (" ", Ink.TEXT)


def _aligned(items: list[Item]) -> list[Item]:
    """Figures of one place below each other, whichever part they are of."""
    out: list[Item] = []
    short = 0
    for at, item in enumerate(items):
        out.append(((" " * short, Ink.TEXT), *item) if short else item)
        size = sum(width_of(text) for text, _ in item)
        short = max(0, _CELLS[at] - size) if at < len(_CELLS) else 0
    return out


def tasks_line(tasks: list[TaskStatus], width: int, name: int = _PART) -> list[Run]:
    """How many tasks are in which state, and by name those that are not well or had to be started again."""
    states = [state for state in State if any(task.state is state for task in tasks)]
    states.sort(key=lambda state: state is not State.UP)
    items: list[Item] = [
        ((f"{sum(task.state is state for task in tasks)} ", Ink.TEXT), state_run(state)) for state in states
    ]
    for task in tasks:
        if troubled(task):
            items.append(((task.name, Ink.WARN),))
        elif task.restarts:
            again = f"restart{'s' if task.restarts > 1 else ''}"
            items.append(((f"{task.name} ", Ink.MUTED), (f"{task.restarts} {again}", Ink.WARN)))
    return padded(f" {fit('tasks', name)} ", items, width)


def padded(head: str, items: list[Item], width: int) -> list[Run]:
    """As many figures behind a head as one line takes."""
    runs: list[Run] = [(head, Ink.STRONG)]
    used = len(head)
    for at, item in enumerate(items):
        gap = 2 if at else 0
        size = sum(width_of(text) for text, _ in item)
        room = width - used - gap
        # A figure is shown whole or not at all; only a sentence is cut.
        if room <= 3 or room < size <= _SHORT_ITEM:
            break
        runs.append((" " * gap, Ink.TEXT))
        if size > room:
            text = "".join(text for text, _ in item)
            runs.append((fit(text, room), item[-1][1]))
            used = width
            break
        runs.extend(item)
        used += gap + size
    runs.append((" " * max(0, width - used), Ink.TEXT))
    return runs
