"""The ticket: an order as it would be filled now, for the key it was opened for; one Enter sends it, once."""

from enum import Enum
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.binding import Binding, BindingType

from cockpit.commands import Commands
from cockpit.errors import CockpitError
from cockpit.portfolio.position import Action, Ticket
from cockpit.spreads.sizing import cap_words
from cockpit.spreads.structure import Size
from cockpit.tui import windows
from cockpit.tui.format import age, fixed, percent, signed, since
from cockpit.tui.inks import Ink, Run
from cockpit.tui.screens.sheet import Sheet, hint
from cockpit.tui.widgets.bars import Part, profile_part, words
from cockpit.tui.widgets.columns import moved_run
from cockpit.tui.widgets.legs import leg_lines
from cockpit.tui.widgets.lines import EMPTY, Line
from cockpit.tui.widgets.prose import figure, flowed, line_of, wrapped

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

_MOST_CONTRACTS = 9999
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
            windows.explain(self._cockpit, self.ticket.symbol)

    # --- what it shows --------------------------------------------------------------------------------------------

    def title_parts(self) -> list[Part]:
        """What is ordered, and how old its quote is."""
        ticket = self.ticket
        if ticket is None:
            return [words((self.sheet_title, Ink.STRONG))]
        order = f"{ticket.action.value.capitalize()}: {ticket.symbol}"
        old = since(ticket.quoted_at, self._cockpit.moment().now)
        stale = old is None or (ticket.stale_after is not None and old > ticket.stale_after)
        shown = "quote of unknown age" if old is None else "quote is new" if old < 3 else f"quote {age(old)} old"
        return [
            profile_part(self._cockpit.settings.profile),
            words((order, Ink.STRONG), rank=0),
            words((ticket.kind.label, Ink.STRONG), rank=1),
            words((f"{ticket.expiry.day} {ticket.expiry:%b}", Ink.STRONG), rank=3),
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
        credit = ticket.fill if ticket.fill is not None else ticket.mid
        plotted = None if ticket.action is Action.CLOSE or credit is None else float(credit)
        legs = leg_lines(ticket.legs, width, plotted)
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
            *flowed(
                [
                    [("contracts ", Ink.MUTED), (f"[ {count} ]", Ink.ACCENT)],
                    figure("max profit", fixed(ticket.max_profit * count), Ink.UP),
                    figure("max loss", fixed(ticket.max_loss * count), Ink.DOWN),
                    figure("commission", fixed(ticket.commission * count)),
                ],
                width,
            ),
            *flowed(_advice(ticket.size), width),
            *flowed(
                [
                    figure("POP", "?" if ticket.pop is None else f"{percent(ticket.pop, 0)}%"),
                    figure("by delta", "?" if ticket.pop_delta is None else f"{percent(ticket.pop_delta, 0)}%"),
                    [("EV after costs ", Ink.MUTED), moved_run(signed(expected), expected)],
                    figure("breakevens", breakevens),
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
                    figure("contracts", f"{ticket.contracts} (all)"),
                    figure("commission", fixed(ticket.commission * ticket.contracts)),
                    [("this would realise ", Ink.MUTED), moved_run(signed(ticket.realised), ticket.realised)],
                ],
                width,
            ),
        ]


def _prices(ticket: Ticket) -> list[list[Run]]:
    """Mid, far sides and fill, as what is received or as what is paid."""
    paid = (ticket.fill or ticket.mid or 0) < 0
    sign = -1 if paid else 1
    mid, natural, fill = (
        None if price is None else sign * price for price in (ticket.mid, ticket.natural, ticket.fill)
    )
    return [
        [("debit " if paid else "credit ", Ink.TEXT), *figure("mid", fixed(mid))],
        figure("natural", fixed(natural)),
        figure("fill at", fixed(fill), Ink.STRONG),
        [(f"({_FILL.get(ticket.fill_model, ticket.fill_model)})", Ink.MUTED)],
    ]


def _advice(size: Size | None) -> list[list[Run]]:
    if size is None:
        return []
    advice = [[(f"suggested {size.contracts}, bound by {cap_words(size.bound_by)}", Ink.MUTED)]]
    if size.full_kelly is not None:
        advice.append([(f"full Kelly {percent(size.full_kelly)}%", Ink.MUTED)])
    return advice
