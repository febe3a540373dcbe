-- Trades that were stored and have been removed since, by rising ids. Their bars are kept and still count them, so a
-- trade that comes again is known by this table not to be new.
CREATE TABLE ticks_removed (
    symbol_id INTEGER NOT NULL REFERENCES ticks_symbols (id),
    first_id  INTEGER NOT NULL,
    last_id   INTEGER NOT NULL CHECK (last_id >= first_id),
    PRIMARY KEY (symbol_id, first_id)
) WITHOUT ROWID;
