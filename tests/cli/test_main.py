"""Every end of the program has its exit code and, at most, one sentence on stderr."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cockpit import __version__
from cockpit.cli.main import cockpit as group
from cockpit.cli.main import run
from cockpit.errors import DamagedError, ProviderError, Refusal
from tests.cli.conftest import Cockpit


def test_help_and_version_go_to_stdout(cockpit: Cockpit) -> None:
    told = cockpit("--help")
    assert told.code == 0
    assert all(command in told.out for command in ("scan", "explain", "book", "ticks", "replay", "doctor"))
    assert cockpit("--version").out.split()[-1] == __version__


@pytest.mark.parametrize("argv", [["nonsense"], ["--nonsense"], ["scan", "--top", "0"], ["scan", "--format", "xml"]])
def test_misuse_is_exit_2_with_a_word_and_no_data(cockpit: Cockpit, argv: list[str]) -> None:
    ended = cockpit(*argv)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err


def test_without_a_terminal_the_screen_says_so(cockpit: Cockpit) -> None:
    ended = cockpit()
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("cockpit: the screen needs a terminal")


def test_a_wrong_setting_is_exit_3_and_names_the_nearest(cockpit: Cockpit) -> None:
    ended = cockpit("--set", "scan.dayz=3", "config", "show")
    assert (ended.code, ended.out) == (3, "")
    assert "did you mean scan.days?" in ended.err


def test_program_options_stand_before_or_after_the_command(cockpit: Cockpit) -> None:
    before = cockpit("--set", "scan.days=3", "--profile", "live", "config", "show", "--format", "csv")
    after = cockpit("config", "show", "--format", "csv", "--set", "scan.days=3", "--profile", "live")
    assert before == after
    assert "scan.days,3\n" in before.out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ProviderError("tradier", Refusal.QUOTA, "the allowance is spent"), 4),
        (DamagedError("the file is damaged"), 5),
        (BrokenPipeError(), 141),
    ],
)
def test_errors_have_their_codes(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setitem(group.commands, "failing", failing)
    monkeypatch.setattr(os, "dup2", lambda *_: None)
    assert run(["failing"]) == code
    said = capsys.readouterr().err
    assert said == (f"cockpit: {error}\n" if str(error) else "")


def test_the_unexpected_is_one_sentence_and_a_trace_in_a_private_log(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def failing() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setitem(group.commands, "failing", failing)
    assert run(["failing"]) == 1
    said = capsys.readouterr()
    log = home / "state" / "cockpit" / "sim" / "cockpit.log"
    assert said.err == f"cockpit: something unexpected went wrong; the details are in {log}\n"
    assert "ZeroDivisionError: secret detail" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_a_reader_that_goes_away_is_no_error(home: Path) -> None:
    command = [sys.executable, "-m", "cockpit", "config", "show"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 128 + signal.SIGPIPE
