-- 1: every report ahead was looked at; 0: some names were asked for, and the others are those of the last whole scan.
ALTER TABLE scan_runs ADD COLUMN whole INTEGER NOT NULL DEFAULT 1;
