"""``cockpit health``: what every part of the cockpit says of itself."""

from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.formats import Column, Sheet, format_choice, plain, print_json, print_sheet, print_table
from cockpit.cli.invocation import Count, Invocation, pass_invocation, program_options
from cockpit.errors import UsageError

if TYPE_CHECKING:
    from cockpit.context import Context
    from cockpit.health.alert import Alert
    from cockpit.health.status import AlertStatus, HealthRow, Window
    from cockpit.health.usage import Usage


@click.command()
@click.option("--usage", "hours", type=Count(1, 24 * 366), metavar="HOURS", help="What vendors were asked in so many.")
@format_choice("table", "json", "prometheus")
@program_options()
@pass_invocation
def health(invocation: Invocation, form: str, hours: int | None) -> None:
    """Look at database, vendors, limits and alerts."""
    if hours is not None:
        if form == "prometheus":
            raise UsageError("usage by the hour has no Prometheus form; take --format table or json")
        _print_usage(invocation, hours, form)
        return

    from cockpit.health.exporters import exported_rows, prometheus

    async def work(
        context: "Context",
    ) -> tuple[list[tuple[str, "HealthRow"]], list["Alert"], tuple["AlertStatus", ...]]:
        await context.sampler.sample()
        rows = sorted(context.boards.health.items(), key=lambda item: item[0])
        alerts = context.alerts.holding()
        return rows, alerts, context.alerts.statuses(alerts)

    rows, alerts, rules = invocation.run(work)
    if form == "json":
        print_json("health", parts=exported_rows(rows, rules), alerts=[_holding(alert) for alert in alerts])
    elif form == "prometheus":
        print(prometheus(exported_rows(rows, rules)), end="")
    else:
        print_table(Sheet("health", "parts", _COLUMNS, rows))
        if alerts:
            print()
            print_table(Sheet("alerts", "alerts", _ALERT_COLUMNS, alerts))


def _print_usage(invocation: Invocation, hours: int, form: str) -> None:
    from datetime import timedelta

    from cockpit.storage.usage import usage_since

    async def work(context: "Context") -> list[tuple[tuple[str, str], "Usage"]]:
        found = await usage_since(context.database, context.clock.now() - timedelta(hours=hours - 1))
        return sorted(found.items())

    sheet = Sheet("usage", "endpoints", _USAGE_COLUMNS, invocation.run(work))
    print_sheet(sheet, form)


def _holding(alert: "Alert") -> dict[str, str]:
    """An alert as a look from outside sees it: when it fired first, and how often, only the running session knows."""
    return {"rule": alert.rule, "subject": alert.subject, "sentence": alert.sentence}


def _limits(row: "HealthRow") -> str:
    """``84/120 a minute, 00:38 left``: what is used of each limit, and when that is given back."""
    return "; ".join(map(_limit, getattr(row, "windows", ())))


def _limit(window: "Window") -> str:
    from cockpit.health.wording import reset_clock, span_words

    left = f", {reset_clock(window.resets_in)} left" if window.used else ""
    return f"{window.used}/{window.limit} {span_words(window.seconds)}{left}"


def _details(row: "HealthRow") -> str:
    """Every figure of a row that is known, as ``name value``."""
    hidden = {"name", "venue", "provider", "state", "windows", "usage", "message", "last_error", "last_error_at"}
    words = [
        f"{name.removesuffix('_bytes').replace('_', ' ')} {_figure(name, value)}"
        for name, value in plain(row).items()
        if _told(name, value, hidden)
    ]
    message = getattr(row, "message", "") or getattr(row, "last_error", "")
    return ", ".join([*words, message] if message else words)


def _figure(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_bytes"):
        return f"{value / 2**20:.1f} MB"
    if name.endswith(("_ratio", "_fill", "_used")) or name == "cpu":
        return f"{value:.0%}"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _told(name: str, value: object, hidden: set[str]) -> bool:
    return name not in hidden and value is not None and value != ""


_USAGE_COLUMNS: list[Column[tuple[tuple[str, str], "Usage"]]] = [
    Column("provider", "provider", lambda item: item[0][0]),
    Column("endpoint", "endpoint", lambda item: item[0][1] or "(caches)"),
    Column("requests", "requests", lambda item: item[1].requests),
    Column("errors", "errors", lambda item: item[1].errors),
    Column(
        "failures", "by class", lambda item: " ".join(f"{kind} {n}" for kind, n in sorted(item[1].failures.items()))
    ),
    Column("received", "bytes", lambda item: item[1].received),
    Column("waits", "waits", lambda item: item[1].waits),
    Column("waited_ms", "waited ms", lambda item: round(item[1].waited_ms)),
    Column("p50_ms", "p50 ms", lambda item: _rounded(item[1].quantile(0.50))),
    Column("p95_ms", "p95 ms", lambda item: _rounded(item[1].quantile(0.95))),
    Column("p99_ms", "p99 ms", lambda item: _rounded(item[1].quantile(0.99))),
    Column("hits", "hits", lambda item: item[1].hits + item[1].second_hits),
    Column("misses", "misses", lambda item: item[1].misses),
    Column("evictions", "evicted", lambda item: item[1].evictions),
    Column("uptime", "up", lambda item: _rounded(item[1].uptime, 4)),
]


def _rounded(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)


_COLUMNS: list[Column[tuple[str, "HealthRow"]]] = [
    Column("part", "part", lambda item: item[0]),
    Column("state", "state", lambda item: getattr(item[1], "state", None), missing=""),
    Column("limits", "limits", lambda item: _limits(item[1])),
    Column("details", "details", lambda item: _details(item[1])),
]

_ALERT_COLUMNS: list[Column["Alert"]] = [
    Column("rule", "alert", lambda alert: alert.rule),
    Column("subject", "about", lambda alert: alert.subject),
    Column("sentence", "what holds", lambda alert: alert.sentence.removeprefix(f"{alert.rule}: ")),
]
