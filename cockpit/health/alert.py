"""An alert as every pane, log line and hook sees it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule whose condition holds.

    Attributes:
        rule: its name in the settings.
        subject: the row that it is about; empty where the rule is about no row.
        sentence: what holds, with the figures.
        at: when it fired, UTC.
        count: how often it has fired for this row in this session.
        bell: whether it is to be heard, too.
    """

    rule: str
    subject: str
    sentence: str
    at: datetime
    count: int = 1
    bell: bool = True
