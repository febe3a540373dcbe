-- What was known when a position was opened: written with the opening fill, and never changed. Prices are integers of a
-- ten-thousandth of a dollar (_e4), moves and volatilities fractions; NULL is unknown. Positions opened before this
-- table have no row.
CREATE TABLE portfolio_entries (
    position INTEGER PRIMARY KEY REFERENCES portfolio_positions (position),
    spot REAL,
    atm_iv REAL,
    implied_move REAL,
    implied_method TEXT,
    event_move REAL,
    vrp REAL,
    vrp_tier TEXT,
    quarters INTEGER,
    report_date TEXT,
    timing TEXT NOT NULL,
    pop REAL,
    pop_delta REAL,
    ev REAL,
    score REAL,
    scorer TEXT,
    mid_e4 INTEGER,
    natural_e4 INTEGER,
    scanned_at TEXT
) STRICT;

-- The market at the end of a position: written with the closing fill or the settlement, whose price is then the spot.
CREATE TABLE portfolio_exits (
    position INTEGER PRIMARY KEY REFERENCES portfolio_positions (position),
    spot REAL,
    atm_iv REAL,
    mid_e4 INTEGER,
    natural_e4 INTEGER
) STRICT;

-- What came of the report, each half kept once: the price's move when its session is over, and the volatility of the
-- first look after it. The problem says why the move is missing after the last try.
CREATE TABLE portfolio_outcomes (
    position INTEGER PRIMARY KEY REFERENCES portfolio_positions (position),
    base_day TEXT,
    reaction_day TEXT,
    gap REAL,
    close_move REAL,
    atm_iv REAL,
    iv_at TEXT,
    problem TEXT,
    tried_at TEXT,
    CHECK ((close_move IS NULL) = (gap IS NULL)),
    CHECK ((close_move IS NULL) = (reaction_day IS NULL)),
    CHECK ((atm_iv IS NULL) = (iv_at IS NULL))
) STRICT;

CREATE TRIGGER portfolio_entries_stay BEFORE UPDATE ON portfolio_entries
BEGIN
    SELECT RAISE(ABORT, 'what was known at opening is never changed');
END;

CREATE TRIGGER portfolio_exits_stay BEFORE UPDATE ON portfolio_exits
BEGIN
    SELECT RAISE(ABORT, 'an exit is never changed');
END;
