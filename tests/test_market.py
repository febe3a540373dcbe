"""The live profile against servers that stand in for the venues: refusals, and allowances that outlive the process."""

from pathlib import Path

import pytest

from cockpit.context import Context, open_context
from cockpit.emulator.server import RunningServer
from cockpit.errors import ExitCode, ProviderError, Refusal
from cockpit.health.status import ProviderStatus
from cockpit.settings import Settings
from cockpit.validation import load_settings
from tests.venues import venues

pytestmark = pytest.mark.usefixtures("config_home")


def live(folder: Path, server: RunningServer) -> Settings:
    addresses = server.ready["endpoints"]
    assert isinstance(addresses, dict)
    flags = [
        ("profile", "live"),
        ("paths.data_dir", str(folder)),
        ("venues.binance.ws_url", addresses["binance_ws"]),
        ("venues.binance.rest_url", addresses["binance_rest"]),
        ("providers.tradier.base_url", addresses["tradier"]),
        ("providers.alpha_vantage.base_url", addresses["alpha_vantage"]),
        ("providers.alpha_vantage.limits", '["25/1d"]'),
        ("cache.quotes_seconds", "0"),
    ]
    return load_settings(flags=flags, environment={}).settings


async def used_today(context: Context) -> int:
    await context.sampler.sample()
    status = context.boards.health.get("provider:alpha_vantage")
    assert isinstance(status, ProviderStatus)
    return max(window.used for window in status.windows if window.seconds == 86_400)


async def test_what_a_day_has_spent_is_still_spent_after_a_restart(tmp_path: Path) -> None:
    async with venues(alpha_vantage=0) as server:
        settings = live(tmp_path, server)
        async with open_context(settings) as context:
            await context.commands.scan(["CRM", "MDB"])
            spent = await used_today(context)
            assert spent >= 3, "the calendar and two histories"
        async with open_context(settings) as context:
            assert await used_today(context) == spent


async def test_a_spent_key_ends_the_scan_with_a_sentence_and_is_exit_4(tmp_path: Path) -> None:
    async with venues() as server:
        server.faults.update({"alpha_vantage_quota": "information"})
        async with open_context(live(tmp_path, server)) as context:
            with pytest.raises(ProviderError) as refused:
                await context.commands.scan()
            assert refused.value.refusal is Refusal.QUOTA
            assert refused.value.exit_code is ExitCode.PROVIDER
            progress = context.boards.scan.get("scan")
            assert progress is not None
            assert str(refused.value) in progress.message


async def test_a_vendor_that_is_down_leaves_what_is_known_on_the_boards(tmp_path: Path) -> None:
    async with venues(tradier=0, alpha_vantage=0) as server, open_context(live(tmp_path, server)) as context:
        await context.commands.scan(["CRM", "MDB"])
        before = dict(context.boards.candidates.items())
        assert all(candidate.implied_move is not None for candidate in before.values())
        server.faults.update({"tradier_status": "401"})
        with pytest.raises(ProviderError) as refused:
            await context.commands.scan(["CRM", "MDB"])
        assert refused.value.refusal is Refusal.AUTH
        assert dict(context.boards.candidates.items()) == before
