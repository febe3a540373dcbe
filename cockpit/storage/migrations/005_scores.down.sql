DROP TABLE scan_scores;
