DROP TABLE portfolio_outcomes;
DROP TABLE portfolio_exits;
DROP TABLE portfolio_entries;
