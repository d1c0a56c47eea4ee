DROP TABLE sign_ins;
--bun:split
DROP TABLE sessions;
