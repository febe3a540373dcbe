-- Finished bars as a venue published them, by symbol and interval. They do not tell their trades, so they stand apart
-- from ticks_trades, ticks_bars and ticks_gaps and are never counted into them. Prices are integers of 1e-8; volumes
-- are exact decimals as text. A bar in which nothing was traded has no trades and no volume.
CREATE TABLE ticks_kline_series (
    id        INTEGER NOT NULL PRIMARY KEY,
    symbol    TEXT    NOT NULL,
    length_ms INTEGER NOT NULL CHECK (length_ms > 0),
    UNIQUE (symbol, length_ms)
);

CREATE TABLE ticks_klines (
    series_id          INTEGER NOT NULL REFERENCES ticks_kline_series (id),
    open_ms            INTEGER NOT NULL,
    open_e8            INTEGER NOT NULL,
    high_e8            INTEGER NOT NULL,
    low_e8             INTEGER NOT NULL,
    close_e8           INTEGER NOT NULL,
    volume             TEXT    NOT NULL,
    quote_volume       TEXT    NOT NULL,
    trades             INTEGER NOT NULL CHECK (trades >= 0),
    taker_volume       TEXT    NOT NULL,
    taker_quote_volume TEXT    NOT NULL,
    PRIMARY KEY (series_id, open_ms)
) WITHOUT ROWID;
