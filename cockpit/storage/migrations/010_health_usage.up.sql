-- What each vendor was asked, by the hour of the market's clock (hours since 1970 UTC) and by endpoint. The endpoint ''
-- holds the vendor's caches and its time in service. Failures and latency are JSON: counts by class and by bucket.
CREATE TABLE health_usage (
    hour        INTEGER NOT NULL,
    provider    TEXT    NOT NULL,
    endpoint    TEXT    NOT NULL,
    requests    INTEGER NOT NULL,
    failures    TEXT    NOT NULL,
    received    INTEGER NOT NULL,
    waits       INTEGER NOT NULL,
    waited_ms   REAL    NOT NULL,
    latency     TEXT    NOT NULL,
    latency_ms  REAL    NOT NULL,
    hits        INTEGER NOT NULL,
    second_hits INTEGER NOT NULL,
    misses      INTEGER NOT NULL,
    evictions   INTEGER NOT NULL,
    up_seconds  REAL    NOT NULL,
    seconds     REAL    NOT NULL,
    PRIMARY KEY (hour, provider, endpoint)
) WITHOUT ROWID;
