-- Past reports of each name, kept for good: a vendor is asked again only after the next report is out.
CREATE TABLE scan_reports (
    symbol   TEXT NOT NULL PRIMARY KEY,
    -- ISO-8601, UTC
    asked_at TEXT NOT NULL,
    -- the coming report that was known then, ISO-8601; NULL where none was
    next_on  TEXT,
    -- newest first, as JSON
    reports  TEXT NOT NULL
) WITHOUT ROWID;
