DROP INDEX events_failed;
--bun:split
DROP TABLE replays, revision_matchers;
ALTER TABLE revisions DROP COLUMN applied_by;
ALTER TABLE book DROP COLUMN directory_hash;
ALTER TABLE book DROP COLUMN revision_id;
