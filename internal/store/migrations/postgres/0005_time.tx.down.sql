DROP TABLE clocks, waiting;
DROP INDEX events_object;
DROP INDEX awards_lapsing;
ALTER TABLE awards DROP COLUMN expires_at;
