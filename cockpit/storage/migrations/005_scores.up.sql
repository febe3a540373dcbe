-- What every scorer gave every spread: the last scan of a day, kept for good, because a trade is judged when it has
-- settled, long after the scan itself is forgotten.
CREATE TABLE scan_scores (
    day        TEXT    NOT NULL,
    spread_id  TEXT    NOT NULL,
    scorer     TEXT    NOT NULL,
    scanned_at TEXT    NOT NULL,
    total      REAL    NOT NULL,
    rank       INTEGER NOT NULL CHECK (rank > 0),
    PRIMARY KEY (spread_id, day, scorer)
) STRICT, WITHOUT ROWID;
