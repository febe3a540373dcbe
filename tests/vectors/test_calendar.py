"""The exchange's calendar against another one's."""

from datetime import date
from pathlib import Path

from cockpit.options.calendar import close_time, is_early_close, is_session, monthly_expiry
from tests.vectors.reading import Worst, covers, rows


@covers("nyse_calendar")
def test_closures_and_early_closes(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "nyse_calendar"):
        day = date.fromisoformat(row["date"])
        worst.same(f"{day:%a}", row["weekday"], f"{day} weekday")
        worst.same(is_session(day), row["status"] != "closed", f"{day} session")
        worst.same(is_early_close(day), row["status"] == "early_close", f"{day} early close")
        closes = f"{close_time(day):%H:%M}" if is_session(day) else ""
        worst.same(closes, row["close_time_ET"], f"{day} close")
    worst.check()


@covers("monthly_expiries")
def test_monthly_expiries(vectors: Path, worst: Worst) -> None:
    for row in rows(vectors, "monthly_expiries"):
        third = date.fromisoformat(row["third_friday"])
        expected = date.fromisoformat(row["listed_expiry(last session on or before)"])
        worst.same(monthly_expiry(third.year, third.month), expected, row["third_friday"])
        worst.same(expected != third, row["moved"] == "1", f"{third} moved")
    worst.check()
