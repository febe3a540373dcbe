"""Every end of the program has its exit code and, at most, one sentence on stderr."""

import json
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


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["nonsense"], "no such command 'nonsense'; \"cockpit --help\""),
        (["--nonsense"], "no such option '--nonsense'"),
        (["scan", "--top", "0"], "'--top': 0 is not in the range x>=1; \"cockpit scan --help\""),
        (["scan", "--days", "soon"], "'--days': 'soon' is not a valid whole number"),
        (["scan", "--format", "xml"], "'xml' is not one of 'table', 'json', 'csv'"),
        (["explain"], "missing argument 'TICKER'"),
        (["--data-dir", "", "book"], "'--data-dir': it names no folder"),
        (["--config", "", "book"], "'--config': it names no file"),
        (["scan", "--as-of", "9999-12-31"], "a time lies between 1970 and 2099"),
        (["book", "--format", "table", "export"], "'table' is not one of 'json', 'csv'"),
    ],
)
def test_misuse_is_exit_2_with_one_sentence_and_no_data(cockpit: Cockpit, argv: list[str], told: str) -> None:
    ended = cockpit(*argv)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert ended.err.startswith("cockpit: ")
    assert ended.err.count("\n") == 1


def test_a_folder_is_where_it_was_named(cockpit: Cockpit, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    settings = json.loads(cockpit("--data-dir", "here", "config", "show", "--format", "json").out)["settings"]
    assert {"key": "paths.data_dir", "value": str(home / "here")} in settings
    nobody = cockpit("--data-dir", "~nobody-of-this-name", "book")
    assert (nobody.code, nobody.out) == (3, "")
    assert "there is no such home folder" in nobody.err
    assert not (home / "~nobody-of-this-name").exists()


def test_a_group_without_a_command_shows_its_commands(cockpit: Cockpit) -> None:
    ended = cockpit("ticks")
    assert ended.code == 2
    assert "import" in ended.err


def test_what_came_from_outside_cannot_move_the_cursor(cockpit: Cockpit) -> None:
    ended = cockpit("--config", "none\x1b[2J.toml", "book")
    assert ended.code == 3
    assert "none?[2J.toml" in ended.err


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


def shell(line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command line as a shell runs it; ``$COCKPIT`` in it is the program."""
    program = f"{sys.executable} -m cockpit"
    return subprocess.run(
        ["bash", "-c", line.replace("$COCKPIT", program)],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("command", ["config show", "config show --format json", "--help", "--version", "config path"])
def test_output_that_nobody_takes_is_an_error_of_one_sentence(home: Path, command: str) -> None:
    ended = shell(f"$COCKPIT {command} > /dev/full")
    assert (ended.returncode, ended.stderr) == (1, "cockpit: cannot write the output: No space left on device\n")
    ended = shell(f"$COCKPIT {command} >&-")
    assert (ended.returncode, ended.stderr) == (1, "cockpit: cannot write the output: it is closed\n")


def test_closed_streams_beside_stdout_do_no_harm(home: Path) -> None:
    ended = shell("$COCKPIT config path <&- 2>&-")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.endswith("config.toml\n")
    assert shell("$COCKPIT <&-").returncode == 2


def test_a_locale_without_utf_8_gets_what_it_can_show(home: Path) -> None:
    plain = shell("$COCKPIT config show --set ui.theme=höhe", PYTHONIOENCODING="ascii")
    assert (plain.returncode, plain.stderr) == (0, "")
    assert "\\" in plain.stdout
    written = shell("$COCKPIT config show --format json --set ui.theme=höhe", PYTHONIOENCODING="ascii")
    assert {"key": "ui.theme", "value": "höhe"} in json.loads(written.stdout)["settings"]


def test_a_reader_that_goes_away_is_no_error(home: Path) -> None:
    command = [sys.executable, "-m", "cockpit", "config", "show"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 128 + signal.SIGPIPE
