-- The sector of a position's name, for the cap on a sector; NULL where no source gave it.
ALTER TABLE portfolio_positions ADD COLUMN sector TEXT;
