"""``cockpit doctor``: each check with a verdict and, where it is not well, a remedy."""

import json
import socket
from pathlib import Path

import pytest

from cockpit.cli import checks
from cockpit.storage.filesystem import mounted_as
from tests.cli.conftest import Cockpit


def findings(cockpit: Cockpit, *argv: str, code: int = 0) -> dict[str, dict[str, str]]:
    ended = cockpit("doctor", "--format", "json", *argv)
    assert ended.code == code, ended
    return {row["check"]: row for row in json.loads(ended.out)["checks"]}


def test_a_fresh_machine_is_in_order_and_nothing_is_made(cockpit: Cockpit, home: Path) -> None:
    found = findings(cockpit)
    assert "fail" not in {row["verdict"] for row in found.values()}
    assert all(row["remedy"] for row in found.values() if row["verdict"] != "ok")
    assert list(home.iterdir()) == []


def test_live_without_keys_says_which_to_set(cockpit: Cockpit) -> None:
    found = findings(cockpit, "--profile", "live")
    assert found["tradier token"]["verdict"] == "warn"
    assert "COCKPIT_PROVIDERS__TRADIER__TOKEN" in found["tradier token"]["remedy"]


def test_a_wrong_configuration_is_a_failure(cockpit: Cockpit) -> None:
    found = findings(cockpit, "--set", "scan.days=0", code=1)
    assert found["configuration"]["verdict"] == "fail"
    assert "scan.days" in found["configuration"]["detail"]


def test_a_taken_port_is_a_failure(cockpit: Cockpit) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = findings(cockpit, "--set", f"sim.port={port}", code=1)
    assert found[f"port {port}"]["verdict"] == "fail"


def test_an_open_data_folder_is_a_warning(cockpit: Cockpit, tmp_path: Path) -> None:
    (tmp_path / "sim").mkdir(mode=0o755)
    found = findings(cockpit, "--data-dir", str(tmp_path))
    assert found["data folder"]["verdict"] == "warn"
    assert "chmod 700" in found["data folder"]["remedy"]


def test_online_in_live_reaches_the_configured_addresses(cockpit: Cockpit) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        here, gone = (f"127.0.0.1:{one.getsockname()[1]}" for one in (server, closed))
        settings = {
            "venues.binance.rest_url": f"http://{here}",
            "venues.binance.ws_url": f"ws://{here}",
            "providers.tradier.base_url": f"http://{here}/v1",
            "providers.alpha_vantage.base_url": f"http://{gone}",
        }
        sets = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        found = findings(cockpit, "--profile", "live", "--online", *sets, code=1)
    assert found["reach binance"]["verdict"] == found["reach tradier"]["verdict"] == "ok"
    assert found["reach alpha vantage"]["verdict"] == "fail"


@pytest.mark.parametrize(
    ("version", "verdict"),
    [((3, 34, 0), "fail"), ((3, 40, 1), "warn"), ((3, 44, 6), "ok"), ((3, 50, 4), "warn"), ((3, 51, 3), "ok")],
)
def test_the_defect_of_old_sqlite_is_named(version: tuple[int, ...], verdict: str) -> None:
    assert checks._sqlite(version).verdict == verdict


def test_the_longest_mount_point_decides(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda1 / ext4 rw 0 0\nserver:/home /home nfs4 rw 0 0\ntmpfs /home/me/fast tmpfs rw 0 0\n")
    kinds = [mounted_as(Path(folder), mounts) for folder in ("/var", "/home/me/data", "/home/me/fast/x")]
    assert kinds == ["ext4", "nfs4", "tmpfs"]


def test_a_backup_is_made_on_request_and_never_over_another_file(cockpit: Cockpit, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    none = cockpit("doctor", "--backup", str(copy))
    assert (none.code, none.out) == (1, "")
    assert "there is no database" in none.err
    assert cockpit("migrate", "up").code == 0
    made = cockpit("doctor", "--backup", str(copy))
    assert (made.code, made.out) == (0, "")
    assert f"copied to {copy}" in made.err
    assert copy.read_bytes().startswith(b"SQLite format 3")
    again = cockpit("doctor", "--backup", str(copy))
    assert again.code == 1
    assert "exists already" in again.err


def test_the_database_is_looked_at_and_compacted_on_request(cockpit: Cockpit, home: Path) -> None:
    assert findings(cockpit)["database"]["detail"].startswith("none yet")
    none = cockpit("doctor", "--compact")
    assert (none.code, "there is no database" in none.err) == (1, True)
    assert cockpit("migrate", "up").code == 0
    before = sorted(path.name for path in home.rglob("*"))
    assert findings(cockpit)["database"]["verdict"] == "ok"
    assert sorted(path.name for path in home.rglob("*")) == before, "it is only looked at"
    done = cockpit("doctor", "--compact")
    assert (done.code, done.out) == (0, "")
    assert "The database takes 0." in done.err
    (file,) = home.rglob("cockpit.db")
    file.write_bytes(b"this is no database. " * 1000)
    found = findings(cockpit, code=1)["database"]
    assert (found["verdict"], "damaged" in found["detail"]) == ("fail", True)
    assert "start the screen" in found["remedy"]
