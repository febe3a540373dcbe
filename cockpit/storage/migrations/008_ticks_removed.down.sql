DROP TABLE ticks_removed;
