DROP INDEX events_failed;
--bun:split
DROP TABLE replays;
--bun:split
DROP TABLE revision_matchers;
--bun:split
ALTER TABLE revisions DROP COLUMN applied_by;
--bun:split
ALTER TABLE book DROP COLUMN directory_hash;
--bun:split
ALTER TABLE book DROP COLUMN revision_id;
