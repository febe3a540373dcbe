"""What the health pane says of each part, as lines: read when there is something to say, not at the first paint."""

from cockpit.health.status import (
    FeedStatus,
    HealthRow,
    ProcessStatus,
    ProviderStatus,
    State,
    StorageStatus,
    TaskStatus,
    Window,
)
from cockpit.tui.format import age, compact, data_size, duration, fixed, meter
from cockpit.tui.inks import Ink, Run
from cockpit.tui.widgets.bars import Part, words
from cockpit.tui.widgets.columns import Moment
from cockpit.tui.widgets.lines import Line, fit, merged, width_of

_STATE_INK = {State.UP: Ink.UP, State.DEGRADED: Ink.WARN, State.DOWN: Ink.ERROR, State.STARTING: Ink.WARN}
_TWO_COLUMNS = 100
_SHORT_ITEM = 24
_NAME = 13
_PART = 9
_CELLS = (9, 10, 12, 10, 9, 8, 6)
"""Cells of the figures of feed, database and process, by place."""
_SHORT = {"tradier": "TR", "alpha_vantage": "AV", "binance": "BN"}

Item = tuple[Run, ...]


def state_run(state: State) -> Run:
    """A state by its word and ink."""
    return (state.value, _STATE_INK.get(state, Ink.MUTED))


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
    """``84/120m``: used of the limit in its time."""
    return f"{window.used}/{window.limit}{limit_unit(window)}"


def limit_ink(window: Window) -> Ink:
    """Quiet below three quarters, loud when it is spent."""
    share = window.used / window.limit if window.limit else 1.0
    return Ink.ERROR if share >= 1.0 else Ink.WARN if share >= 0.75 else Ink.TEXT


def tightest(provider: ProviderStatus) -> Window | None:
    """The limit with the least room left."""
    return max(provider.windows, key=lambda window: window.used / max(1, window.limit), default=None)


def _item(label: str, text: str, ink: Ink = Ink.TEXT) -> Item:
    return ((f"{label} " if label else "", Ink.MUTED), (text, Ink.MUTED if text == "?" else ink))


def _loud(count: int) -> Ink:
    return Ink.WARN if count else Ink.TEXT


def _milliseconds(value: float | None) -> str:
    return "?" if value is None else f"{fixed(value, 0)}ms"


def feed_items(feed: FeedStatus, moment: Moment) -> list[Item]:
    """The stream's figures."""
    up = "" if feed.up_since is None else duration(moment.monotonic - feed.up_since)
    quiet = None if feed.last_message_at is None else moment.monotonic - feed.last_message_at
    items = [
        (state_run(feed.state), (f" {up}" if up and feed.state is State.UP else "", Ink.TEXT)),
        _item("", f"{feed.rate:.0f}/s"),
        _item("lag", _milliseconds(feed.lag_ms)),
        _item("gaps", compact(feed.gaps), _loud(feed.gaps)),
        _item("ring", f"{feed.ring_fill:.0%}", Ink.WARN if feed.ring_fill > 0.5 else Ink.TEXT),
        _item("reconn", compact(feed.reconnects), _loud(feed.reconnects)),
        _item("bad", compact(feed.rejected), _loud(feed.rejected)),
        _item("stored", compact(feed.stored)),
    ]
    if quiet is not None and quiet >= 3:
        items[1] = _item("silent", age(quiet), Ink.WARN)
    return items


def provider_items(provider: ProviderStatus, now: Moment) -> list[Item]:
    """A vendor's limit as a bar with its reset, latency, hits and breaker."""
    items: list[Item] = []
    window = tightest(provider)
    if window is None:
        items.append((state_run(provider.state),))
    else:
        bar = meter(window.used / max(1, window.limit), 7)
        reset = duration(window.resets_in) if window.used else "-"
        text = f"{limit_text(window):<9} {bar} {reset:>5}"
        items.append(((text, limit_ink(window)),))
    items.append(_item("p95", f"{_milliseconds(provider.p95_ms):>6}"))
    items.append(_item("hit", f"{'?' if provider.hit_ratio is None else f'{provider.hit_ratio:.0%}':>4}"))
    if provider.breaker != "closed":
        items.insert(1, _item("breaker", provider.breaker, Ink.ERROR))
    if provider.waiting:
        items.append(_item("queue", str(provider.waiting), Ink.WARN))
    if provider.errors:
        items.append(_item("errors", compact(provider.errors), Ink.WARN))
    if provider.breaker == "closed":
        items.append(_item("", "closed", Ink.MUTED))
    return items


def storage_items(storage: StorageStatus) -> list[Item]:
    """The database's figures."""
    state: Item = (("read-only", Ink.WARN),) if storage.read_only else (state_run(storage.state),)
    return [
        state,
        _item("queue", compact(storage.queued), Ink.WARN if storage.queued > 10_000 else Ink.TEXT),
        _item("commit", _milliseconds(storage.commit_p99_ms)),
        _item("wal", data_size(storage.wal_bytes)),
        _item("disk", "?" if storage.disk_used is None else f"{storage.disk_used:.0%}", _disk_ink(storage.disk_used)),
        _item("db", data_size(storage.database_bytes)),
    ]


def process_items(process: ProcessStatus) -> list[Item]:
    """The process's figures."""
    return [
        _item("up", duration(process.uptime)),
        _item("cpu", "?" if process.cpu is None else f"{process.cpu:.1%}"),
        _item("loop", _milliseconds(process.loop_lag_ms)),
        _item("rss", "?" if process.rss_bytes is None else data_size(process.rss_bytes)),
        _item("tasks", str(process.tasks)),
    ]


def task_items(task: TaskStatus) -> list[Item]:
    """A supervised task's figures."""
    return [(state_run(task.state),), _item("restarts", str(task.restarts), _loud(task.restarts))]


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


def items_of(row: HealthRow, moment: Moment) -> tuple[str, list[Item]]:
    """Name and figures of any part."""
    match row:
        case FeedStatus():
            return row.venue, feed_items(row, moment)
        case ProviderStatus():
            return row.provider.replace("_", " "), provider_items(row, moment)
        case StorageStatus():
            return "storage", storage_items(row)
        case ProcessStatus():
            return "process", process_items(row)
        case TaskStatus():
            return row.name, task_items(row)


def strip_parts(rows: dict[str, HealthRow]) -> list[Part]:
    """Health in a few words: the vendors' limits, for the header of a small screen."""
    parts = []
    for row in rows.values():
        if isinstance(row, ProviderStatus) and (window := tightest(row)) is not None:
            short = _SHORT.get(row.provider, row.provider[:2].upper())
            parts.append(words((f"{short} ", Ink.MUTED), (limit_text(window), limit_ink(window)), rank=6))
    return parts


def health_lines(rows: dict[str, HealthRow], moment: Moment, width: int) -> list[Line]:
    """Every part in lines of ``width`` cells: in two columns where they fit, below each other where not.

    What a part has to say comes first, across the whole width: nothing else matters then.
    """
    order = {FeedStatus: 0, StorageStatus: 1, ProcessStatus: 2}
    tasks = [row for row in rows.values() if isinstance(row, TaskStatus)]
    said = [_sentence(row, moment, width) for row in rows.values() if sentence_of(row)]
    left = sorted((row for row in rows.values() if type(row) in order), key=lambda row: order[type(row)])
    vendors = [row for row in rows.values() if isinstance(row, ProviderStatus)]
    # Tasks are one line together, but one that is in trouble and says nothing gets a line of its own.
    left.extend(task for task in tasks if troubled(task) and not task.message)
    if width < _TWO_COLUMNS:
        lines = [*said, *(_row(row, moment, width) for row in [*left, *vendors])]
        if tasks:
            lines.append(_tasks(tasks, width))
        return [Line(merged(line)) for line in lines]
    half = (width - 1) // 2
    ones = [_row(row, moment, half) for row in left]
    others = [_row(row, moment, width - half - 1) for row in vendors]
    if tasks:
        column = ones if len(ones) <= len(others) else others
        column.append(_tasks(tasks, half))
    count = max(len(ones), len(others))
    blank: list[Run] = [(" " * half, Ink.TEXT)]
    pairs = zip(ones + [blank] * (count - len(ones)), others + [[]] * (count - len(others)), strict=True)
    return [Line(merged(line)) for line in [*said, *([*one, (" ", Ink.TEXT), *other] for one, other in pairs)]]


def _sentence(row: HealthRow, moment: Moment, width: int) -> list[Run]:
    name, _ = items_of(row, moment)
    state = row_state(row)
    items: list[Item] = [(state_run(state),), ((sentence_of(row), Ink.WARN if troubled(row) else Ink.MUTED),)]
    if isinstance(row, TaskStatus):
        items.append(_item("restarts", str(row.restarts), _loud(row.restarts)))
    return _padded(f" {fit(name, _NAME)} ", items, width)


def _row(row: HealthRow, moment: Moment, width: int) -> list[Run]:
    name, items = items_of(row, moment)
    if isinstance(row, ProviderStatus):
        return _padded(f" {fit(name, _NAME)} ", items, width)
    return _padded(f" {fit(name, _PART)} ", _aligned(items), width)


def _aligned(items: list[Item]) -> list[Item]:
    """Figures of one place below each other, whichever part they are of."""
    out: list[Item] = []
    short = 0
    for at, item in enumerate(items):
        out.append(((" " * short, Ink.TEXT), *item) if short else item)
        size = sum(width_of(text) for text, _ in item)
        short = max(0, _CELLS[at] - size) if at < len(_CELLS) else 0
    return out


def _tasks(tasks: list[TaskStatus], width: int) -> list[Run]:
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
    return _padded(f" {fit('tasks', _PART)} ", items, width)


def _padded(head: str, items: list[Item], width: int) -> list[Run]:
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
