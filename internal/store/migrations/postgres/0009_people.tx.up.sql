-- Who turned out to be somebody else, and stays as a name that leads there.
ALTER TABLE users ADD COLUMN merged_into bigint REFERENCES users;
CREATE INDEX users_merged ON users (merged_into) WHERE merged_into IS NOT NULL;

--bun:split

-- Counts how often it changed whose an account is, so that no server takes an old answer for a new one.
ALTER TABLE book ADD COLUMN people bigint NOT NULL DEFAULT 0;
-- When the account was first seen under its login: an older event does not bring an older one back.
ALTER TABLE accounts ADD COLUMN login_at timestamptz;
