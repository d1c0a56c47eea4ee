-- The delivery whose body is the dictionary of this one's; null where it stands alone.
ALTER TABLE deliveries ADD COLUMN base_id bigint;

--bun:split

-- A page of jobs has room for what becomes of them, so that a claim changes no index.
ALTER TABLE jobs SET (fillfactor = 60);
-- A range of 16 pages was full twenty times a second under load, more often than anybody could summarize it.
DROP INDEX deliveries_received;
CREATE INDEX deliveries_received ON deliveries USING brin (received_at) WITH (pages_per_range = 128, autosummarize = on);
