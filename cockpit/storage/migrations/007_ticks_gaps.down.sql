DROP TABLE ticks_gaps;
