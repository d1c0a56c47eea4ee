ALTER TABLE accounts DROP COLUMN login_at;
ALTER TABLE book DROP COLUMN people;
DROP INDEX users_merged;
ALTER TABLE users DROP COLUMN merged_into;
