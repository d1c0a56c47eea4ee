DROP TABLE audit_events;
--bun:split
DROP FUNCTION audit_events_append_only();
--bun:split
DROP TABLE idempotency_keys;
--bun:split
DROP TABLE secrets;
--bun:split
DROP INDEX achievements_avatar;
ALTER TABLE awards ALTER CONSTRAINT awards_achievement_id_kind_fkey NOT DEFERRABLE;
ALTER TABLE tokens DROP COLUMN last_used_at;
ALTER TABLE users DROP COLUMN erased_at;
ALTER TABLE users DROP COLUMN award_emails;
