"""``cockpit migrate``: status, up and down on a real database."""

import json

from tests.cli.conftest import Cockpit


def steps(cockpit: Cockpit) -> dict[str, str | None]:
    listed = json.loads(cockpit("migrate", "status", "--format", "json").out)
    assert listed["schema"] == "cockpit.migrations/1"
    return {row["name"]: row["applied_at"] for row in listed["migrations"]}


def test_up_and_down_again(cockpit: Cockpit) -> None:
    pending = steps(cockpit)
    assert pending
    assert set(pending.values()) == {None}
    assert cockpit("migrate", "up").code == 0
    applied = steps(cockpit)
    assert None not in applied.values()
    assert cockpit("migrate", "up").err == "The schema is up to date.\n"
    assert cockpit("migrate", "down", "1").code == 0
    last = list(applied)[-1]
    assert steps(cockpit) == {**applied, last: None}


def test_more_steps_than_there_are_is_misuse(cockpit: Cockpit) -> None:
    assert cockpit("migrate", "up").code == 0
    refused = cockpit("migrate", "down", "99")
    assert refused.code == 2
    assert "99" in refused.err


def test_a_name_that_is_none_is_misuse(cockpit: Cockpit) -> None:
    assert cockpit("migrate", "create", "Add Notes!").code == 2
