-- Strategies at work: who ran on what, what they wanted, what was filled, and what became of them.
-- Quantities, prices and fees are integers of 1e-8, times ISO 8601 in UTC, bars by their first millisecond.

-- A run begins with its first bar and goes on over any number of sessions, until it is begun anew.
CREATE TABLE strategies_runs (
    run INTEGER PRIMARY KEY,
    label TEXT NOT NULL,
    strategy TEXT NOT NULL,
    symbol TEXT NOT NULL,
    timeframe TEXT NOT NULL,
    began_ms INTEGER NOT NULL,
    ended_at TEXT
) STRICT;

CREATE UNIQUE INDEX strategies_runs_once ON strategies_runs (label) WHERE ended_at IS NULL;

-- waiting: for the next bid and ask; filled; kept: the position was there already; lapsed: nothing could be filled.
CREATE TABLE strategies_signals (
    signal INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES strategies_runs (run),
    bar_ms INTEGER NOT NULL,
    target REAL NOT NULL CHECK (target BETWEEN -1 AND 1),
    reason TEXT NOT NULL,
    missing INTEGER NOT NULL CHECK (missing IN (0, 1)),
    decided_at TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('waiting', 'filled', 'kept', 'lapsed')),
    UNIQUE (run, bar_ms)
) STRICT;

-- A signal that turns a position has two: one that closes it, one that opens the other side.
CREATE TABLE strategies_fills (
    fill INTEGER PRIMARY KEY,
    signal INTEGER NOT NULL REFERENCES strategies_signals (signal),
    part INTEGER NOT NULL CHECK (part IN (0, 1)),
    quantity_e8 INTEGER NOT NULL CHECK (quantity_e8 <> 0),
    price_e8 INTEGER NOT NULL CHECK (price_e8 > 0),
    fee_e8 INTEGER NOT NULL CHECK (fee_e8 >= 0),
    filled_at TEXT NOT NULL,
    UNIQUE (signal, part)
) STRICT;

CREATE TRIGGER strategies_fills_stay BEFORE UPDATE ON strategies_fills
BEGIN
    SELECT RAISE(ABORT, 'a fill is never changed');
END;

CREATE TRIGGER strategies_fills_keep BEFORE DELETE ON strategies_fills
BEGIN
    SELECT RAISE(ABORT, 'a fill is never deleted');
END;

CREATE TABLE strategies_audit (
    entry INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    label TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event IN ('started', 'stopped', 'refused', 'lapsed', 'late', 'ended')),
    sentence TEXT NOT NULL
) STRICT;

CREATE INDEX strategies_audit_label ON strategies_audit (label, entry);
