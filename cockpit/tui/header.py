"""The top line: product, profile, the market's clock, feed, scan and troubles."""

from datetime import datetime

from cockpit.health.status import FeedStatus, State
from cockpit.options.calendar import NEW_YORK, Phase, session_state
from cockpit.ticks.playback import Playback
from cockpit.tui.actions import Pane
from cockpit.tui.format import age, duration, fixed, since, stopwatch
from cockpit.tui.inks import Ink
from cockpit.tui.panes.health_lines import alert_count, strip_parts, trouble
from cockpit.tui.session import Session
from cockpit.tui.widgets.bars import Part, product, profile_part, words
from cockpit.tui.widgets.columns import Moment

_PHASE_INK = {Phase.OPEN: Ink.UP, Phase.PRE: Ink.WARN, Phase.POST: Ink.WARN, Phase.CLOSED: Ink.MUTED}
_NEXT = {Phase.PRE: "opens", Phase.OPEN: "closes", Phase.POST: "ends", Phase.CLOSED: "opens"}


def header_parts(profile: str, session: Session, moment: Moment, *, limits: bool, status: str) -> list[Part]:
    """The parts of the header; ``limits`` adds the vendors' limits for screens that show no health pane."""
    parts = [product(), profile_part(profile)]
    local = moment.now.astimezone(NEW_YORK)
    parts.append(words((f"{local:%a} {local.day} {local:%b}", Ink.TEXT), rank=10))
    parts.append(words((f"{local:%H:%M:%S} ET", Ink.STRONG), rank=2))
    parts.extend(_phase(moment.now))
    if status:
        parts.append(words((status, Ink.ACCENT), rank=1))
    playback = session.boards.replay.get("replay")
    if playback is not None:
        parts.append(_replay(playback, moment.now))
    if session.read_only:
        parts.append(words(("READ-ONLY", Ink.WARN), rank=1))
    parts.extend(_feed(session, moment, still=playback is not None and (playback.paused or playback.ended)))
    rows = dict(session.boards.health.items())
    if limits:
        parts.extend(strip_parts(rows))
    parts.extend(_scan(session, moment))
    firing, bad = len(session.boards.alerts), trouble(rows)
    if firing:
        parts.append(words((alert_count(firing), Ink.WARN), rank=1, right=True, target=Pane.HEALTH.value))
    if bad:
        parts.append(words((f"{bad} not well", Ink.ERROR), rank=1, right=True, target=Pane.HEALTH.value))
    return parts


def _phase(now: datetime) -> list[Part]:
    state = session_state(now)
    left = duration((state.changes_at - now).total_seconds())
    return [
        words((state.phase.value, _PHASE_INK[state.phase]), rank=3),
        words((f"{_NEXT[state.phase]} in {left}", Ink.MUTED), rank=8),
    ]


def _replay(playback: Playback, now: datetime) -> Part:
    """Where the recording is, of how much, and how fast."""
    length = None if playback.end is None else (playback.end - playback.start).total_seconds()
    at = f"{stopwatch((now - playback.start).total_seconds())}/{'?' if length is None else stopwatch(length)}"
    if playback.seeking:
        state = ("seeking…", Ink.WARN)
    elif playback.ended:
        state = ("ended", Ink.WARN)
    elif playback.paused:
        state = (f"paused {playback.speed:g}×", Ink.WARN)
    else:
        state = (f"{playback.speed:g}×", Ink.ACCENT)
    return words((f"{at} ", Ink.TEXT), state, rank=1)


def _feed(session: Session, moment: Moment, *, still: bool) -> list[Part]:
    feed = session.boards.health.get("feed")
    if not isinstance(feed, FeedStatus):
        return []
    if feed.state is not State.UP:
        return [words(("feed ", Ink.MUTED), (feed.state.value, Ink.ERROR), rank=2)]
    parts = [words(("feed ", Ink.MUTED), (f"{feed.rate:.0f}/s", Ink.TEXT), rank=4)]
    if feed.lag_ms is not None:
        parts.append(words(("lag ", Ink.MUTED), (f"{fixed(feed.lag_ms, 0)}ms", Ink.TEXT), rank=11))
    if feed.last_message_at is not None and not still:
        quiet = moment.monotonic - feed.last_message_at
        parts.append(words(("age ", Ink.MUTED), (age(quiet), Ink.ERROR if quiet >= 10 else Ink.TEXT), rank=7))
    return parts


def _scan(session: Session, moment: Moment) -> list[Part]:
    scan = session.boards.scan.get("scan")
    if scan is None:
        return []
    if scan.finished_at is None:
        return [words(("scan ", Ink.MUTED), (f"{scan.done}/{scan.total or '?'}", Ink.ACCENT), rank=5)]
    ended = age(since(scan.finished_at, moment.now))
    return [words(("scan ", Ink.MUTED), (ended if ended == "now" else f"{ended} ago", Ink.TEXT), rank=12)]
