"""``cockpit book``: the paper portfolio without a screen."""

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from cockpit.cli.explanations import print_explanation
from cockpit.cli.formats import (
    Column,
    Sheet,
    clock_time,
    fixed,
    format_choice,
    format_option,
    print_csv,
    print_json,
    print_sheet,
    print_table,
)
from cockpit.cli.invocation import Count, Invocation, pass_invocation, program_options
from cockpit.cli.scorecard_records import SCORECARD_COLUMNS, scorecard_record, trade_record
from cockpit.errors import OrderRefusedError, StorageError, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.context import Context
    from cockpit.portfolio.position import Account, ClosedPosition, Position
    from cockpit.portfolio.trade import Trade
    from cockpit.strategies.standing import Standing

_GROUPS = ("structure", "vrp", "move", "ending", "month", "name")


@click.group(invoke_without_command=True)
@format_option
@program_options()
@click.pass_context
def book(context: click.Context, form: str) -> None:
    """Show the paper portfolio, or trade in it."""
    if context.invoked_subcommand is not None:
        if context.get_parameter_source("form") is ParameterSource.COMMANDLINE:
            context.default_map = {context.invoked_subcommand: {"form": form}}
        return

    async def work(session: "Context") -> tuple["Account | None", list["Position"], list["Standing"]]:
        await session.marker.mark()
        boards = session.boards
        standings = sorted(boards.strategies.values(), key=lambda standing: standing.label)
        return boards.account.get("account"), list(boards.positions.values()), standings

    account, positions, strategies = context.ensure_object(Invocation).run(work)
    if form == "json":
        print_json("book", account=account, positions=positions, strategies=strategies)
    elif form == "csv":
        print_csv(Sheet("book", "positions", _POSITION, positions))
    else:
        if account is not None:
            print_table(Sheet("book", "account", _ACCOUNT, [account]))
            print()
        print_sheet(Sheet("book", "positions", _POSITION, positions, "No open position."), form)
        if strategies:
            print()
            print_table(Sheet("book", "strategies", _STRATEGY, strategies))


@book.command("open")
@click.argument("spread_id")
@click.option("--contracts", type=Count(1), metavar="N", help="How many; without it, as many as the sizing suggests.")
@format_option
@program_options()
@pass_invocation
def open_position(invocation: Invocation, spread_id: str, contracts: int | None, form: str) -> None:
    """Open a spread that a scan has found.

    The price is that of a chain fetched now.
    """

    async def work(session: "Context") -> "Position":
        _refuse_if_read_only(session)
        ticket = await session.commands.opening_ticket(spread_id)
        if ticket.refusal is not None:
            raise OrderRefusedError(ticket.refusal)
        wanted = ticket.contracts if contracts is None else contracts
        if wanted < 1:
            raise OrderRefusedError(f"the sizing suggests no contract of {spread_id}; --contracts 1 takes one anyway")
        return await session.commands.open_position(ticket, wanted)

    position = invocation.run(work)
    if form == "json":
        print_json("position", position=position)
    else:
        print_sheet(Sheet("position", "positions", _POSITION, [position]), form)


@book.command("close")
@click.argument("position_id")
@format_option
@program_options()
@pass_invocation
def close_position(invocation: Invocation, position_id: str, form: str) -> None:
    """Close a whole position.

    The price is that of a chain fetched now.
    """

    async def work(session: "Context") -> "ClosedPosition":
        _refuse_if_read_only(session)
        ticket = await session.commands.closing_ticket(position_id)
        if ticket.refusal is not None:
            raise OrderRefusedError(ticket.refusal)
        return await session.commands.close_position(ticket)

    closed = invocation.run(work)
    print_sheet(Sheet("closed", "closed", _CLOSED, [closed]), form)


@book.command()
@click.argument("strategy")
@click.argument("symbol")
@program_options()
@pass_invocation
def flatten(invocation: Invocation, strategy: str, symbol: str) -> None:
    """Sell or buy back what a STRATEGY holds of SYMBOL.

    On paper, at the bid or ask that comes next, with the fee. Where its line still stands in strategies.run, it begins
    anew with nothing.
    """

    async def work(session: "Context") -> str:
        _refuse_if_read_only(session)
        return await session.commands.flatten_strategies(symbol.upper(), strategy)

    click.echo(invocation.run(work))


@book.command()
@format_option
@program_options()
@pass_invocation
def history(invocation: Invocation, form: str) -> None:
    """List closed positions, newest first."""

    async def work(session: "Context") -> list["ClosedPosition"]:
        return await session.commands.history()

    print_sheet(Sheet("history", "closed", _CLOSED, invocation.run(work), "No closed position yet."), form)


@book.command()
@format_choice("json", "csv")
@program_options()
@pass_invocation
def export(invocation: Invocation, form: str) -> None:
    """Write out the whole book.

    In JSON with every position, in CSV a line for each fill of a leg.
    """

    async def work(session: "Context") -> tuple[dict[str, Any], list[dict[str, str]]]:
        from cockpit.portfolio.export import fill_rows
        from cockpit.storage.portfolio import PortfolioStore

        await session.marker.mark()
        fills = fill_rows(await PortfolioStore(session.database).fills())
        whole = {
            "account": session.boards.account.get("account"),
            "positions": list(session.boards.positions.values()),
            "closed": await session.commands.history(),
            "trades": [trade_record(trade) for trade in await session.commands.trades()],
            "fills": fills,
        }
        return whole, fills

    whole, fills = invocation.run(work)
    if form == "json":
        print_json("book", **whole)
    else:
        from cockpit.portfolio.export import COLUMNS

        columns: list[Column[dict[str, str]]] = [Column(name, name, itemgetter(name)) for name in COLUMNS]
        print_csv(Sheet("book", "fills", columns, fills))


@book.command("scorecard")
@click.option("--by", type=click.Choice(_GROUPS), help="Also for each group of these.")
@format_option
@program_options()
@pass_invocation
def show_scorecard(invocation: Invocation, by: str | None, form: str) -> None:
    """Show how the closed trades did, and what was expected of them.

    Each spread counts once, whatever its legs. What came of reports since is kept first.
    """
    from cockpit.portfolio.scorecard import By, grouped, scorecard
    from cockpit.portfolio.scorecard_words import scorecard_explained

    async def work(session: "Context") -> list["Trade"]:
        await session.broker.settle_expired()
        await session.outcomes.collect()
        return await session.commands.trades()

    trades = invocation.run(work)
    card, groups = scorecard(trades), grouped(trades, By(by)) if by else ()
    if form == "json":
        records = [scorecard_record(one) for one in (card, *groups)]
        print_json("scorecard", scorecard=records[0], by=by, groups=records[1:])
    elif form == "csv":
        print_csv(Sheet("scorecard", "groups", SCORECARD_COLUMNS, [card, *groups]))
    elif not card.trades:
        click.echo("No closed position yet.", err=True)
    else:
        print_explanation(scorecard_explained(card, groups, By(by).heading if by else ""), form, "scorecard")


@book.command("review")
@click.argument("position_id")
@format_option
@program_options()
@pass_invocation
def show_review(invocation: Invocation, position_id: str, form: str) -> None:
    """Show what one trade promised, and what came.

    It ends with an account of where the money went.
    """
    from cockpit.portfolio.review import account, move_missing, review, verdict, volatility_missing

    async def work(session: "Context") -> tuple[list["Trade"], "datetime"]:
        await session.marker.mark()
        await session.outcomes.collect()
        return await session.commands.trades(), session.clock.now()

    trades, now = invocation.run(work)
    wanted = position_id.upper()
    trade = next((trade for trade in trades if trade.position_id == wanted), None)
    if trade is None:
        raise UsageError(f'there has been no position {position_id}; "cockpit book" and "book history" list their ids')
    if form == "json":
        outcome = trade.outcome
        print_json(
            "review",
            position=trade_record(trade),
            verdict=verdict(trade, now),
            ending=trade.ending,
            passage=trade.passage(now),
            move_missing=None if outcome and outcome.close_move is not None else move_missing(trade, now),
            volatility_missing=None if trade.after else volatility_missing(trade, now),
            account=account(trade),
        )
    else:
        print_explanation(review(trade, now), form, "review")


def _refuse_if_read_only(session: "Context") -> None:
    if session.read_only is not None:
        raise StorageError(session.read_only)


_CENTS = fixed(2)
_SIGNED = fixed(2, sign=True)

_ACCOUNT: list[Column["Account"]] = [
    Column("equity", "equity", lambda account: account.equity, _CENTS, right=True),
    Column("cash", "cash", lambda account: account.cash, _CENTS, right=True),
    Column("day", "day", lambda account: account.day, _SIGNED, right=True),
    Column("realised", "realised", lambda account: account.realised, _SIGNED, right=True),
    Column("unrealised", "unrealised", lambda account: account.unrealised, _SIGNED, right=True),
    Column("fees", "fees", lambda account: account.fees, _CENTS, right=True),
    Column("at_risk", "at risk", lambda account: account.at_risk, _CENTS, right=True),
    Column("buying_power", "buying power", lambda account: account.buying_power, _CENTS, right=True),
]


def _legs(position: "Position") -> str:
    return " ".join(f"{leg.quantity:+d}{leg.right.value}{leg.strike:f}" for leg in position.legs)


_POSITION: list[Column["Position"]] = [
    Column("position_id", "position", lambda position: position.position_id),
    Column("symbol", "name", lambda position: position.symbol),
    Column("kind", "structure", lambda position: position.kind, lambda kind: str(kind.label)),
    Column("expiry", "expiry", lambda position: position.expiry),
    Column("contracts", "qty", lambda position: position.contracts, right=True),
    Column("credit", "credit", lambda position: position.credit, _CENTS, right=True),
    Column("mark", "mark", lambda position: position.mark, _CENTS, right=True),
    Column("unrealised", "P&L", lambda position: position.unrealised, _SIGNED, right=True),
    Column("max_loss", "risk", lambda position: position.max_loss, _CENTS, right=True),
    Column("opened_at", "opened", lambda position: position.opened_at, clock_time),
    Column("legs", "legs", _legs),
]
_STRATEGY: list[Column["Standing"]] = [
    Column("label", "strategy", lambda one: one.label),
    Column("side", "side", lambda one: one.side),
    Column("quantity", "quantity", lambda one: one.quantity.normalize(), "{:f}".format, right=True),
    Column("average", "average", lambda one: one.average, "{:,.10g}".format, right=True),
    Column("realised", "realised", lambda one: one.realised, _SIGNED, right=True),
    Column("fees", "fees", lambda one: one.fees, _CENTS, right=True),
    Column("signal_at", "last signal", lambda one: one.signal_at, clock_time),
    Column("outcome", "outcome", lambda one: one.outcome),
    Column("reason", "because", lambda one: one.message or one.reason),
]
_CLOSED: list[Column["ClosedPosition"]] = [
    Column("position_id", "position", lambda closed: closed.position_id),
    Column("symbol", "name", lambda closed: closed.symbol),
    Column("kind", "structure", lambda closed: closed.kind, lambda kind: str(kind.label)),
    Column("expiry", "expiry", lambda closed: closed.expiry),
    Column("contracts", "qty", lambda closed: closed.contracts, right=True),
    Column("credit", "credit", lambda closed: closed.credit, _CENTS, right=True),
    Column("debit", "debit", lambda closed: closed.debit, _CENTS, right=True),
    Column("fees", "fees", lambda closed: closed.fees, _CENTS, right=True),
    Column("realised", "realised", lambda closed: closed.realised, _SIGNED, right=True),
    Column("opened_at", "opened", lambda closed: closed.opened_at, clock_time),
    Column("closed_at", "closed", lambda closed: closed.closed_at, clock_time),
    Column("reason", "how", lambda closed: closed.reason),
]
