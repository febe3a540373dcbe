"""Times and overrides on the command line."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.cli.invocation import parse_instant
from cockpit.errors import UsageError
from tests.cli.conftest import Cockpit


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-24T10:42:00-05:00", datetime(2026, 11, 24, 15, 42, tzinfo=UTC)),
        ("2026-11-24T15:42:00Z", datetime(2026, 11, 24, 15, 42, tzinfo=UTC)),
        ("2026-11-24 10:42", datetime(2026, 11, 24, 15, 42, tzinfo=UTC)),
        ("2026-07-01", datetime(2026, 7, 1, 13, 30, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_the_exchanges(text: str, instant: datetime) -> None:
    assert parse_instant(text) == instant


@given(st.text())
def test_any_other_text_is_refused_in_words(text: str) -> None:
    with suppress(UsageError):
        assert parse_instant(text).tzinfo is UTC


def test_the_refusal_shows_how_it_reads() -> None:
    with pytest.raises(UsageError, match="2026-11-24T10:42:00-05:00"):
        parse_instant("24 Nov")


@pytest.mark.parametrize("argv", [["--as-of", "yesterday"], ["--set", "scan.days"], ["--set", "=3"]])
def test_what_cannot_be_read_is_misuse(cockpit: Cockpit, argv: list[str]) -> None:
    ended = cockpit(*argv, "config", "path")
    assert ended.code == 2
    assert argv[-1] in ended.err
