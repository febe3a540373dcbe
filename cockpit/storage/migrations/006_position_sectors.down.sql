ALTER TABLE portfolio_positions DROP COLUMN sector;
