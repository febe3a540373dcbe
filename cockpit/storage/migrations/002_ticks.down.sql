DROP TABLE ticks_bars;
DROP TABLE ticks_trades;
DROP TABLE ticks_symbols;
