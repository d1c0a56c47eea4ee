DROP INDEX deliveries_outcome;
CREATE INDEX deliveries_outcome ON deliveries (outcome, id);
DROP INDEX deliveries_received;
CREATE INDEX deliveries_received ON deliveries (received_at);
