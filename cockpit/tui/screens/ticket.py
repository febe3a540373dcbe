"""The ticket: an order as it would be filled now, for the key it was opened for; one Enter sends it, once."""

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.binding import Binding, BindingType

from cockpit.commands import Commands
from cockpit.errors import CockpitError
from cockpit.portfolio.position import Action, Ticket
from cockpit.spreads.structure import Leg, Size
from cockpit.tui import trading
from cockpit.tui.format import age, compact, fixed, percent, short_fraction, signed, since
from cockpit.tui.inks import Ink, Run
from cockpit.tui.screens.sheet import Sheet, flowed, hint, line_of, wrapped
from cockpit.tui.widgets.bars import Part, profile_part, words
from cockpit.tui.widgets.columns import moved_run
from cockpit.tui.widgets.lines import EMPTY, Line, width_of
from cockpit.tui.widgets.payoff import payoff_plot

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

_MOST_CONTRACTS = 9999
_LEGS_WIDTH = 48
_BOUND = {
    "trade_cap": "the cap a trade",
    "symbol_cap": "the cap a name",
    "portfolio_cap": "the cap of the portfolio",
    "max_contracts": "the most contracts",
    "buying_power": "buying power",
    "kelly": "Kelly",
}
_FILL = {"mid": "at mid", "quarter": "25% of the half spread", "half": "50% of the half spread", "natural": "far sides"}


class Stage(Enum):
    """How far the ticket is."""

    PRICING = "pricing"
    READY = "ready"
    SENDING = "sending"
    REFUSED = "refused"


class TicketScreen(Sheet[None]):
    """A window that knows its key, whatever happens to the rows behind it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "confirm", show=False),
        Binding("plus,equals_sign,right", "contracts(1)", show=False),
        Binding("minus,left", "contracts(-1)", show=False),
        Binding("backspace", "erase", show=False),
        Binding("e", "why", show=False),
        Binding("r", "reprice", show=False),
    ]
    preferred_width = 80

    def __init__(self, commands: Commands, action: Action, key: str) -> None:
        super().__init__(f"{action.value.capitalize()} {key}")
        self._commands = commands
        self._order = action
        self._key = key
        self._typed = False
        self.stage = Stage.PRICING
        self.ticket: Ticket | None = None
        self.contracts = 0
        self.refusal: str | None = None

    @property
    def _cockpit(self) -> "CockpitApp":
        return cast("CockpitApp", self.app)

    def on_mount(self) -> None:
        """Show at once that it is being priced; the prices follow."""
        super().on_mount()
        self.set_interval(1.0, self.refill)
        self._cockpit.perform(self._price())

    # --- what it does ---------------------------------------------------------------------------------------------

    async def _price(self) -> None:
        self.stage, self.refusal = Stage.PRICING, None
        self.refill()
        ask = self._commands.opening_ticket if self._order is Action.OPEN else self._commands.closing_ticket
        try:
            ticket = await ask(self._key)
        except CockpitError as error:
            self.stage, self.refusal = Stage.REFUSED, str(error)
        else:
            self.ticket = ticket
            if not self._typed or self._order is Action.CLOSE:
                self.contracts = ticket.contracts
            self.stage = Stage.REFUSED if ticket.refusal else Stage.READY
            self.refusal = ticket.refusal
        self.refill()

    def action_confirm(self) -> None:
        """Send the order; while one is on its way, and after a refusal, Enter does nothing."""
        if self.stage is not Stage.READY or self.ticket is None:
            return
        if self.contracts < 1:
            self._cockpit.say("no contracts; type how many, or + for one more")
            return
        self.stage = Stage.SENDING
        self.refill()
        self._cockpit.perform(self._send(self.ticket, self.contracts), must_finish=True)

    async def _send(self, ticket: Ticket, contracts: int) -> None:
        try:
            if ticket.action is Action.OPEN:
                position = await self._commands.open_position(ticket, contracts)
                credit = fixed(position.credit)
                done = f"filled: {position.contracts} {position.symbol} {position.kind.label} for {credit} a share"
            else:
                closed = await self._commands.close_position(ticket)
                name = f"{closed.contracts} {closed.symbol} {closed.kind.label}"
                done = f"closed: {name}, realised {signed(closed.realised)}"
        except CockpitError as error:
            self.stage, self.refusal = Stage.REFUSED, str(error)
            self.refill()
            return
        self._cockpit.say(done)
        if self.is_attached:
            self.dismiss(None)

    def action_reprice(self) -> None:
        """Ask for fresh quotes."""
        if self.stage in (Stage.READY, Stage.REFUSED):
            self._cockpit.perform(self._price())

    def action_contracts(self, by: int) -> None:
        """More or fewer contracts."""
        self._set_contracts(self.contracts + by)

    def action_erase(self) -> None:
        """Take the last digit back."""
        self._set_contracts(self.contracts // 10)

    def on_key(self, event: events.Key) -> None:
        """Digits are the number of contracts; the first one starts anew."""
        if event.character is not None and event.character in "0123456789":
            event.stop()
            before = self.contracts if self._typed else 0
            self._set_contracts(before * 10 + int(event.character))

    def _set_contracts(self, contracts: int) -> None:
        if self._order is Action.OPEN and self.stage is Stage.READY and 0 <= contracts <= _MOST_CONTRACTS:
            self.contracts = contracts
            self._typed = True
            self.refill()

    def action_why(self) -> None:
        """The arithmetic behind the name."""
        if self.ticket is not None:
            trading.explain(self._cockpit, self.ticket.symbol)

    # --- what it shows --------------------------------------------------------------------------------------------

    def title_parts(self) -> list[Part]:
        """What is ordered, and how old its quote is."""
        ticket = self.ticket
        if ticket is None:
            return [words((self.sheet_title, Ink.STRONG))]
        name = f"{ticket.action.value.capitalize()}: {ticket.symbol} {ticket.kind.label} {ticket.expiry:%d %b}"
        old = since(ticket.quoted_at, self._cockpit.moment().now)
        stale = old is None or (ticket.stale_after is not None and old > ticket.stale_after)
        shown = "quote of unknown age" if old is None else "quote is new" if old < 3 else f"quote {age(old)} old"
        return [
            profile_part(self._cockpit.settings.profile),
            words((name, Ink.STRONG), rank=0),
            words((shown, Ink.WARN if stale else Ink.MUTED), rank=2, right=True),
        ]

    def hints(self) -> list[Part]:
        """The keys that do something now."""
        if self.stage is Stage.READY:
            keys = [hint("Enter", "confirm"), hint("Esc", "cancel")]
            if self._order is Action.OPEN:
                keys.append(hint("+ - 0-9", "contracts", 2))
            return [*keys, hint("r", "reprice", 3), hint("e", "why", 4)]
        if self.stage is Stage.REFUSED:
            return [hint("r", "try again"), hint("Esc", "close"), hint("e", "why", 4)]
        return [words((f"{self.stage.value}…", Ink.ACCENT)), hint("Esc", "close", 1)]

    def content(self, width: int) -> list[Line]:
        """The order in lines."""
        ticket = self.ticket
        if ticket is None:
            return [EMPTY, *(wrapped(self.refusal, width, Ink.WARN) if self.refusal else [self._pricing()]), EMPTY]
        money = (
            self._opening_money(ticket, width) if ticket.action is Action.OPEN else self._closing_money(ticket, width)
        )
        refused = [EMPTY, *wrapped(f"refused: {self.refusal}", width, Ink.ERROR)] if self.refusal else []
        legs = _with_plot(_leg_lines(ticket.legs), ticket, width)
        # Where not everything fits, the money comes first and the legs are a scroll away.
        if self.size.height < len(legs) + len(money) + len(refused) + 5:
            return [*refused[1:], *money, EMPTY, *legs]
        return [*legs, EMPTY, *money, *refused]

    def _pricing(self) -> Line:
        return line_of(("fetching the chain for fresh quotes…", Ink.MUTED))

    def _opening_money(self, ticket: Ticket, width: int) -> list[Line]:
        count = self.contracts
        breakevens = " / ".join(fixed(price) for price in ticket.breakevens) or "?"
        after = ticket.buying_power - ticket.max_loss * count
        expected = None if ticket.ev is None else ticket.ev * count
        return [
            *flowed(_prices(ticket), width),
            *flowed([[("contracts ", Ink.MUTED), (f"[ {count} ]", Ink.ACCENT)], _advice(ticket.size)], width),
            *flowed(
                [
                    _pair("max profit", fixed(ticket.max_profit * count), Ink.UP),
                    _pair("max loss", fixed(ticket.max_loss * count), Ink.DOWN),
                    _pair("breakevens", breakevens),
                ],
                width,
            ),
            *flowed(
                [
                    _pair("POP", "?" if ticket.pop is None else f"{percent(ticket.pop, 0)}%"),
                    _pair("by delta", "?" if ticket.pop_delta is None else f"{percent(ticket.pop_delta, 0)}%"),
                    [("EV after costs ", Ink.MUTED), moved_run(signed(expected), expected)],
                    _pair("commission", fixed(ticket.commission * count)),
                ],
                width,
            ),
            *flowed(
                [
                    [
                        ("buying power ", Ink.MUTED),
                        (f"{fixed(ticket.buying_power)} → ", Ink.TEXT),
                        (fixed(after), Ink.ERROR if after < 0 else Ink.TEXT),
                    ]
                ],
                width,
            ),
        ]

    def _closing_money(self, ticket: Ticket, width: int) -> list[Line]:
        return [
            *flowed(_prices(ticket), width),
            *flowed(
                [
                    _pair("contracts", f"{ticket.contracts} (all)"),
                    _pair("commission", fixed(ticket.commission * ticket.contracts)),
                    [("this would realise ", Ink.MUTED), moved_run(signed(ticket.realised), ticket.realised)],
                ],
                width,
            ),
        ]


def _prices(ticket: Ticket) -> list[list[Run]]:
    model = _FILL.get(ticket.fill_model, ticket.fill_model)
    return [
        _pair("mid", fixed(ticket.mid)),
        _pair("natural", fixed(ticket.natural)),
        [*_pair("fill at", fixed(ticket.fill), Ink.STRONG), (f" ({model})", Ink.MUTED)],
    ]


def _advice(size: Size | None) -> list[Run]:
    if size is None:
        return []
    kelly = "" if size.full_kelly is None else f" (full Kelly {percent(size.full_kelly)}%)"
    bound = _BOUND.get(size.bound_by, size.bound_by.replace("_", " "))
    return [(f"suggested {size.contracts}, bound by {bound}{kelly}", Ink.MUTED)]


def _pair(label: str, value: str, ink: Ink = Ink.TEXT) -> list[Run]:
    return [(f"{label} ", Ink.MUTED), (value, Ink.MUTED if value == "?" else ink)]


def _leg_lines(legs: Sequence[Leg]) -> list[tuple[Run, ...]]:
    lines: list[tuple[Run, ...]] = [
        ((f"{'leg':<11}{'bid':>6}{'ask':>7}{'mid':>7}{'iv':>5}{'Δ':>5}{'oi':>7}", Ink.MUTED),)
    ]
    for leg in legs:
        quote = leg.quote
        delta = quote.greeks.delta if quote.greeks else None
        iv = "?" if quote.iv is None else f"{quote.iv:.0%}"
        interest = "?" if quote.open_interest is None else compact(quote.open_interest)
        verb = "buy" if leg.quantity > 0 else "sell"
        times = f"{abs(leg.quantity)}x" if abs(leg.quantity) != 1 else ""
        name = f"{verb:<4} {times}{quote.right.value}{quote.strike:g}"
        prices = f"{fixed(quote.bid):>6}{fixed(quote.ask):>7}{fixed(quote.mid):>7}"
        figures = f"{prices}{iv:>5}{short_fraction(delta):>5}{interest:>7}"
        lines.append(((f"{name:<11}", Ink.STRONG), (figures, Ink.TEXT)))
    return lines


def _with_plot(rows: list[tuple[Run, ...]], ticket: Ticket, width: int) -> list[Line]:
    """The legs, with the payoff beside them where there is room."""
    room = width - _LEGS_WIDTH - 5
    fill = ticket.fill if ticket.fill is not None else ticket.mid
    if ticket.action is Action.CLOSE or fill is None or room < 16:
        return [line_of(*row) for row in rows]
    plot = payoff_plot(ticket.legs, float(fill), min(room, 26), max(3, len(rows) - 1))
    lines = []
    for at in range(max(len(rows), len(plot) + 1)):
        row = rows[at] if at < len(rows) else ()
        used = sum(width_of(text) for text, _ in row)
        beside: tuple[Run, ...] = (("at expiry", Ink.MUTED),) if at == 0 else plot[at - 1] if at <= len(plot) else ()
        lines.append(line_of(*row, (" " * (_LEGS_WIDTH + 3 - used), Ink.TEXT), *beside))
    return lines
