"""The paper broker: tickets from fresh chains, fills that are committed before they are shown, the account's truth."""

import asyncio
import logging
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from cockpit.boards import Boards
from cockpit.clock import Clock
from cockpit.errors import DamagedError, OrderRefusedError, ProviderError
from cockpit.options.calendar import closes_at, session_state
from cockpit.portfolio import tickets
from cockpit.portfolio.aftermath import OFFICIAL_CLOSE_DELAY
from cockpit.portfolio.book import Book, disagreement
from cockpit.portfolio.fills import TICK, FillModel, PackageFill, dollars
from cockpit.portfolio.ledger import Fill
from cockpit.portfolio.margin import CONTRACT, OptionLeg, worst_value
from cockpit.portfolio.position import Action, ClosedPosition, Position, PositionLeg, Ticket
from cockpit.portfolio.refusals import (
    AGAIN,
    bad_credit,
    market_closed,
    over_buying_power,
    past_expiry,
    stale,
    unquoted,
)
from cockpit.portfolio.settlement import settle
from cockpit.portfolio.trade import Exit, entry_of, exit_of
from cockpit.providers.ports import OptionVenue
from cockpit.scan.candidate import Candidate
from cockpit.settings import Settings
from cockpit.spreads.exposure import OpenBook
from cockpit.spreads.structure import Spread
from cockpit.storage.database import Database, whole
from cockpit.storage.portfolio import Ending, FillRecord, LegFill, Opening, PortfolioStore

log = logging.getLogger(__name__)

SAME_REPORT = timedelta(days=45)
"""Within so many days of the day that was thought, a coming report is the same one; a quarter has twice as many."""
_SAVE_SECONDS = 30.0


class Broker:
    """Fills paper orders and keeps the book. One for a session; :meth:`load` comes first.

    Orders are taken one at a time. What an order method returns is committed to the database, and an order that is
    confirmed again, by whatever accident, answers what it did the first time.
    """

    def __init__(
        self, *, database: Database, venue: OptionVenue, clock: Clock, boards: Boards, settings: Settings
    ) -> None:
        self._database = database
        self._store = PortfolioStore(database)
        self._venue = venue
        self._clock = clock
        self._boards = boards
        self.reconfigure(settings)
        self._book = Book(dollars(settings.portfolio.starting_cash))
        self._turn = asyncio.Lock()
        self._opened: dict[str, Position] = {}
        self._closed: dict[str, ClosedPosition] = {}
        self._day: date | None = None
        self._baseline: Decimal | None = None
        self._first_day: date | None = None
        self._saved_day: date | None = None
        self._saved_at = 0.0
        self.changed = asyncio.Event()
        """Set by every fill and settlement; the marker waits for it and clears it."""

    def reconfigure(self, settings: Settings) -> None:
        """Fill, size and charge by other settings from the next ticket on; the book stays as it is."""
        self._settings = settings
        self._model = FillModel(settings.portfolio.fill_model)
        self._commission = Decimal(str(settings.portfolio.commission)).quantize(TICK)

    async def load(self) -> None:
        """Read the book, prove it against its fills, and show it.

        Raises:
            DamagedError: the positions do not follow from the fills.
            StorageError: the database cannot be read.
        """
        stored = await self._store.load(dollars(self._settings.portfolio.starting_cash), self._clock.now())
        known = self._book.positions
        positions = {p.position_id: known.get(p.position_id, p) for p in stored.positions}
        book = Book(stored.starting_cash, stored.realised, stored.closed_fees, positions)
        wrong = disagreement(book, map(_ledger_fill, stored.fills))
        if wrong is not None:
            raise DamagedError(f"the paper portfolio in {self._database.path} does not add up: {wrong}")
        self._book = book
        if stored.fills:
            self._first_day = session_state(stored.fills[0].filled_at).day
        self._day = None
        await self._begin_day()
        self._publish()

    async def refresh(self) -> None:
        """Follow the book where another cockpit owns it and trades; known positions keep their marks."""
        if self._store.read_only:
            await self.load()

    def equity(self) -> float:
        """Dollars to size by: the marked equity, or where a position has no mark, what is left at the worst."""
        equity = self._book.equity
        return float(self._book.buying_power if equity is None else equity)

    def open_book(self) -> OpenBook:
        """What sizes are measured against, of a scan and of a ticket alike."""
        return OpenBook(self.equity(), float(self._book.buying_power), self._book.stakes)

    async def opening_ticket(self, spread: Spread) -> Ticket:
        """A ticket priced from a chain fetched now. ``refusal`` says why it would not fill, where it would not.

        Raises:
            ProviderError: the venue gave no chain.
        """
        chain = await self._venue.chain(spread.symbol, spread.expiry, fresh=True)
        ticket = tickets.opening_ticket(spread, chain, self._terms())
        exposure = self.open_book().beside(ticket.symbol, ticket.report_date, ticket.sector)
        return tickets.sized(ticket, spread.size, exposure, self._settings.sizing)

    async def open_position(self, ticket: Ticket, contracts: int, candidate: Candidate | None = None) -> Position:
        """Fill an opening ticket at its price. When this returns, the fill is committed.

        Args:
            ticket: of :meth:`opening_ticket`.
            contracts: how many.
            candidate: what the last scan knew of the name; kept with the fill.

        Raises:
            OrderRefusedError: with the reason a trader would be given.
        """
        return await whole(self._open(ticket, contracts, candidate))

    async def closing_ticket(self, position_id: str) -> Ticket:
        """A ticket that closes the whole position, priced from a chain fetched now.

        Raises:
            OrderRefusedError: no such position is open.
            ProviderError: the venue gave no chain.
        """
        position = self._held(position_id)
        chain = await self._venue.chain(position.symbol, position.expiry, fresh=True)
        return tickets.closing_ticket(position, chain, self._terms())

    async def close_position(self, ticket: Ticket) -> ClosedPosition:
        """Fill a closing ticket at its price. When this returns, the fill is committed.

        Raises:
            OrderRefusedError: with the reason a trader would be given.
        """
        return await whole(self._close(ticket))

    async def history(self) -> list[ClosedPosition]:
        """Closed positions, newest first."""
        return await self._store.history()

    async def fills(self) -> list[FillRecord]:
        """Every fill ever booked, oldest first."""
        return await self._store.fills()

    async def settle_expired(self) -> list[ClosedPosition]:
        """Settle what has expired, at the underlying's official close of that day.

        Settlement is in cash at intrinsic value and free of commission; the record's note keeps what physical
        delivery would have been. A position whose official close cannot be had yet stays open.
        """
        if self._store.read_only:
            return []
        now = self._clock.now()
        settled: list[ClosedPosition] = []
        for position in list(self._book.positions.values()):
            if now < closes_at(position.expiry) + OFFICIAL_CLOSE_DELAY:
                continue
            try:
                price = await self._official_close(position.symbol, position.expiry)
            except ProviderError as error:
                log.warning("%s waits for its settlement price: %s", position.position_id, error)
                continue
            if price is not None:
                settled.append(await whole(self._settle(position, price)))
        return settled

    async def follow_reports(self) -> None:
        """Take over the day of a report that the calendar has moved since, as the scans on the boards know it.

        What is more than half a quarter away is the next report, not the same one on another day.
        """
        if self._store.read_only:
            return
        for position in list(self._book.positions.values()):
            known = self._boards.candidates.get(position.symbol)
            if known is None or known.problem is not None or known.scanned_at <= position.opened_at:
                continue
            before, day = position.report_date, known.report_date
            if before is None or before == day or abs(day - before) > SAME_REPORT:
                continue
            log.info("the report of %s moves from %s to %s", position.symbol, before, day)
            async with self._turn:
                await self._store.move_report(position.position_id, day)
                if (held := self._book.positions.get(position.position_id)) is not None:
                    self._book = self._book.with_position(replace(held, report_date=day))
                    self._publish()

    def apply_marks(self, positions: Iterable[Position]) -> None:
        """Show positions at new marks; one that is not open any more is left out."""
        book = self._book
        for position in positions:
            if position.position_id in book.positions:
                book = book.with_position(position)
        self._book = book
        self._publish()

    async def keep_day(self) -> None:
        """Begin a new session day where one has come, and keep the equity that the next one counts from."""
        await self._begin_day()
        self._publish()
        equity = self._book.equity
        if equity is None or self._day is None or self._store.read_only:
            return
        if self._saved_day == self._day and self._clock.monotonic() - self._saved_at < _SAVE_SECONDS:
            return
        await self._store.save_equity(self._day, equity.quantize(TICK), self._clock.now())
        self._saved_day, self._saved_at = self._day, self._clock.monotonic()

    async def _open(self, ticket: Ticket, contracts: int, candidate: Candidate | None) -> Position:
        async with self._turn:
            if (filled := self._opened.get(ticket.order_id)) is not None:
                return self._book.positions.get(filled.position_id, filled)
            now = self._clock.now()
            if contracts < 1:
                raise OrderRefusedError(f"{contracts} contracts cannot be opened; at least 1 can")
            package = await self._confirmed(ticket, Action.OPEN, now)
            commission = self._commission * sum(abs(leg.quantity) for leg in ticket.legs)
            worst = worst_value(tickets.strikes_of(ticket.legs))
            refusal = bad_credit(package.net, worst)
            if refusal is not None or worst is None:
                raise OrderRefusedError(refusal or "the loss of these legs has no limit")
            max_loss = commission - (package.net + worst) * CONTRACT
            refusal = over_buying_power(max_loss, contracts, self._book.buying_power)
            if refusal is not None:
                raise OrderRefusedError(refusal)
            entry = entry_of(ticket, candidate)
            position = Position(
                position_id="",
                spread_id=ticket.key,
                symbol=ticket.symbol,
                kind=ticket.kind,
                expiry=ticket.expiry,
                contracts=contracts,
                credit=package.net,
                max_loss=max_loss * contracts,
                fees=commission * contracts,
                opened_at=now,
                legs=tuple(
                    PositionLeg(
                        option=leg.quote.symbol,
                        right=leg.quote.right,
                        strike=dollars(leg.quote.strike),
                        expiry=leg.quote.expiry,
                        quantity=leg.quantity * contracts,
                        entry_price=price,
                        mark=None,
                    )
                    for leg, price in zip(ticket.legs, package.leg_prices, strict=True)
                ),
                report_date=entry.report_date,
                sector=ticket.sector,
            )
            fills = self._leg_fills(ticket, package, contracts)
            opening = Opening(ticket.order_id, position, ticket.fill_model, fills, entry)
            position = await self._store.open_position(opening)
            self._opened[ticket.order_id] = position
            if self._first_day is None:
                self._first_day = session_state(now).day
            self._book = self._book.with_position(position)
            self._announce()
            return position

    async def _close(self, ticket: Ticket) -> ClosedPosition:
        async with self._turn:
            if (filled := self._closed.get(ticket.order_id)) is not None:
                return filled
            now = self._clock.now()
            position = self._held(ticket.key)
            package = await self._confirmed(ticket, Action.CLOSE, now)
            if ticket.contracts != position.contracts:
                raise OrderRefusedError(f"{position.position_id} is closed as a whole, all {position.contracts} of it")
            fills = self._leg_fills(ticket, package, position.contracts)
            closing_fees = sum((fill.fee for fill in fills), Decimal(0))
            closed = _ended(position, package.net, closing_fees, now, "closed")
            ending = Ending(
                *(ticket.order_id, "close", closed, closing_fees, ticket.fill_model, fills), exit=exit_of(ticket)
            )
            return await self._end(ending)

    async def _settle(self, position: Position, price: Decimal) -> ClosedPosition:
        async with self._turn:
            legs = [OptionLeg(leg.quantity, leg.right, leg.strike) for leg in position.legs]
            settlement = settle(legs, price)
            net = settlement.cash_amount / CONTRACT / position.contracts
            closed = _ended(position, net, Decimal(0), self._clock.now(), "expired")
            fills = tuple(
                LegFill(index, -event.leg.quantity, event.price, Decimal(0), event.fate.value)
                for index, event in enumerate(settlement.events)
            )
            order_id = f"settle:{position.position_id}"
            market = Exit(spot=float(price))
            return await self._end(Ending(order_id, "settle", closed, Decimal(0), None, fills, settlement.note, market))

    async def _end(self, ending: Ending) -> ClosedPosition:
        closed = await self._store.end_position(ending)
        self._closed[ending.order_id] = closed
        self._book = self._book.without(closed)
        self._announce()
        return closed

    async def _confirmed(self, ticket: Ticket, action: Action, now: datetime) -> PackageFill:
        """Everything that must still hold when a ticket is confirmed, whatever it held when it was made."""
        if self._store.read_only:
            owner = (await self._database.status()).message
            raise OrderRefusedError(f"{owner}; orders are taken there")
        if ticket.action is not action or not ticket.order_id:
            raise OrderRefusedError(f"this is no ticket to {action.value} with; {AGAIN[action]}")
        refusal = (
            past_expiry(ticket.expiry, now)
            or market_closed(now)
            or unquoted(ticket.legs, action)
            or stale(ticket.quoted_at, now, self._settings.portfolio.max_quote_age, action)
        )
        if refusal is not None:
            raise OrderRefusedError(refusal)
        package = tickets.priced(ticket.legs, action, FillModel(ticket.fill_model))
        if package is None or package.net != ticket.fill:
            raise OrderRefusedError(f"the ticket's price does not follow from its quotes; {AGAIN[action]}")
        return package

    def _leg_fills(self, ticket: Ticket, package: PackageFill, contracts: int) -> tuple[LegFill, ...]:
        return tuple(
            LegFill(
                leg=index,
                quantity=leg.quantity * contracts,
                price=price,
                fee=self._commission * abs(leg.quantity) * contracts,
                action=ticket.action.value,
            )
            for index, (leg, price) in enumerate(zip(ticket.legs, package.leg_prices, strict=True))
        )

    def _held(self, position_id: str) -> Position:
        position = self._book.positions.get(position_id)
        if position is None:
            raise OrderRefusedError(f"no position {position_id} is open; the book lists those that are")
        return position

    def _terms(self) -> tickets.Terms:
        now = self._clock.now()
        return tickets.Terms(
            fill_model=self._model,
            commission=self._commission,
            max_quote_age=self._settings.portfolio.max_quote_age,
            buying_power=self._book.buying_power,
            rate=self._settings.scan.risk_free,
            now=now,
            order_id=f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(8)}",
        )

    async def _official_close(self, symbol: str, day: date) -> Decimal | None:
        bars = await self._venue.daily_history(symbol, day, day)
        return next((dollars(bar.close) for bar in bars if bar.day == day), None)

    async def _begin_day(self) -> None:
        """Find the equity that the day counts from: the last one seen on a day before, or the start of the book."""
        day = session_state(self._clock.now()).day
        if day == self._day:
            return
        baseline = await self._store.equity_before(day)
        if baseline is None and (self._first_day is None or self._first_day >= day):
            baseline = self._book.starting_cash
        self._day, self._baseline = day, baseline

    def _announce(self) -> None:
        self._publish()
        self.changed.set()

    def _publish(self) -> None:
        self._boards.positions.replace(dict(self._book.positions))
        self._boards.account.put("account", self._book.account(self._baseline))


def _ended(position: Position, net: Decimal, closing_fees: Decimal, at: datetime, reason: str) -> ClosedPosition:
    return ClosedPosition(
        position_id=position.position_id,
        symbol=position.symbol,
        kind=position.kind,
        expiry=position.expiry,
        contracts=position.contracts,
        credit=position.credit,
        debit=-net,
        fees=position.fees + closing_fees,
        realised=tickets.realised_at(position, net, closing_fees),
        opened_at=position.opened_at,
        closed_at=at,
        reason=reason,
    )


def _ledger_fill(record: FillRecord) -> Fill:
    return Fill(f"{record.position_id}:{record.option}", Decimal(record.quantity), record.price, record.fee, CONTRACT)
