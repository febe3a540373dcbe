DROP TABLE scan_spreads;
DROP TABLE scan_candidates;
DROP TABLE scan_runs;
