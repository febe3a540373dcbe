DROP TABLE ticks_klines;
DROP TABLE ticks_kline_series;
