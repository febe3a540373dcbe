DROP TABLE strategies_audit;
DROP TABLE strategies_fills;
DROP TABLE strategies_signals;
DROP TABLE strategies_runs;
