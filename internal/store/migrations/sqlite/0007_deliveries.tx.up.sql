-- The headers that say what was sent, as JSON, and since when they and the body are gone. A body that is
-- gone is empty, which no compressed body is.
ALTER TABLE deliveries ADD COLUMN headers text;
ALTER TABLE deliveries ADD COLUMN body_expired_at timestamp;

--bun:split

-- By what deliveries are looked for, the newest first.
CREATE INDEX deliveries_source ON deliveries (source, id);
CREATE INDEX deliveries_outcome ON deliveries (outcome, id);
CREATE INDEX deliveries_received ON deliveries (received_at);
-- Those whose bodies expire.
CREATE INDEX deliveries_kept ON deliveries (received_at) WHERE body_expired_at IS NULL;

--bun:split

-- What came of a delivery.
CREATE INDEX events_delivery ON events (delivery_id);
CREATE INDEX awards_event ON awards (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX audit_events_event ON audit_events (event_id) WHERE event_id IS NOT NULL;
