-- The paper portfolio. Money and prices are integers of a ten-thousandth of a dollar (_e4), times ISO 8601 in UTC.
-- Executions and fills are the truth and only ever added to; positions and legs say which fills belong together.

CREATE TABLE portfolio_account (
    account INTEGER PRIMARY KEY CHECK (account = 1),
    starting_cash_e4 INTEGER NOT NULL CHECK (starting_cash_e4 > 0),
    opened_at TEXT NOT NULL
) STRICT;

CREATE TABLE portfolio_positions (
    position INTEGER PRIMARY KEY,
    spread_id TEXT NOT NULL,
    symbol TEXT NOT NULL,
    kind TEXT NOT NULL,
    expiry TEXT NOT NULL,
    contracts INTEGER NOT NULL CHECK (contracts > 0),
    credit_e4 INTEGER NOT NULL,
    max_loss_e4 INTEGER NOT NULL CHECK (max_loss_e4 > 0),
    fees_e4 INTEGER NOT NULL CHECK (fees_e4 >= 0),
    report_date TEXT,
    opened_at TEXT NOT NULL,
    closed_at TEXT,
    reason TEXT CHECK (reason IN ('closed', 'expired')),
    debit_e4 INTEGER,
    closing_fees_e4 INTEGER CHECK (closing_fees_e4 >= 0),
    realised_e4 INTEGER,
    CHECK ((closed_at IS NULL) = (reason IS NULL)),
    CHECK ((closed_at IS NULL) = (debit_e4 IS NULL)),
    CHECK ((closed_at IS NULL) = (closing_fees_e4 IS NULL)),
    CHECK ((closed_at IS NULL) = (realised_e4 IS NULL))
) STRICT;

CREATE INDEX portfolio_positions_closed ON portfolio_positions (closed_at);

CREATE TABLE portfolio_legs (
    position INTEGER NOT NULL REFERENCES portfolio_positions (position),
    leg INTEGER NOT NULL,
    option TEXT NOT NULL,
    right TEXT NOT NULL CHECK (right IN ('C', 'P')),
    strike_e4 INTEGER NOT NULL CHECK (strike_e4 > 0),
    expiry TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity <> 0),
    entry_price_e4 INTEGER NOT NULL CHECK (entry_price_e4 >= 0),
    PRIMARY KEY (position, leg)
) STRICT, WITHOUT ROWID;

CREATE TABLE portfolio_executions (
    execution INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL UNIQUE,
    position INTEGER NOT NULL REFERENCES portfolio_positions (position),
    action TEXT NOT NULL CHECK (action IN ('open', 'close', 'settle')),
    fill_model TEXT,
    note TEXT,
    executed_at TEXT NOT NULL
) STRICT;

-- A position is opened once and ended once, whatever happens.
CREATE UNIQUE INDEX portfolio_executions_once ON portfolio_executions (position, (action = 'open'));

CREATE TABLE portfolio_fills (
    fill INTEGER PRIMARY KEY,
    execution INTEGER NOT NULL REFERENCES portfolio_executions (execution),
    position INTEGER NOT NULL,
    leg INTEGER NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('open', 'close', 'exercise', 'assign', 'expire')),
    quantity INTEGER NOT NULL CHECK (quantity <> 0),
    price_e4 INTEGER NOT NULL CHECK (price_e4 >= 0),
    fee_e4 INTEGER NOT NULL CHECK (fee_e4 >= 0),
    filled_at TEXT NOT NULL,
    UNIQUE (execution, leg),
    FOREIGN KEY (position, leg) REFERENCES portfolio_legs (position, leg)
) STRICT;

CREATE TRIGGER portfolio_fills_stay BEFORE UPDATE ON portfolio_fills
BEGIN
    SELECT RAISE(ABORT, 'a fill is never changed');
END;

CREATE TRIGGER portfolio_fills_keep BEFORE DELETE ON portfolio_fills
BEGIN
    SELECT RAISE(ABORT, 'a fill is never deleted');
END;

CREATE TRIGGER portfolio_executions_stay BEFORE UPDATE ON portfolio_executions
BEGIN
    SELECT RAISE(ABORT, 'an execution is never changed');
END;

CREATE TRIGGER portfolio_executions_keep BEFORE DELETE ON portfolio_executions
BEGIN
    SELECT RAISE(ABORT, 'an execution is never deleted');
END;

-- The last complete equity seen on each session day: the next day's change counts from it.
CREATE TABLE portfolio_equity (
    day TEXT PRIMARY KEY,
    equity_e4 INTEGER NOT NULL,
    marked_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
