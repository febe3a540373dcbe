"""Sectors: asked for late, once, best names first; known they cap a size, unknown the missing cap is said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from cockpit.boards import Boards
from cockpit.context import open_context
from cockpit.errors import ProviderError, Refusal, StorageError
from cockpit.scan.explain import explain
from cockpit.scan.scanner import Scanner
from cockpit.scan.sectors import KnownSector, Sectors
from cockpit.settings import Settings
from cockpit.spreads.exposure import OpenBook
from cockpit.storage.database import open_database
from cockpit.storage.sectors import SectorRows
from tests.scan.market import TODAY, StillClock, market, refusal
from tests.scan.test_explain import text


@dataclass(frozen=True)
class Business:
    sector: str | None


@dataclass
class Register:
    """Companies in memory."""

    sectors: dict[str, str | None] = field(default_factory=dict)
    failing: dict[str, ProviderError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def overview(self, symbol: str) -> Business:
        self.asked.append(symbol)
        if symbol in self.failing:
            raise self.failing[symbol]
        return Business(self.sectors[symbol])


@dataclass
class Drawer:
    """Keeps what it is given, or refuses it."""

    kept: dict[str, KnownSector] = field(default_factory=dict)
    error: StorageError | None = None

    async def load(self) -> dict[str, KnownSector]:
        return dict(self.kept)

    async def save(self, known: Mapping[str, KnownSector]) -> None:
        if self.error is not None:
            raise self.error
        self.kept = dict(known)


async def test_a_sector_is_asked_for_once_in_three_months() -> None:
    register, drawer, clock = Register({"AAA": "ENERGY", "BBB": None}), Drawer(), StillClock()
    assert await Sectors(register, clock, drawer).of(["AAA", "BBB"]) == {"AAA": "ENERGY"}
    again = Sectors(register, clock, drawer)
    assert again.recall("AAA") is None, "nothing is read before it is asked for"
    assert await again.of(["AAA", "BBB"]) == {"AAA": "ENERGY"}
    assert again.recall("AAA") == "ENERGY"
    assert register.asked == ["AAA", "BBB"]
    clock.time += timedelta(days=8)
    await again.of(["AAA", "BBB"])
    assert register.asked == ["AAA", "BBB", "BBB"], "a company without a sector may have one by now"
    clock.time += timedelta(days=90)
    assert again.recall("AAA") is None
    await again.of(["AAA"])
    assert register.asked[-1] == "AAA"


async def test_an_unknown_company_is_no_failure_and_a_spent_allowance_ends_the_asking() -> None:
    names = [f"N{number:02d}" for number in range(30)]
    register, drawer = Register(dict.fromkeys(names, "ENERGY")), Drawer()
    register.failing["N01"] = refusal(Refusal.NOT_FOUND)
    register.failing["N09"] = refusal(Refusal.QUOTA)
    found = await Sectors(register, StillClock(), drawer).of(names)
    assert "N00" in found
    assert not {"N01", "N09", "N29"} & set(found)
    assert len(register.asked) == 16, "what was on its way is awaited, no more is asked"
    assert drawer.kept["N01"] == KnownSector(None, TODAY)
    assert "N09" not in drawer.kept


async def test_a_store_that_refuses_costs_nothing_but_the_memory(caplog: pytest.LogCaptureFixture) -> None:
    drawer = Drawer(error=StorageError("the disk is full"))
    assert await Sectors(Register({"AAA": "ENERGY"}), StillClock(), drawer).of(["AAA"]) == {"AAA": "ENERGY"}
    assert "sectors not kept: the disk is full" in caplog.text


def scanner(register: Register, boards: Boards, size: float = 0.05, settings: Settings | None = None) -> Scanner:
    earnings, venue = market(["AAA", "BBB"], size)
    clock = StillClock()
    return Scanner(
        earnings=earnings,
        venue=venue,
        clock=clock,
        boards=boards,
        settings=settings or Settings(),
        book=lambda: OpenBook(100_000.0),
        store=None,
        sectors=Sectors(register, clock),
    )


async def test_what_may_be_traded_has_its_sector_and_a_cap_for_it() -> None:
    register, boards = Register({"AAA": "ENERGY", "BBB": None}), Boards()
    tight = Settings.model_validate({"sizing": {"sector_cap": 0.02}})
    one = scanner(register, boards, settings=tight)
    result = await one.scan()
    by_name = {candidate.symbol: candidate for candidate in result.candidates}
    assert (by_name["AAA"].sector, by_name["BBB"].sector) == ("ENERGY", None)
    capped, free = (result.spreads[name][0] for name in ("AAA", "BBB"))
    assert (capped.sector, capped.size.bound_by) == ("ENERGY", "sector_cap")
    assert capped.size.contracts * capped.max_loss <= 2_000.0
    assert boards.spreads.get("AAA") == result.spreads["AAA"]

    assert free.size.contracts > capped.size.contracts
    assert "sector_cap" not in {cap.name for cap in free.size.caps}
    assert by_name["BBB"].flags == ("no sector",)
    assert "Inputs|sector|?|not known: nothing holds the size to sizing.sector_cap" in text(
        explain(by_name["BBB"], result.spreads["BBB"])
    )
    assert "Inputs|sector|ENERGY|" in text(explain(by_name["AAA"], result.spreads["AAA"]))

    again = await one.scan()
    assert next(one for one in again.candidates if one.symbol == "AAA").flags == ()
    assert again.spreads["AAA"][0].size == capped.size
    assert register.asked == ["AAA", "BBB"]


async def test_what_is_not_to_be_traded_costs_no_lookup() -> None:
    register = Register({"AAA": "ENERGY", "BBB": "ENERGY"})
    await scanner(register, Boards(), size=0.15).scan()
    assert register.asked == []


async def test_in_the_simulated_market_positions_of_one_sector_bound_each_other(tmp_path: Path) -> None:
    names = ["LULU", "BURL"]
    settings = Settings.model_validate({"paths": {"data_dir": str(tmp_path)}, "sizing": {"sector_cap": 0.06}})
    async with open_context(settings, as_of=settings.sim.start) as context:
        result = await context.commands.scan(names)
        assert {candidate.sector for candidate in result.candidates} == {"CONSUMER CYCLICAL"}
        sizes = []
        for name in names:
            ticket = await context.commands.opening_ticket(result.spreads[name][0].spread_id)
            assert ticket.size is not None
            sizes.append(ticket.size)
            await context.commands.open_position(ticket, ticket.contracts)
        assert sizes[0].bound_by != "sector_cap"
        assert sizes[1].bound_by == "sector_cap"
        for name in names:
            [shown, *_] = context.boards.spreads.get(name) or ()
            ticket = await context.commands.opening_ticket(shown.spread_id)
            assert ticket.size == shown.size, "a fill takes its room from every size on the board at once"
        again = await context.commands.scan(names)
        for name in names:
            [best, *_] = again.spreads[name]
            ticket = await context.commands.opening_ticket(best.spread_id)
            assert ticket.size == best.size, "the scan sizes by the same open book as the ticket"
            assert best.size.exposure is not None
            assert best.size.exposure.symbol_risk > 0.0
            assert f"|open risk|{best.size.exposure.open_risk:,.2f}|" in text(explain(again.candidates[0], [best]))
        assert (await context.commands.scan(names)).spreads == again.spreads
        folders = settings.folders()
    async with open_database(folders) as database:
        kept = await SectorRows(database).load()
    assert {symbol: one.sector for symbol, one in kept.items()} == dict.fromkeys(names, "CONSUMER CYCLICAL")
    assert all(one.asked_on == date(2026, 11, 24) for one in kept.values())
