ALTER TABLE accounts DROP COLUMN login_at;
--bun:split
ALTER TABLE book DROP COLUMN people;
--bun:split
DROP INDEX users_merged;
--bun:split
ALTER TABLE users DROP COLUMN merged_into;
