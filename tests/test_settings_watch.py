"""Files that change under a running session: what stands still and is right is in force within a second."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cockpit.board import Board
from cockpit.configuration import files_read, read_configuration
from cockpit.live_settings import LiveSettings, SettingsNews
from cockpit.paths import config_file, environment_file
from cockpit.settings import Settings
from cockpit.settings_watch import SettingsFiles, SettingsWatch
from cockpit.validation import validated


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    file = config_file()
    file.parent.mkdir(parents=True)
    write(file, "[scan]\ndays = 10\n")
    return file


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


def append(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.write(text)


def read(running: str = "sim") -> Settings:
    return validated(read_configuration(environment={}, running=running)).settings


class Watched:
    """A session's settings, watched."""

    def __init__(self) -> None:
        self.board: Board[str, SettingsNews] = Board()
        self.live = LiveSettings(read(), self.board)
        self.applied: list[int] = []
        self.live.follow(lambda _, now: self.applied.append(now.scan.days))

    @property
    def news(self) -> SettingsNews:
        return self.board.get("settings") or SettingsNews(0, "", False, Settings().ui, {})

    async def until(self, held: Callable[[], bool], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not held():  # noqa: ASYNC110 - a board is pulled, it calls nobody
                await asyncio.sleep(0.01)


@asynccontextmanager
async def watching() -> AsyncIterator[Watched]:
    watched = Watched()
    task = asyncio.create_task(SettingsWatch(SettingsFiles(files_read, read), watched.live).run())
    await asyncio.sleep(0.3)
    try:
        yield watched
    finally:
        task.cancel()
        async with asyncio.timeout(2.0):
            await asyncio.wait({task})


async def test_written_in_place_and_renamed_over_is_followed(file: Path) -> None:
    async with watching() as watched:
        write(file, "[scan]\ndays = 11\n")
        await watched.until(lambda: watched.applied == [11])
        fresh = file.with_suffix(".new")
        write(fresh, "[scan]\ndays = 12\n")
        os.replace(fresh, file)
        await watched.until(lambda: watched.applied == [11, 12])
        # As vim does it: the old one is moved away first.
        os.rename(file, f"{file}~")
        write(file, "[scan]\ndays = 13\n")
        await watched.until(lambda: watched.applied == [11, 12, 13])


async def test_a_wrong_file_changes_nothing_and_says_why(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with watching() as watched:
        write(file, "[scan]\ndays = 11\n[spreads]\nmin_credit = -1\n")
        await watched.until(lambda: watched.news.refused)
        assert "spreads.min_credit" in watched.news.sentence
        assert "those before stay in force" in watched.news.sentence
        assert watched.news.sentence in caplog.text
        assert (watched.applied, watched.live.in_force.scan.days) == ([], 10)
        number = watched.news.number
        os.utime(file)
        await asyncio.sleep(0.8)
        assert watched.news.number == number, "the same mistake is told once"
        write(file, "[scan]\ndays = 11\n[spreads]\nmin_credit = 1.0\n")
        await watched.until(lambda: watched.applied == [11])
        assert not watched.news.refused


@pytest.mark.parametrize("lost", ["emptied", "removed"])
async def test_a_file_that_is_lost_is_no_wish_for_the_defaults(file: Path, lost: str) -> None:
    async with watching() as watched:
        if lost == "removed":
            os.unlink(file)
        else:
            write(file, "")
        await watched.until(lambda: watched.news.refused)
        assert str(file) in watched.news.sentence
        assert watched.live.in_force.scan.days == 10
        write(file, "[scan]\ndays = 10\n")
        await watched.until(lambda: not watched.news.refused)
        assert "in order again" in watched.news.sentence
        assert watched.applied == []


async def test_pieces_of_a_file_are_not_a_file(file: Path) -> None:
    async with watching() as watched:
        write(file, "")
        for piece in ("[scan]\n", "days = 1", "5\n", "[spreads]\n", "min_vrp = 1.", "2\n"):
            append(file, piece)
            await asyncio.sleep(0.05)
        await watched.until(lambda: bool(watched.applied))
        assert watched.applied == [15]
        assert watched.live.in_force.spreads.min_vrp == 1.2


async def test_a_file_that_lives_elsewhere_is_followed_through_its_link(file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "dotfiles.toml"
    os.rename(file, elsewhere)
    os.symlink(elsewhere, file)
    async with watching() as watched:
        write(elsewhere, "[scan]\ndays = 11\n")
        await watched.until(lambda: watched.applied == [11])


async def test_a_folder_that_is_made_later_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "later"))
    async with watching() as watched:
        os.makedirs(config_file().parent)
        write(config_file(), "[scan]\ndays = 11\n")
        await watched.until(lambda: watched.applied == [11])


async def test_without_notifications_the_contents_are_compared(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    def refused(*_: object, **__: object) -> None:
        raise OSError(28, "inotify watches are used up")

    monkeypatch.setattr("watchfiles.awatch", refused)
    async with watching() as watched:
        write(file, "[scan]\ndays = 11\n")
        await watched.until(lambda: watched.applied == [11])
    assert "looked for every 2 s" in caplog.text


async def test_the_file_of_secrets_is_followed_and_must_stay_one(file: Path) -> None:
    async with watching() as watched:
        write(environment_file(), "COCKPIT_SCAN__DAYS=9\n")
        os.chmod(environment_file(), 0o644)
        await watched.until(lambda: watched.news.refused)
        assert "chmod 600" in watched.news.sentence
        os.chmod(environment_file(), 0o600)
        await watched.until(lambda: watched.applied == [9])


async def test_a_running_profile_keeps_its_own_section(file: Path) -> None:
    async with watching() as watched:
        write(file, 'profile = "live"\n[profiles.live.scan]\ndays = 3\n[profiles.sim.scan]\ndays = 5\n')
        await watched.until(lambda: watched.applied == [5])
        assert watched.live.in_force.profile == "sim"
        assert "next start: profile" in watched.news.sentence


def test_what_can_be_read_only_once_is_not_watched(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert files_read(pipe) == ()
