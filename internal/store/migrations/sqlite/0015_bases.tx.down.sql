-- What is packed on another body, an older program cannot read: it has expired.
UPDATE deliveries SET body = x'', headers = NULL, body_expired_at = strftime('%Y-%m-%d %H:%M:%f+00:00', 'now') WHERE base_id IS NOT NULL AND body_expired_at IS NULL;

--bun:split

ALTER TABLE deliveries DROP COLUMN base_id;
