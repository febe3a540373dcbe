-- Stretches of trade ids that did not come, and quiet times in which none came although none was missing (halted).
-- Ids below next_id have been asked for. first_ms and last_ms are the venue's times of the trades around the stretch.
CREATE TABLE ticks_gaps (
    id       INTEGER NOT NULL PRIMARY KEY,
    symbol   TEXT    NOT NULL,
    first_id INTEGER NOT NULL,
    last_id  INTEGER NOT NULL CHECK (last_id >= first_id - 1),
    next_id  INTEGER NOT NULL,
    first_ms INTEGER,
    last_ms  INTEGER,
    found_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    state    TEXT    NOT NULL CHECK (state IN ('open', 'filled', 'unfillable', 'halted')),
    reason   TEXT    NOT NULL,
    UNIQUE (symbol, first_id, last_id)
);
