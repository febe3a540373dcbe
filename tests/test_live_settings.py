"""New settings are in force at once where a session can follow them, and refused whole where they are wrong."""

from collections.abc import Mapping
from typing import Any

import pytest

from cockpit.board import Board
from cockpit.errors import ConfigurationError
from cockpit.live_settings import FOLLOWED, LiveSettings, SettingsNews, different, followed
from cockpit.settings import Settings
from cockpit.validation import leaves


def of(**sections: Mapping[str, Any]) -> Settings:
    return Settings.model_validate(sections)


def news(board: Board[str, SettingsNews]) -> SettingsNews:
    found = board.get("settings")
    assert found is not None
    return found


def test_every_setting_that_is_followed_exists() -> None:
    keys = [key for key, _ in leaves(Settings())]
    assert [key for key in sorted(FOLLOWED) if not any(f"{one}.".startswith(f"{key}.") for one in keys)] == []


def test_a_part_is_followed_and_the_rest_waits_for_the_next_start() -> None:
    board: Board[str, SettingsNews] = Board()
    live = LiveSettings(Settings(), board)
    seen: list[tuple[int, int]] = []
    live.follow(lambda before, now: seen.append((before.scan.days, now.scan.days)))
    written = of(scan={"days": 7}, ticks={"venue": "binance_us", "batch_rows": 100}, sim={"seed": 8})
    live.offer(written)
    assert seen == [(14, 7)]
    assert (live.in_force.ticks.batch_rows, live.in_force.ticks.venue, live.in_force.sim.seed) == (100, "binance", 7)
    assert news(board).sentence == (
        "settings applied: ticks.batch_rows, scan.days; takes effect at the next start: ticks.venue, sim.seed"
    )
    live.offer(of(scan={"days": 8}, ticks={"venue": "binance_us", "batch_rows": 100}, sim={"seed": 8}))
    assert news(board).sentence.endswith("at the next start: ticks.venue, sim.seed")
    live.offer(of(scan={"days": 8}, ticks={"batch_rows": 100}))
    assert news(board).sentence == "the settings are in order again, as they were"


def test_what_changes_nothing_is_not_told_but_counted() -> None:
    board: Board[str, SettingsNews] = Board()
    live = LiveSettings(Settings(), board)
    live.follow(lambda before, now: pytest.fail("nothing has changed"))
    live.offer(Settings())
    assert (news(board).number, news(board).sentence) == (1, "")
    live.refuse(ConfigurationError("setting scan.days: no"))
    assert news(board).refused
    assert news(board).sentence == "settings refused, those before stay in force: setting scan.days: no"
    live.offer(Settings())
    assert not news(board).refused
    assert "in order again" in news(board).sentence


def test_a_check_refuses_the_whole() -> None:
    board: Board[str, SettingsNews] = Board()
    live = LiveSettings(Settings(), board)

    def check(settings: Settings) -> None:
        if settings.scan.days == 13:
            raise ConfigurationError("not thirteen")

    live.require(check)
    live.follow(lambda before, now: pytest.fail("it was refused"))
    with pytest.raises(ConfigurationError, match="not thirteen"):
        live.offer(of(scan={"days": 13}, ui={"theme": "light"}))
    assert live.in_force == Settings()
    assert board.get("settings") is None


def test_a_long_list_of_settings_is_cut() -> None:
    board: Board[str, SettingsNews] = Board()
    other = {name: (value or 1) * 2 for name, value in Settings().cache.model_dump().items() if name != "early_share"}
    LiveSettings(Settings(), board).offer(of(cache=other))
    assert "and 3 more" in news(board).sentence
    assert news(board).sentence.endswith("next start: cache.file_megabytes")


def test_secrets_are_named_and_never_shown() -> None:
    board: Board[str, SettingsNews] = Board()
    live = LiveSettings(Settings(), board)
    live.offer(of(providers={"tradier": {"token": "sesame-1234"}}))
    assert "providers.tradier.token" in news(board).sentence
    assert "sesame" not in repr(news(board))
    assert live.in_force.providers.tradier.token is None


def test_one_that_is_followed_and_all_others_are_those_of_before() -> None:
    before, written = Settings(), of(ui={"theme": "light", "mouse": False, "hz": 2}, redis={"url": "redis://h:1/0"})
    now = followed(before, written)
    assert list(different(before, now)) == ["ui.theme", "ui.hz"]
    assert list(different(now, written)) == ["ui.mouse", "redis.url"]
