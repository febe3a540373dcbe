"""``cockpit scan``: candidates with their scored spreads."""

from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.formats import (
    Column,
    Sheet,
    fixed,
    format_option,
    money,
    percent,
    plain,
    print_csv,
    print_json,
    print_table,
)
from cockpit.cli.invocation import Count, Invocation, pass_invocation, program_options
from cockpit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cockpit.commands import ScanResult
    from cockpit.context import Context
    from cockpit.scan.candidate import Candidate
    from cockpit.scan.cost import ScanCost
    from cockpit.spreads.structure import Spread


@click.command()
@click.option("--tickers", metavar="A,B", help="Only these names, whether they report soon or not.")
@click.option("--days", type=Count(1, 90), metavar="N", help="Reports within so many days, 1 to 90.")
@click.option("--where", metavar="EXPR", help='Only candidates for which this holds, such as "vrp>1.2 and n>=8".')
@click.option("--top", type=Count(1), metavar="N", help="Only so many, the best first.")
@click.option("--yes", is_flag=True, help="Scan what the day's allowances cover without asking.")
@format_option
@program_options()
@pass_invocation
def scan(
    invocation: Invocation,
    tickers: str | None,
    days: int | None,
    where: str | None,
    top: int | None,
    yes: bool,
    form: str,
) -> None:
    """List candidates with their scored spreads."""
    names = _names(tickers)
    keep = _condition(where)

    async def work(context: "Context") -> "ScanResult":
        from cockpit.cli.progress import scan_progress

        await _agree(await context.commands.scan_cost(names, days), yes=yes)
        async with scan_progress(context.boards):
            return await context.commands.scan(names, days)

    result = invocation.run(work)
    chosen = [candidate for candidate in result.candidates if keep(candidate)][:top]
    found = [(candidate, result.spreads.get(candidate.symbol, ())) for candidate in chosen]
    _print(result, found, form)


async def _agree(cost: "ScanCost", *, yes: bool) -> None:
    """Tell what the scan costs, and ask where an allowance does not cover it.

    Raises:
        ProviderError: it does not, and nobody can be asked; or the answer is no.
    """
    import asyncio
    import sys

    from cockpit.errors import ProviderError, Refusal

    click.echo(cost.sentence, err=True)
    if cost.ration is None or yes:
        return
    told = f"{cost.ration.sentence}. The best names come first, the others wait"
    if sys.stdin.isatty() and sys.stderr.isatty():
        if await asyncio.to_thread(click.confirm, f"{told}. Scan?", default=True, err=True):
            return
        raise ProviderError(cost.ration.source, Refusal.QUOTA, "the scan was not wanted; nothing was asked for it")
    raise ProviderError(
        cost.ration.source,
        Refusal.QUOTA,
        f"{cost.ration.rest} requests are left, {len(cost.ration.missing)} are needed; --yes scans what they cover",
    )


def _names(tickers: str | None) -> list[str] | None:
    if tickers is None:
        return None
    names = tickers.replace(",", " ").split()
    if not names:
        raise UsageError("--tickers names no ticker; write NVDA,CRM")
    return names


def candidate_document(candidate: "Candidate", spreads: "tuple[Spread, ...]") -> dict[str, Any]:
    """A candidate with its spreads for JSON: prices and money as strings, moves as fractions."""
    prices = {"spot": money(candidate.spot), "forward": money(candidate.forward)}
    return {**plain(candidate), **prices, "spreads": [spread_document(spread) for spread in spreads]}


def spread_document(spread: "Spread") -> dict[str, Any]:
    """A spread for JSON: prices a share and money a contract as strings, the legs with their quotes."""
    dollars = ("mid", "natural", "fill", "max_profit", "max_loss", "commission", "ev", "ev_exit")
    legs = [
        {
            "quantity": leg.quantity,
            "option": leg.quote.symbol,
            "right": leg.quote.right.value,
            "strike": money(leg.quote.strike),
            "bid": money(leg.quote.bid),
            "ask": money(leg.quote.ask),
            "iv": leg.quote.iv,
            "delta": leg.quote.greeks.delta if leg.quote.greeks else None,
            "open_interest": leg.quote.open_interest,
            "volume": leg.quote.volume,
        }
        for leg in spread.legs
    ]
    return {
        **plain(spread),
        **{name: money(getattr(spread, name)) for name in dollars},
        "breakevens": [money(price) for price in spread.breakevens],
        "legs": legs,
    }


def _condition(where: str | None) -> "Callable[[Candidate], bool]":
    if where is None:
        return lambda candidate: True
    from cockpit.fields import CANDIDATE_FIELDS
    from cockpit.filtering import parse_filter

    return parse_filter(where, CANDIDATE_FIELDS)


_Found = tuple["Candidate", tuple["Spread", ...]]


def _print(result: "ScanResult", found: list[_Found], form: str) -> None:
    if form == "json":
        documents = [candidate_document(candidate, spreads) for candidate, spreads in found]
        print_json("scan", started_at=result.started_at, finished_at=result.finished_at, candidates=documents)
    elif form == "csv":
        print_csv(Sheet("scan", "candidates", [*_CANDIDATE, *_BEST], found))
    elif not found:
        click.echo("No candidate. Widen --days or --where.", err=True)
    else:
        print_table(Sheet("scan", "candidates", [one for one in _CANDIDATE if one.key != "report_date"], found))
        spreads = [spread for _, some in found for spread in some]
        if spreads:
            print()
            print_table(Sheet("scan", "spreads", SPREAD_COLUMNS, spreads))


def _report(found: _Found) -> str:
    candidate = found[0]
    return f"{candidate.report_date:%d %b} {candidate.timing.value}"


def _best(name: str) -> Any:
    """A figure of the best spread, None where there is none."""
    return lambda found: getattr(found[1][0], name) if found[1] else None


_CANDIDATE: list[Column[_Found]] = [
    Column("symbol", "name", lambda found: found[0].symbol),
    Column("report", "report", _report),
    Column("report_date", "date", lambda found: found[0].report_date),
    Column("spot", "spot", lambda found: money(found[0].spot), fixed(2), right=True),
    Column("implied_move", "impl%", lambda found: found[0].implied_move, percent(), right=True),
    Column("event_move", "event%", lambda found: found[0].event_move, percent(), right=True),
    Column("historical_mean", "hist%", lambda found: found[0].historical_mean, percent(), right=True),
    Column("vrp", "vrp", lambda found: found[0].vrp, fixed(2), right=True),
    Column("quarters", "n", lambda found: found[0].quarters, right=True),
    Column("tier", "liq", lambda found: found[0].tier, lambda tier: str(tier.letter)),
    Column("score", "score", lambda found: found[0].score, fixed(0), right=True),
    Column("remarks", "remarks", lambda found: found[0].problem or ", ".join(found[0].flags)),
]
_BEST: list[Column[_Found]] = [
    Column("spread_id", "spread", _best("spread_id")),
    Column("credit", "credit", lambda found: money(_best("fill")(found))),
    Column("max_loss", "risk", lambda found: money(_best("max_loss")(found))),
    Column("pop", "POP", _best("pop")),
    Column("ev", "EV", lambda found: money(_best("ev")(found))),
    Column("contracts", "n", lambda found: found[1][0].size.contracts if found[1] else None),
]
SPREAD_COLUMNS: list[Column["Spread"]] = [
    Column("spread_id", "spread", lambda spread: spread.spread_id),
    Column("structure", "structure", lambda spread: spread.kind, lambda kind: str(kind.label), spare=True),
    Column("fill", "credit", lambda spread: money(spread.fill), fixed(2), right=True),
    Column("max_loss", "risk $", lambda spread: money(spread.max_loss), fixed(2), right=True),
    Column("pop", "POP%", lambda spread: spread.pop, percent(0), right=True),
    Column("ev", "EV $", lambda spread: money(spread.ev), fixed(2, sign=True), right=True),
    Column("reward_risk", "R/R", lambda spread: spread.reward_risk, fixed(2), right=True, spare=True),
    Column("score", "score", lambda spread: spread.score.total, fixed(0), right=True),
    Column("contracts", "n", lambda spread: spread.size.contracts, right=True),
    Column("rejected", "not to be traded because", lambda spread: spread.rejected or "", spare=True),
]
