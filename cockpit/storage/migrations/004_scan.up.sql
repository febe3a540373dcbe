-- The last runs of the scanner. Bodies are JSON with explicit types (storage/encoding.py).
CREATE TABLE scan_runs (
    id          INTEGER NOT NULL PRIMARY KEY,
    started_at  TEXT    NOT NULL,
    finished_at TEXT    NOT NULL
);

CREATE TABLE scan_candidates (
    run_id   INTEGER NOT NULL REFERENCES scan_runs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    symbol   TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    PRIMARY KEY (run_id, position)
) WITHOUT ROWID;

CREATE TABLE scan_spreads (
    run_id    INTEGER NOT NULL REFERENCES scan_runs (id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    spread_id TEXT    NOT NULL,
    symbol    TEXT    NOT NULL,
    body      TEXT    NOT NULL,
    PRIMARY KEY (run_id, position)
) WITHOUT ROWID;

CREATE INDEX scan_spreads_by_id ON scan_spreads (spread_id, run_id);
