DROP TABLE clocks;
--bun:split
DROP TABLE waiting;
--bun:split
DROP INDEX events_object;
--bun:split
DROP INDEX awards_lapsing;
--bun:split
ALTER TABLE awards DROP COLUMN expires_at;
