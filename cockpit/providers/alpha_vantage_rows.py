"""Alpha Vantage's answers as values, and its refusals, which come as HTTP 200 with a sentence in JSON."""

import csv
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Any

from cockpit.errors import ProviderError, Refusal
from cockpit.net.responses import Response
from cockpit.providers.decoding import day, number_in, rows, text
from cockpit.scan.earnings import EarningsReport, PastReport, Timing

_SOURCE = "alpha_vantage"
_ARTIFICIAL = "XXYYZZ"
_QUOTA_SECONDS = 60.0
_TIMINGS = {"pre-market": Timing.BMO, "post-market": Timing.AMC, "during-market": Timing.DMH}
_QUOTA_WORDS = ("rate limit", "call frequency", "per day", "per minute", "sparingly", "requests per")
_KEY_WORDS = ("apikey", "api key", "premium")


@dataclass(frozen=True, slots=True)
class Overview:
    """What a company is; None where the vendor says nothing."""

    symbol: str
    name: str | None
    sector: str | None
    currency: str | None


def refusal_in(answer: Response) -> ProviderError | None:
    """The refusal that an answer of status 200 holds; None for data. The vendor's own text may quote the key, so it
    is read and never repeated.
    """
    if not answer.body[:64].lstrip().startswith(b"{"):
        return None
    try:
        body = answer.json()
    except ProviderError:
        return None  # whoever decodes it says so
    if not isinstance(body, dict):
        return None
    for name in ("Note", "Information", "Error Message", "detail", "message"):
        sentence = body.get(name)
        if isinstance(sentence, str):
            return _refusal(answer.provider, name, sentence.lower())
    return None


def coming_reports(content: str) -> tuple[list[EarningsReport], int] | None:
    """The calendar by date and the number of unusable rows; None where it is not the documented one, or not whole.

    A last row that breaks off tells that names are missing, and nothing says which.
    """
    reader = csv.DictReader(StringIO(content, newline=""))
    reports = []
    dropped = 0
    row: dict[str, str | None] = {}
    try:
        if not {"symbol", "name", "reportDate"} <= set(reader.fieldnames or ()):
            return None
        for row in reader:
            symbol, on = text(row["symbol"]), day(row["reportDate"])
            if symbol is None or on is None or symbol == _ARTIFICIAL:
                dropped += 1
                continue
            reports.append(
                EarningsReport(
                    symbol=symbol,
                    name=text(row["name"]) or symbol,
                    report_date=on,
                    timing=timing(row.get("timeOfTheDay")),
                    estimate=number_in(row.get("estimate")),
                    source=_SOURCE,
                )
            )
    except csv.Error:
        return None
    if None in row.values() and not content.endswith("\n"):
        return None
    reports.sort(key=lambda report: (report.report_date, report.symbol))
    return reports, dropped


def past_reports(body: Any, today: date) -> tuple[list[PastReport], int] | None:
    """Reports up to ``today``, newest first, and the number of unusable rows; ``{}`` is an unknown symbol without any.

    None where the body is not of the documented shape.
    """
    if body == {}:
        return [], 0
    if not isinstance(body, dict) or not isinstance(body.get("quarterlyEarnings"), list):
        return None
    symbol = text(body.get("symbol"))
    found = rows(body, "quarterlyEarnings")
    if symbol is None or symbol == _ARTIFICIAL or found is None:
        return None
    reports: dict[date, PastReport] = {}
    dropped = 0
    for row in found:
        on = day(row.get("reportedDate")) if isinstance(row, dict) else None
        if on is None or on in reports:
            dropped += 1
        elif on <= today:
            reports[on] = PastReport(
                symbol=symbol,
                report_date=on,
                timing=timing(row.get("reportTime")),
                reported_eps=number_in(row.get("reportedEPS")),
                estimated_eps=number_in(row.get("estimatedEPS")),
            )
    return [reports[on] for on in sorted(reports, reverse=True)], dropped


def company_overview(body: Any) -> Overview | None:
    """The company; None where the body names no symbol."""
    symbol = text(body.get("Symbol")) if isinstance(body, dict) else None
    if symbol is None:
        return None
    return Overview(
        symbol=symbol,
        name=text(body.get("Name")),
        sector=text(body.get("Sector")),
        currency=text(body.get("Currency")),
    )


def timing(value: Any) -> Timing:
    """``pre-market`` and ``post-market`` in our words; UNKNOWN for anything else."""
    return _TIMINGS.get(value.strip().lower(), Timing.UNKNOWN) if isinstance(value, str) else Timing.UNKNOWN


def _refusal(provider: str, name: str, sentence: str) -> ProviderError:
    if name == "Note" or any(word in sentence for word in _QUOTA_WORDS):
        # A premium notice may name the plans' requests per minute: it refuses the key's plan, not the moment.
        if "premium endpoint." not in sentence:
            return ProviderError(
                provider,
                Refusal.QUOTA,
                "the key's allowance is spent; the free plan has 25 requests a day, one a second",
                retry_after=_QUOTA_SECONDS,
            )
        return ProviderError(provider, Refusal.AUTH, "the key's plan does not include what was asked")
    if any(word in sentence for word in _KEY_WORDS):
        return ProviderError(
            provider, Refusal.AUTH, "the key is refused; check COCKPIT_PROVIDERS__ALPHA_VANTAGE__API_KEY"
        )
    if name == "Error Message":
        return ProviderError(provider, Refusal.NOT_FOUND, "it does not know what was asked")
    return ProviderError(provider, Refusal.MALFORMED, "it answered with a notice instead of data")
