DROP INDEX audit_events_event;
--bun:split
DROP INDEX awards_event;
--bun:split
DROP INDEX events_delivery;
--bun:split
DROP INDEX deliveries_kept;
--bun:split
DROP INDEX deliveries_received;
--bun:split
DROP INDEX deliveries_outcome;
--bun:split
DROP INDEX deliveries_source;
--bun:split
ALTER TABLE deliveries DROP COLUMN body_expired_at;
--bun:split
ALTER TABLE deliveries DROP COLUMN headers;
