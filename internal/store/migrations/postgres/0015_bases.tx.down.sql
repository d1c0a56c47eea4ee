DROP INDEX deliveries_received;
CREATE INDEX deliveries_received ON deliveries USING brin (received_at) WITH (pages_per_range = 16, autosummarize = on);
ALTER TABLE jobs RESET (fillfactor);

--bun:split

-- What is packed on another body, an older program cannot read: it has expired.
UPDATE deliveries SET body = '', headers = NULL, body_expired_at = now() WHERE base_id IS NOT NULL AND body_expired_at IS NULL;

--bun:split

ALTER TABLE deliveries DROP COLUMN base_id;
