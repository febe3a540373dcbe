"""Strategies in a whole session on the embedded market: the settings' file and their own bring them in and out."""

from pathlib import Path

import pytest

from cockpit.cli.checked import settings_files
from cockpit.cli.invocation import Invocation
from cockpit.context import Context, open_context
from cockpit.health.status import State
from cockpit.paths import config_file
from cockpit.strategies.standing import Standing
from tests.strategies.bars import strategy_file
from tests.ticks.trades import until

LABEL = "mine ETHUSDT 1s"


@pytest.fixture
def invocation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invocation:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    config_file().parent.mkdir(parents=True)
    write()
    return Invocation(data_dir=tmp_path / "data")


def write(*lines: str) -> None:
    run = ", ".join(f'"{line}"' for line in lines)
    config_file().write_text(f"[strategies]\nrun = [{run}]\n" if lines else "[strategies]\n", encoding="utf-8")


def standing(context: Context) -> Standing:
    return context.boards.strategies.get(LABEL) or Standing(LABEL, "mine", "ETHUSDT", "1s", State.OFF)


def news(context: Context) -> str:
    found = context.boards.settings.get("settings")
    return "" if found is None else found.sentence


async def test_a_saved_line_brings_a_strategy_in_and_a_wrong_one_changes_nothing(invocation: Invocation) -> None:
    folder = config_file().parent / "strategies"
    strategy_file(folder, "return Signal(1.0, f'close {bar.close}')")
    written = settings_files(invocation, "sim")
    async with open_context(invocation.settings, background=True, feed_only=True, written=written) as context:
        assert len(context.boards.strategies) == 0
        write(LABEL)
        await until(lambda: standing(context).side == "long")
        assert "settings applied: strategies.run" in news(context)
        assert standing(context).pnl is not None
        write(LABEL, "mien ETHUSDT 1m")
        await until(lambda: "refused" in news(context))
        assert "there is no strategy mien" in news(context)
        assert "did you mean mine?" in news(context)
        strategy_file(folder, "import socket; socket.socket()")
        await until(lambda: standing(context).state is State.DOWN)
        assert "it reached for the network, which no strategy may do" in standing(context).message
        strategy_file(folder, "return Signal(0.0, 'out')")
        await until(lambda: standing(context).side == "flat" and standing(context).state is State.UP)
        assert len(context.boards.positions) == 0, "the book of spreads knows nothing of it"
        with pytest.raises(Exception, match="no strategy of BTCUSDT runs"):
            await context.commands.restart_strategies("BTCUSDT")
