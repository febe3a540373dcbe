"""Tables for the eye, JSON and CSV for programs."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.cli.formats import Column, Sheet, fixed, money, percent, plain, print_sheet
from cockpit.scan.liquidity import Tier
from cockpit.spreads.structure import StructureKind

Printed = Callable[[Sheet[Any], str], str]


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    price: Decimal | None
    share: float | None
    at: datetime


ROWS = [
    Row("A, B", Decimal("1234.50"), 0.079, datetime(2026, 11, 24, 15, 42, tzinfo=UTC)),
    Row("[bold]C", None, float("nan"), datetime(2026, 11, 24, 15, 43, tzinfo=UTC)),
]
SHEET: Sheet[Row] = Sheet(
    "rows",
    "rows",
    [
        Column("name", "name", lambda row: row.name),
        Column("price", "price", lambda row: row.price, fixed(2), right=True),
        Column("share", "share%", lambda row: row.share, percent(), right=True),
        Column("at", "at", lambda row: row.at),
    ],
    ROWS,
)


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    def call(sheet: Sheet[Any], form: str) -> str:
        print_sheet(sheet, form)
        return capsys.readouterr().out

    return call


def test_json_has_a_schema_money_as_text_times_with_zone_and_null(printed: Printed) -> None:
    document = json.loads(printed(SHEET, "json"))
    assert document == {
        "schema": "cockpit.rows/1",
        "rows": [
            {"name": "A, B", "price": "1234.50", "share": 0.079, "at": "2026-11-24T15:42:00+00:00"},
            {"name": "[bold]C", "price": None, "share": None, "at": "2026-11-24T15:43:00+00:00"},
        ],
    }


def test_csv_reads_back(printed: Printed) -> None:
    rows = list(csv.reader(io.StringIO(printed(SHEET, "csv"))))
    assert rows[0] == ["name", "price", "share", "at"]
    assert rows[1][:3] == ["A, B", "1234.50", "0.079"]
    assert rows[2][:3] == ["[bold]C", "", ""]


def test_a_table_away_from_a_terminal_is_plain_whole_and_marks_the_unknown(printed: Printed) -> None:
    rows = [*ROWS, Row("wide " * 60, Decimal(1), 0.5, ROWS[0].at)]
    lines = printed(Sheet("rows", "rows", SHEET.columns, rows), "table").splitlines()
    assert len(lines) == 4
    assert "\x1b" not in "".join(lines)
    assert "1,234.50" in lines[1]
    assert "7.9" in lines[1]
    assert "[bold]C" in lines[2]
    assert "?" in lines[2]
    assert "wide " * 60 in lines[3]
    assert lines[0].index("price") + len("price") == lines[1].index("1,234.50") + len("1,234.50"), "numbers end alike"


def test_a_narrow_terminal_loses_what_can_be_spared_and_cuts_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = [replace(column, spare=column.key == "at") for column in SHEET.columns]
    rows = [Row("ADSK:261127:IB:275/295/295/315", Decimal(1), 0.5, ROWS[0].at)]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    for width, folded, spared in (("100", False, False), ("60", False, True), ("24", True, True)):
        monkeypatch.setenv("COLUMNS", width)
        print_sheet(Sheet("rows", "rows", columns, rows), "table")
        written = capsys.readouterr()
        assert ("2026-11-24" not in written.out) is spared
        assert written.err == ("Left out for want of width: at.\n" if spared else "")
        assert (rows[0].name not in written.out) is folded
        letters = "".join(line[: int(width)].split()[0] for line in written.out.splitlines()[1:] if line[:1].strip())
        assert letters == rows[0].name


def test_a_pipe_gets_no_colour_whatever_is_forced(monkeypatch: pytest.MonkeyPatch, printed: Printed) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in printed(SHEET, "table")


def test_no_control_character_reaches_a_terminal(printed: Printed) -> None:
    table = printed(Sheet("rows", "rows", SHEET.columns, [Row("A\x1b[2J\nB", None, None, ROWS[0].at)]), "table")
    assert table.count("\n") == 2
    assert "A [2J B" in table


def test_nothing_to_show_is_said_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    print_sheet(Sheet("rows", "rows", SHEET.columns, [], "No row yet."), "table")
    assert capsys.readouterr() == ("", "No row yet.\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.62, "0.62"), (0.615, "0.615"), (-45.2, "-45.20"), (300, "300.00"), (0.00004, "0.00"), (None, None)],
)
def test_money_has_two_to_four_decimals(value: float | None, text: str | None) -> None:
    assert money(value) == text


@given(st.floats())
def test_no_float_breaks_json(value: float) -> None:
    json.dumps([plain(value), money(value)], allow_nan=False)


def test_enums_are_their_words() -> None:
    assert plain([Tier.GOOD, StructureKind.IRON_CONDOR]) == ["B", "iron_condor"]
