-- Prices and quantities are integers of 1e-8. A trade's key is symbol_id << 44 | trade_id, so that a symbol's trades
-- lie together in the order of their ids without an index of their own.
CREATE TABLE ticks_symbols (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id BETWEEN 1 AND 524287),
    symbol TEXT    NOT NULL UNIQUE
);

CREATE TABLE ticks_trades (
    key         INTEGER NOT NULL PRIMARY KEY,
    price_e8    INTEGER NOT NULL CHECK (price_e8 > 0),
    quantity_e8 INTEGER NOT NULL CHECK (quantity_e8 > 0),
    -- time_ms << 1 | buyer_is_maker
    time_maker  INTEGER NOT NULL
);

-- Bars of one minute, always the sum of the stored trades. The first and the last trade decide open and close by
-- (time, id), so both are kept. Sums outgrow 64 bits for coins of many zeros, so volumes are exact decimals as text.
CREATE TABLE ticks_bars (
    symbol_id    INTEGER NOT NULL REFERENCES ticks_symbols (id),
    open_ms      INTEGER NOT NULL,
    open_e8      INTEGER NOT NULL,
    high_e8      INTEGER NOT NULL,
    low_e8       INTEGER NOT NULL,
    close_e8     INTEGER NOT NULL,
    volume       TEXT    NOT NULL,
    quote_volume TEXT    NOT NULL,
    taker_volume TEXT    NOT NULL,
    trades       INTEGER NOT NULL,
    first_ms     INTEGER NOT NULL,
    first_id     INTEGER NOT NULL,
    last_ms      INTEGER NOT NULL,
    last_id      INTEGER NOT NULL,
    PRIMARY KEY (symbol_id, open_ms)
) WITHOUT ROWID;
