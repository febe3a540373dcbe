ALTER TABLE scan_runs DROP COLUMN whole;
