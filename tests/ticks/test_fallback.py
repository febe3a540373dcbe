"""Where Binance does not serve, Binance.US does, and a data folder never mixes their trades."""

from http import HTTPStatus
from typing import Literal

import pytest

from cockpit.errors import ConfigurationError, ProviderError
from cockpit.market import live_market
from cockpit.paths import Paths
from cockpit.settings import Settings, TickSettings, Venues
from cockpit.storage.database import open_database
from cockpit.storage.ticks import store_trades
from tests.ticks.trades import trades
from tests.ticks.venue import FakeVenue


async def _connected(
    paths: Paths,
    com: FakeVenue,
    us: FakeVenue,
    *,
    switch: bool = True,
    venue: Literal["binance", "binance_us"] = "binance",
) -> tuple[str, str]:
    """A session that connects once: the venue in use, and what it has to say."""
    settings = Settings(
        profile="live",
        ticks=TickSettings(venue=venue, switch_venue=switch),
        venues=Venues(binance=com.settings, binance_us=us.settings),
    ).model_copy(update={"paths": Settings().paths.model_copy(update={"data_dir": str(paths.data)})})
    async with open_database(paths) as database, live_market(settings, database, None, runs=True) as market:
        async with market.exchange.connect(["BTCUSDT"]):
            pass
        return market.exchange.name, market.exchange.notice


async def test_an_empty_folder_takes_the_venue_that_serves_and_keeps_it(paths: Paths) -> None:
    async with FakeVenue().running() as com, FakeVenue().running() as us:
        com.refuse_streams = HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS
        reason = "binance does not serve this location; binance_us is used instead"
        assert await _connected(paths, com, us) == ("binance_us", reason)
        com.refuse_streams = None
        reason = "this data folder holds trades of binance_us; binance_us is used instead"
        assert await _connected(paths, com, us) == ("binance_us", reason)
        assert (com.connections, us.connections) == (0, 2)


async def test_a_folder_of_binance_is_not_mixed_with_another_numbering(paths: Paths) -> None:
    async with open_database(paths) as database:
        await store_trades(database, trades(1, 3))
    async with FakeVenue().running() as com, FakeVenue().running() as us:
        com.refuse_streams = HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS
        with pytest.raises(ProviderError, match="does not serve this location"):
            await _connected(paths, com, us)
        assert us.connections == 0


async def test_settings_can_forbid_it(paths: Paths) -> None:
    async with FakeVenue().running() as com, FakeVenue().running() as us:
        com.refuse_streams = HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS
        with pytest.raises(ProviderError, match="does not serve this location"):
            await _connected(paths, com, us, switch=False)
        com.refuse_streams = None
        assert await _connected(paths, com, us, switch=False) == ("binance", "")


async def test_another_venue_by_hand_is_refused_where_trades_of_the_first_are_stored(paths: Paths) -> None:
    async with FakeVenue().running() as com, FakeVenue().running() as us:
        await _connected(paths, com, us)
        assert await _connected(paths, com, us, venue="binance_us") == ("binance_us", ""), "nothing is stored yet"
        async with open_database(paths) as database:
            await store_trades(database, trades(1, 3))
        word = r'ticks.venue is "binance", but .* holds trades of binance_us, .* set ticks.venue = "binance_us", or'
        with pytest.raises(ConfigurationError, match=word):
            await _connected(paths, com, us, switch=False)
        assert (await _connected(paths, com, us))[0] == "binance_us", "where switching is allowed it goes on there"
        assert (await _connected(paths, com, us, venue="binance_us", switch=False))[0] == "binance_us"
        assert com.connections == 1


async def test_a_folder_remembers_the_venue_without_a_second_one(paths: Paths) -> None:
    async with FakeVenue().running() as com, FakeVenue().running() as us:
        await _connected(paths, com, us, switch=False)
        async with open_database(paths) as database:
            await store_trades(database, trades(1, 3))
        with pytest.raises(ConfigurationError, match=r'set ticks\.venue = "binance", or another paths\.data_dir'):
            await _connected(paths, com, us, venue="binance_us")
