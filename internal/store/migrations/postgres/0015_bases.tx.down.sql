DROP INDEX deliveries_received;
CREATE INDEX deliveries_received ON deliveries USING brin (received_at) WITH (pages_per_range = 16, autosummarize = on);
ALTER TABLE jobs RESET (fillfactor);

--bun:split

ALTER TABLE deliveries DROP COLUMN base_id;
